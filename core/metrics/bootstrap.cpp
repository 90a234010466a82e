#include "core/metrics/bootstrap.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/sort.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

constexpr int kMostTimes = 12;

/// 2³²·P(w ≤ k) for w ~ Poisson(1), rounded, for k = 0 … 11; for k = 12 it is all of 2³².
constexpr std::array<std::uint64_t, kMostTimes> kCumulative = [] {
  constexpr double kInverseOfE = 0x1.78b56362cef38p-2;
  std::array<std::uint64_t, kMostTimes> cumulative{};
  double term = kInverseOfE;
  double sum = 0;
  for (int k = 0; k < kMostTimes; ++k) {
    sum += term;
    term /= k + 1;
    const auto below = static_cast<std::uint64_t>(sum * 0x1p32);
    const bool round_up = sum * 0x1p32 - static_cast<double>(below) >= 0.5;
    cumulative[static_cast<std::size_t>(k)] = below + (round_up ? 1 : 0);
  }
  return cumulative;
}();

int times_of(std::uint64_t uniform) {
  int times = 0;
  for (const std::uint64_t bound : kCumulative) times += uniform >= bound ? 1 : 0;
  return times;
}

}  // namespace

std::array<int, PoissonWeights::kRows> PoissonWeights::of_block(Index replicate,
                                                                Index block) const {
  const std::array<std::uint64_t, 4> words =
      stream_.words(static_cast<std::uint64_t>(replicate), static_cast<std::uint64_t>(block));
  std::array<int, kRows> weights{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    weights[2 * i] = times_of(words[i] & 0xFFFFFFFFU);
    weights[2 * i + 1] = times_of(words[i] >> 32U);
  }
  return weights;
}

void check_bootstrap(Index total_rows, const BootstrapOptions& options) {
  check_level(options.level);
  if (total_rows < 1) throw DataError("no rows to resample");
  if (options.replicates < 1) {
    throw DataError(
        fmt::format("{} replicates of a bootstrap; expected one or more", options.replicates));
  }
}

void check_replicates(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) continue;
    throw NumericalError(
        fmt::format("the statistic of replicate {} of the bootstrap is NaN: too "
                    "few rows, or NaN among them",
                    i));
  }
}

std::vector<double> bootstrap_replicates(Team& team, RankedScores ranked,
                                         const BootstrapOptions& options,
                                         const RankingMetric& metric) {
  check_bootstrap(ranked.order.total(), options);
  const PoissonWeights weights(options.seed);
  const SortRecords& records = ranked.order.records;
  const std::vector<Index> parts =
      even_boundaries(static_cast<Index>(records.size()), options.threads);
  std::vector<double> values;
  for (Index replicate = 0; replicate < options.replicates; ++replicate) {
    std::vector<std::uint8_t> times(records.size());
    parallel_for(options.threads, options.threads, [&](Index part) {
      for (Index i = part_of(parts, part).begin; i < part_of(parts, part).end; ++i) {
        const auto place = static_cast<std::size_t>(i);
        const auto row = static_cast<Index>(records[place].payload / 2);
        const auto of_block = weights.of_block(replicate, row / PoissonWeights::kRows);
        times[place] = static_cast<std::uint8_t>(
            of_block[static_cast<std::size_t>(row % PoissonWeights::kRows)]);
      }
    });
    count_times(team, ranked, std::move(times));
    values.push_back(metric(team, ranked));
  }
  check_replicates(values);
  return values;
}

Interval bootstrap_interval(Team& team, const RankedScores& ranked, const BootstrapOptions& options,
                            const RankingMetric& metric) {
  return percentile_interval(bootstrap_replicates(team, ranked, options, metric), options.level);
}

}  // namespace lockstep
