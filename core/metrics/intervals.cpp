#include "core/metrics/intervals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cassert>
#include <cmath>
#include <vector>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

/// Sums over the positive and over the negative rows.
struct SquaresByClass {
  double positives = 0;
  double negatives = 0;

  SquaresByClass& operator+=(const SquaresByClass& other) {
    positives += other.positives;
    negatives += other.negatives;
    return *this;
  }
};

/// The p-quantile of values in ascending order, at place p·(n − 1).
double quantile(const std::vector<double>& sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const double below = std::floor(place);
  const auto i = static_cast<std::size_t>(below);
  if (i + 1 >= sorted.size()) return sorted.back();
  return sorted[i] + (place - below) * (sorted[i + 1] - sorted[i]);
}

}  // namespace

void check_level(double level) {
  if (0 < level && level < 1) return;
  throw DataError(fmt::format("confidence level {}; expected a number between 0 and 1", level));
}

double two_sided_z(double level) {
  check_level(level);
  return boost::math::quantile(boost::math::normal(), 0.5 + level / 2);
}

Interval wilson_interval(std::int64_t successes, std::int64_t trials, double level) {
  if (trials < 1 || successes < 0 || successes > trials) {
    throw DataError(
        fmt::format("{} successes of {} trials; expected one trial or more, and no "
                    "more successes than trials",
                    successes, trials));
  }
  const double z = two_sided_z(level);
  const auto k = static_cast<double>(successes);
  const auto n = static_cast<double>(trials);
  const auto failures = static_cast<double>(trials - successes);
  const double center = k + z * z / 2;
  const double half = z * std::sqrt(k * failures / n + z * z / 4);
  // For k = 0 center and half are the same number; for k = n their sum may miss n + z² by an ulp.
  const double low = (center - half) / (n + z * z);
  const double high = successes == trials ? 1 : (center + half) / (n + z * z);
  return {low, high};
}

double auc_variance(Team& team, const RankedScores& ranked) {
  check_both_classes("DeLong's variance of AUC", ranked.total, 2);
  const double area = auc(team, ranked);
  const auto positives = static_cast<double>(ranked.total.positives);
  const auto negatives = static_cast<double>(ranked.total.negatives);
  const auto squares_of = [&](const ScoreGroup& group) {
    const std::int64_t lower = ranked.total.negatives - group.end.negatives;
    const double above_negatives =
        static_cast<double>(2 * lower + group.negatives()) / (2 * negatives) - area;
    const double below_positives =
        static_cast<double>(group.begin.positives + group.end.positives) / (2 * positives) - area;
    return SquaresByClass{
        static_cast<double>(group.positives()) * (above_negatives * above_negatives),
        static_cast<double>(group.negatives()) * (below_positives * below_positives)};
  };
  const auto squares = sum_over_groups<SquaresByClass>(team, ranked, squares_of);
  return squares.positives / (positives - 1) / positives +
         squares.negatives / (negatives - 1) / negatives;
}

Interval auc_interval(Team& team, const RankedScores& ranked, double level) {
  const double z = two_sided_z(level);
  const double half = z * std::sqrt(auc_variance(team, ranked));
  const double area = auc(team, ranked);
  return {std::max(area - half, 0.0), std::min(area + half, 1.0)};
}

Interval percentile_interval(std::span<const double> values, double level) {
  check_level(level);
  if (values.empty()) throw DataError("no values to take percentiles of");
  std::vector<double> sorted(values.begin(), values.end());
  assert(std::none_of(sorted.begin(), sorted.end(), [](double x) { return std::isnan(x); }));
  std::sort(sorted.begin(), sorted.end());
  return {quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)};
}

}  // namespace lockstep
