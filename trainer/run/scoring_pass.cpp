#include "trainer/run/scoring_pass.hpp"

#include <algorithm>
#include <cstring>

#include "core/model/network_pass.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::trainer {
namespace {

constexpr Index kRowsAtATime = 4096;
constexpr Index kRowTile = 252;

}  // namespace

template <class T>
void visit_scores(const Network<T>& network, const T* theta, const Examples<T>& examples,
                  int threads, const ScoreVisitor<T>& visit) {
  const Index total = examples.rows.size();
  NetworkPass<T> pass(network, std::min(total, kRowsAtATime), false);
  const auto row_bytes = static_cast<std::size_t>(examples.stride) * sizeof(T);
  std::vector<double> losses(static_cast<std::size_t>(pass.capacity()));
  std::vector<T> scores(static_cast<std::size_t>(pass.capacity() * network.spec().outputs));
  const bool has_targets = !examples.targets.empty();
  for (Index first = 0; first < total; first += kRowsAtATime) {
    const Index rows = std::min(kRowsAtATime, total - first);
    parallel_for(threads, (rows + kRowTile - 1) / kRowTile, [&](Index task) {
      const Range range{task * kRowTile, std::min(rows, (task + 1) * kRowTile)};
      for (Index r = range.begin; r < range.end; ++r) {
        std::memcpy(pass.input().row(r), examples.row(first + r), row_bytes);
      }
      pass.forward(range, theta);
      for (Index r = range.begin; r < range.end; ++r) {
        std::copy_n(pass.scores().row(r), network.spec().outputs,
                    scores.data() + r * network.spec().outputs);
      }
      if (has_targets) pass.score_losses(range, examples.targets.data() + first, losses.data());
    });
    for (Index r = 0; r < rows; ++r) {
      visit(first + r, scores.data() + r * network.spec().outputs,
            losses[static_cast<std::size_t>(r)]);
    }
  }
}

template <class T>
ScoreSums score_examples(Team& team, const Network<T>& network, const T* theta,
                         const Examples<T>& examples, const Scorer& scorer, int threads) {
  const RowBlocks row_blocks(examples.total_rows);
  const Range blocks = row_blocks.blocks_of(examples.rows);
  std::vector<ScoreSums> sums(static_cast<std::size_t>(blocks.size()));
  visit_scores<T>(network, theta, examples, threads, [&](Index row, const T* scores, double loss) {
    const auto block = static_cast<std::size_t>(row / row_blocks.size());
    scorer.add(sums[block], scorer.prediction(scores),
               examples.actual_targets[static_cast<std::size_t>(row)], loss);
  });
  return tree_fold<ScoreSums>(
      team, block_boundaries(team, row_blocks, examples.rows),
      [&](Index block) { return sums[static_cast<std::size_t>(block - blocks.begin)]; },
      [](const ScoreSums& left, const ScoreSums& right) { return merge(left, right); });
}

template void visit_scores(const Network<float>&, const float*, const Examples<float>&, int,
                           const ScoreVisitor<float>&);
template void visit_scores(const Network<double>&, const double*, const Examples<double>&, int,
                           const ScoreVisitor<double>&);
template ScoreSums score_examples(Team&, const Network<float>&, const float*,
                                  const Examples<float>&, const Scorer&, int);
template ScoreSums score_examples(Team&, const Network<double>&, const double*,
                                  const Examples<double>&, const Scorer&, int);

}  // namespace lockstep::trainer
