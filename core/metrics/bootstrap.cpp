#include "core/metrics/bootstrap.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.hpp"

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

void check_bootstrap(const RowShare& share, const BootstrapOptions& options) {
  check_level(options.level);
  if (share.total_rows < 1) throw DataError("no rows to resample");
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

}  // namespace lockstep
