#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
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
  /// That of one row.
  int of_row(Index replicate, Index row) const;

 private:
  RandomStream stream_;
};

/// DataError unless there are rows and replicates, and the level is between 0 and 1.
void check_bootstrap(Index total_rows, const BootstrapOptions& options);
/// NumericalError that names the replicate whose value is NaN.
void check_replicates(std::span<const double> values);

/// Replicates are taken several at a time: as many as have 64 KiB of sums together (a node of the
/// fold), and of a ranking 64 MiB of weights on a rank; one where a single one has more.
/// @param bytes_of_sums  of a replicate
Index replicates_at_a_time(const BootstrapOptions& options, std::size_t bytes_of_sums);
Index replicates_at_a_time(const BootstrapOptions& options, std::size_t bytes_of_sums,
                           const RankedScores& ranked);

/// The values of a statistic in each replicate, on all ranks.
/// @param zero   the sums of no rows; those of any rows have the same size
/// @param add    add(Sums&, Index row) takes a row, by its global number; a row is taken as often
///               as its weight says
/// @param merge  merge(Sums left, Sums right) → Sums
/// @param value  value(const Sums&) → double; NaN is a NumericalError, which only happens where a
///               replicate lacks what the statistic needs (rows of a class, say)
/// *Collective*; a fold for each replicates_at_a_time, which sends the sums of all of them.
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

/// The same of a metric of ranking: Auc(), AveragePrecision(), or another of their form. The scores
/// are sorted once; a replicate counts each as often as its row's weight says. A replicate without
/// a class that the metric needs is the metric's DataError.
/// *Collective*; for each replicates_at_a_time what count_times and sum_over_groups send.
template <class Metric>
std::vector<double> bootstrap_replicates(Team& team, RankedScores ranked,
                                         const BootstrapOptions& options, const Metric& metric);
template <class Metric>
Interval bootstrap_interval(Team& team, const RankedScores& ranked, const BootstrapOptions& options,
                            const Metric& metric) {
  return percentile_interval(bootstrap_replicates(team, ranked, options, metric), options.level);
}

/// The weights of the records of a slice, for `count` replicates from `first` on. Rank-local.
std::vector<RecordWeights> record_weights(const RankedScores& ranked,
                                          const BootstrapOptions& options, Index first,
                                          Index count);

namespace detail {

/// Takes each of `rows` as often as its weight in the replicate says. Row blocks begin at multiples
/// of 256, so no block of weights is cut.
template <class Sums, class Add>
void add_weighted(const PoissonWeights& weights, Index replicate, Range rows, Sums& sums,
                  const Add& add) {
  for (Index begin = rows.begin; begin < rows.end; begin += PoissonWeights::kRows) {
    const auto of_block = weights.of_block(replicate, begin / PoissonWeights::kRows);
    const Index end = std::min(begin + PoissonWeights::kRows, rows.end);
    for (Index row = begin; row < end; ++row) {
      for (int times = of_block[static_cast<std::size_t>(row - begin)]; times > 0; --times) {
        add(sums, row);
      }
    }
  }
}

}  // namespace detail

template <class Sums, class Add, class Merge, class Value>
std::vector<double> bootstrap_replicates(Team& team, const RowShare& share,
                                         const BootstrapOptions& options, const Sums& zero,
                                         const Add& add, const Merge& merge, const Value& value) {
  check_bootstrap(share.total_rows, options);
  const PoissonWeights weights(options.seed);
  const Index at_a_time = replicates_at_a_time(options, FoldCodec<Sums>::encode(zero).size());
  std::vector<double> values;
  for (Index first = 0; first < options.replicates; first += at_a_time) {
    const Index count = std::min(at_a_time, options.replicates - first);
    const std::vector<Sums> zeros(static_cast<std::size_t>(count), zero);
    const auto add_rows = [&](std::vector<Sums>& sums, Range rows) {
      for (Index i = 0; i < count; ++i) {
        detail::add_weighted(weights, first + i, rows, sums[static_cast<std::size_t>(i)], add);
      }
    };
    const auto merge_each = [&](std::vector<Sums> left, std::vector<Sums> right) {
      for (std::size_t i = 0; i < left.size(); ++i) {
        left[i] = merge(std::move(left[i]), std::move(right[i]));
      }
      return left;
    };
    for (const Sums& sums :
         fold_row_blocks(team, share, zeros, add_rows, merge_each, options.threads)) {
      values.push_back(value(sums));
    }
  }
  check_replicates(values);
  return values;
}

template <class Metric>
std::vector<double> bootstrap_replicates(Team& team, RankedScores ranked,
                                         const BootstrapOptions& options, const Metric& metric) {
  check_bootstrap(ranked.order.total(), options);
  const Index at_a_time = replicates_at_a_time(options, sizeof(typename Metric::Sum), ranked);
  std::vector<double> values;
  for (Index first = 0; first < options.replicates; first += at_a_time) {
    const Index count = std::min(at_a_time, options.replicates - first);
    for (const double x :
         metric_of_resamples(team, ranked, record_weights(ranked, options, first, count), metric)) {
      values.push_back(x);
    }
  }
  check_replicates(values);
  return values;
}

}  // namespace lockstep
