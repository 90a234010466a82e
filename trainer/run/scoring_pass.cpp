#include "trainer/run/scoring_pass.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "core/model/network_pass.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::trainer {
namespace {

constexpr Index kRowsAtATime = 4096;
constexpr Index kRowTile = 252;

}  // namespace

ScoreSums fold_scores(Team& team, const Scorer& scorer, Index total_rows, Range rows,
                      const std::vector<double>& targets, const ScoreSource& source) {
  const RowBlocks row_blocks(total_rows);
  const Range blocks = row_blocks.blocks_of(rows);
  std::vector<ScoreSums> sums(static_cast<std::size_t>(blocks.size()));
  std::vector<double> predictions(static_cast<std::size_t>(scorer.predictions()));
  guard(team, "scoring rows", [&] {
    source([&](Index row, const double* scores, double loss) {
      const auto block = static_cast<std::size_t>(row / row_blocks.size());
      scorer.predict(scores, predictions.data());
      scorer.add(sums[block], predictions.data(), targets.data() + row * scorer.predictions(),
                 loss);
    });
  });
  return tree_fold<ScoreSums>(
      team, block_boundaries(team, row_blocks, rows),
      [&](Index block) { return sums[static_cast<std::size_t>(block - blocks.begin)]; },
      [](const ScoreSums& left, const ScoreSums& right) { return merge(left, right); });
}

template <class T>
void visit_scores(const Network<T>& network, const T* theta, const Examples<T>& examples,
                  int threads, const ScoreVisitor& visit) {
  const Index total = examples.rows.size();
  NetworkPass<T> pass(network, std::min(total, kRowsAtATime), false, examples.sparse_rows());
  std::vector<Index> chosen(static_cast<std::size_t>(pass.capacity()));
  std::vector<double> losses(static_cast<std::size_t>(pass.capacity()));
  const Index outputs = network.spec().outputs;
  std::vector<double> scores(static_cast<std::size_t>(pass.capacity() * outputs));
  const bool has_targets = !examples.targets.empty();
  for (Index first = 0; first < total; first += kRowsAtATime) {
    const Index rows = std::min(kRowsAtATime, total - first);
    if (examples.is_sparse) {
      std::iota(chosen.begin(), chosen.end(), first);
      pass.choose_rows(std::span(chosen).first(static_cast<std::size_t>(rows)), threads);
    }
    parallel_for(threads, (rows + kRowTile - 1) / kRowTile, [&](Index task) {
      const Range range{task * kRowTile, std::min(rows, (task + 1) * kRowTile)};
      ExampleReader<T> reader(examples);
      for (Index r = range.begin; r < range.end && !examples.is_sparse; ++r) {
        reader.copy(first + r, pass.input().row(r));
      }
      pass.forward(range, theta);
      for (Index r = range.begin; r < range.end; ++r) {
        std::copy_n(pass.scores().row(r), outputs, scores.data() + r * outputs);
      }
      if (!has_targets) return;
      pass.score_losses(range, network.loss(), examples.targets.data() + first * network.targets(),
                        losses.data());
    });
    for (Index r = 0; r < rows; ++r) {
      visit(first + r, scores.data() + r * outputs, losses[static_cast<std::size_t>(r)]);
    }
  }
}

template <class T>
ScoreSums score_examples(Team& team, const Network<T>& network, const T* theta,
                         const Examples<T>& examples, const Scorer& scorer, int threads) {
  return fold_scores(team, scorer, examples.total_rows, examples.rows, examples.actual_targets,
                     [&](const ScoreVisitor& visit) {
                       visit_scores<T>(network, theta, examples, threads, visit);
                     });
}

template void visit_scores(const Network<float>&, const float*, const Examples<float>&, int,
                           const ScoreVisitor&);
template void visit_scores(const Network<double>&, const double*, const Examples<double>&, int,
                           const ScoreVisitor&);
template ScoreSums score_examples(Team&, const Network<float>&, const float*,
                                  const Examples<float>&, const Scorer&, int);
template ScoreSums score_examples(Team&, const Network<double>&, const double*,
                                  const Examples<double>&, const Scorer&, int);

}  // namespace lockstep::trainer
