#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/types.hpp"
#include "core/metrics/fold_rows.hpp"
#include "core/metrics/intervals.hpp"
#include "core/metrics/ranking.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// The bootstrap [Efron 1979] over rows that lie on many ranks. A replicate takes row i not from n
// draws with replacement, which all ranks would have to know, but wᵢ times, wᵢ ~ Poisson(1)
// independently: the limit of the binomial number of times that a resample has it [Hanley,
// MacGibbon 2006; Chamandy et al. 2012]. The number of rows of a replicate varies by √n then, so
// the method is for statistics that are relative to it (means, ratios, R²), of hundreds of rows and
// more. A weight is a function of (seed, replicate, row): no row travels, and the replicates are
// the same on any number of ranks.

struct BootstrapOptions {
  Index replicates = 1000;
  double level = 0.95;
  std::uint64_t seed = 0;
  int threads = 1;  ///< of this rank; decides nothing
};

/// The weights of the rows [8·block, 8·block + 8) in a replicate. From 32 random bits each, by
/// inversion: P(w ≤ k) is that of Poisson(1) to 2⁻³², and w ≤ 12.
class PoissonWeights {
 public:
  explicit PoissonWeights(std::uint64_t seed) : stream_(seed, Purpose::bootstrap) {}

  static constexpr Index kRows = 8;
  std::array<int, kRows> of_block(Index replicate, Index block) const;

 private:
  RandomStream stream_;
};

/// DataError unless there are rows and replicates, and the level is between 0 and 1.
void check_bootstrap(Index total_rows, const BootstrapOptions& options);
/// NumericalError that names the replicate whose value is NaN.
void check_replicates(std::span<const double> values);

/// The values of a statistic in each replicate, on all ranks.
/// @param zero   the sums of no rows
/// @param add    add(Sums&, Index row) takes a row, by its global number; a row is taken as often
///               as its weight says
/// @param merge  merge(Sums left, Sums right) → Sums
/// @param value  value(const Sums&) → double; NaN is a NumericalError, which only happens where a
///               replicate lacks what the statistic needs (rows of a class, say)
/// *Collective*; replicates times what fold_rows sends.
template <class Sums, class Add, class Merge, class Value>
std::vector<double> bootstrap_replicates(Team& team, const RowShare& share,
                                         const BootstrapOptions& options, const Sums& zero,
                                         const Add& add, const Merge& merge, const Value& value);

/// The percentile interval [Efron 1981] of the statistic: percentile_interval of its replicates.
/// The same parameters.
template <class Sums, class Add, class Merge, class Value>
Interval bootstrap_interval(Team& team, const RowShare& share, const BootstrapOptions& options,
                            const Sums& zero, const Add& add, const Merge& merge,
                            const Value& value) {
  return percentile_interval(bootstrap_replicates(team, share, options, zero, add, merge, value),
                             options.level);
}

/// The same of a metric of ranking, such as average_precision. The scores are sorted once; a
/// replicate counts each as often as its row's weight says. A replicate without a class that the
/// metric needs is the metric's DataError.
/// *Collective*; replicates times what count_times and the metric send.
using RankingMetric = std::function<double(Team&, const RankedScores&)>;
std::vector<double> bootstrap_replicates(Team& team, RankedScores ranked,
                                         const BootstrapOptions& options,
                                         const RankingMetric& metric);
Interval bootstrap_interval(Team& team, const RankedScores& ranked, const BootstrapOptions& options,
                            const RankingMetric& metric);

template <class Sums, class Add, class Merge, class Value>
std::vector<double> bootstrap_replicates(Team& team, const RowShare& share,
                                         const BootstrapOptions& options, const Sums& zero,
                                         const Add& add, const Merge& merge, const Value& value) {
  check_bootstrap(share.total_rows, options);
  const PoissonWeights weights(options.seed);
  std::vector<double> values;
  for (Index replicate = 0; replicate < options.replicates; ++replicate) {
    // Row blocks begin at multiples of 256, so no block of weights is cut.
    const auto add_rows = [&](Sums& sums, Range rows) {
      for (Index begin = rows.begin; begin < rows.end; begin += PoissonWeights::kRows) {
        const auto of_block = weights.of_block(replicate, begin / PoissonWeights::kRows);
        const Index end = std::min(begin + PoissonWeights::kRows, rows.end);
        for (Index row = begin; row < end; ++row) {
          for (int times = of_block[static_cast<std::size_t>(row - begin)]; times > 0; --times) {
            add(sums, row);
          }
        }
      }
    };
    values.push_back(value(fold_row_blocks(team, share, zero, add_rows, merge, options.threads)));
  }
  check_replicates(values);
  return values;
}

}  // namespace lockstep
