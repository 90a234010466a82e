#include "core/metrics/bootstrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/parallel/ranges.hpp"
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

int PoissonWeights::of_row(Index replicate, Index row) const {
  const std::array<std::uint64_t, 4> words =
      stream_.words(static_cast<std::uint64_t>(replicate), static_cast<std::uint64_t>(row / kRows));
  const std::uint64_t word = words[static_cast<std::size_t>(row % kRows / 2)];
  return times_of(row % 2 == 0 ? word & 0xFFFFFFFFU : word >> 32U);
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

Index replicates_at_a_time(const BootstrapOptions& options, std::size_t bytes_of_sums) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 16;
  const std::size_t most = kMostBytes / std::max<std::size_t>(bytes_of_sums, 1);
  return std::clamp<Index>(static_cast<Index>(most), 1, options.replicates);
}

Index replicates_at_a_time(const BootstrapOptions& options, std::size_t bytes_of_sums,
                           const RankedScores& ranked) {
  constexpr Index kMostBytes = Index{1} << 26;
  const std::vector<Index>& boundaries = ranked.order.boundaries;
  Index most_records = 1;  // of any rank, so that all of them come to the same number
  for (std::size_t rank = 1; rank < boundaries.size(); ++rank) {
    most_records = std::max(most_records, boundaries[rank] - boundaries[rank - 1]);
  }
  return std::clamp<Index>(kMostBytes / most_records, 1,
                           replicates_at_a_time(options, bytes_of_sums));
}

std::vector<RecordWeights> record_weights(const RankedScores& ranked,
                                          const BootstrapOptions& options, Index first,
                                          Index count) {
  const PoissonWeights weights(options.seed);
  const std::span<const SortRecord> records = ranked.order.records();
  const std::vector<Index> parts =
      even_boundaries(static_cast<Index>(records.size()), options.threads);
  std::vector<RecordWeights> times(static_cast<std::size_t>(count));
  for (RecordWeights& of_replicate : times) of_replicate.resize(records.size());
  parallel_for(options.threads, options.threads, [&](Index part) {
    for (Index replicate = 0; replicate < count; ++replicate) {
      RecordWeights& of_replicate = times[static_cast<std::size_t>(replicate)];
      for (Index i = part_of(parts, part).begin; i < part_of(parts, part).end; ++i) {
        const auto place = static_cast<std::size_t>(i);
        const auto row = static_cast<Index>(records[place].payload / 2);
        of_replicate[place] = static_cast<std::uint8_t>(weights.of_row(first + replicate, row));
      }
    }
  });
  return times;
}

}  // namespace lockstep
