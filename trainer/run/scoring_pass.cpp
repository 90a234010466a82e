#include "trainer/run/scoring_pass.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "core/model/network_pass.hpp"
#include "core/model/requested_metrics.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/threads.hpp"
#include "core/transform/sparse_batch.hpp"

namespace lockstep::trainer {
namespace {

constexpr Index kRowsAtATime = 4096;
constexpr Index kRowTile = 252;

}  // namespace

Evaluation evaluate_scores(Team& team, const Scorer& scorer, const RowShare& share,
                           const std::vector<double>& targets, const ScoreSource& source,
                           const MeasuredBy& by) {
  const RowBlocks row_blocks(share.total_rows);
  const Range blocks = row_blocks.blocks_of(share.rows);
  std::vector<ScoreSums> sums(static_cast<std::size_t>(blocks.size()));
  std::vector<double> predictions(static_cast<std::size_t>(scorer.predictions()));
  RequestedMetrics requested(scorer, by.metrics);
  guard(team, "scoring rows", [&] {
    source([&](Index row, const double* scores, double loss) {
      const auto block = static_cast<std::size_t>(row / row_blocks.size());
      const double* actual = targets.data() + row * scorer.predictions();
      scorer.predict(scores, predictions.data());
      scorer.add(sums[block], {predictions.data(), actual, loss});
      requested.add(scores, predictions.data(), actual);
    });
  });
  const auto all = tree_fold<ScoreSums>(
      team, block_boundaries(team, row_blocks, share.rows),
      [&](Index block) { return sums[static_cast<std::size_t>(block - blocks.begin)]; },
      [](const ScoreSums& left, const ScoreSums& right) { return merge(left, right); });
  Evaluation evaluation = scorer.evaluation(all, by.penalty);
  evaluation.requested = requested.values(team, share, all, by.threads);
  return evaluation;
}

template <class T>
void visit_scores(const Network<T>& network, const T* theta, const Examples<T>& examples,
                  int threads, const ScoreVisitor& visit) {
  const Index total = examples.rows.size();
  NetworkPass<T> pass(network, std::min(total, kRowsAtATime), false, examples.is_sparse);
  SparseBatch<T> sparse(examples);
  std::vector<Index> chosen(static_cast<std::size_t>(pass.capacity()));
  std::vector<double> losses(static_cast<std::size_t>(pass.capacity()));
  const Index outputs = network.spec().outputs;
  std::vector<double> scores(static_cast<std::size_t>(pass.capacity() * outputs));
  const bool has_targets = !examples.targets.empty();
  const auto rows_from = [&](Index first) {
    return Range{first, std::min(total, first + kRowsAtATime)};
  };
  examples.will_need(rows_from(0));
  for (Index first = 0; first < total; first += kRowsAtATime) {
    const Index rows = rows_from(first).size();
    examples.will_need(rows_from(first + rows));
    if (examples.is_sparse) {
      std::iota(chosen.begin(), chosen.end(), first);
      sparse.choose(std::span(chosen).first(static_cast<std::size_t>(rows)), threads);
      pass.choose_rows(sparse.features(), sparse.rows(), threads);
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
Evaluation evaluate_examples(Team& team, const Network<T>& network, const T* theta,
                             const Examples<T>& examples, const Scorer& scorer,
                             const MeasuredBy& by) {
  return evaluate_scores(
      team, scorer, {examples.rows, examples.total_rows}, examples.actual_targets,
      [&](const ScoreVisitor& visit) {
        visit_scores<T>(network, theta, examples, by.threads, visit);
      },
      by);
}

template void visit_scores(const Network<float>&, const float*, const Examples<float>&, int,
                           const ScoreVisitor&);
template void visit_scores(const Network<double>&, const double*, const Examples<double>&, int,
                           const ScoreVisitor&);
template Evaluation evaluate_examples(Team&, const Network<float>&, const float*,
                                      const Examples<float>&, const Scorer&, const MeasuredBy&);
template Evaluation evaluate_examples(Team&, const Network<double>&, const double*,
                                      const Examples<double>&, const Scorer&, const MeasuredBy&);

}  // namespace lockstep::trainer
