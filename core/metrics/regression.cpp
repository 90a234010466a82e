#include "core/metrics/regression.hpp"

#include <cmath>
#include <limits>

#include "core/metrics/checks.hpp"

namespace lockstep {
namespace {

/// The larger of two absolute values; NaN when one is.
double larger(double a, double b) { return b > a || std::isnan(b) ? b : a; }

/// 1 − part/whole, where nothing varies (whole = 0) 1 or 0.
double explained(double part, double whole) {
  if (whole == 0) return part == 0 ? 1.0 : 0.0;
  return 1 - part / whole;
}

}  // namespace

void RegressionSums::add(double prediction, double y, double row_loss) {
  constexpr double kSmallestTarget = std::numeric_limits<double>::epsilon();
  const double deviation = prediction - y;
  const double size = std::abs(deviation);
  squared_error += deviation * deviation;
  absolute_error += size;
  relative_error += size / larger(kSmallestTarget, std::abs(y));
  largest_error = larger(largest_error, size);
  loss += row_loss;
  target.add(y);
  error.add(deviation);
}

double RegressionSums::mean_loss() const { return loss / static_cast<double>(rows()); }

double RegressionSums::mean_squared_error() const {
  return squared_error / static_cast<double>(rows());
}

double RegressionSums::root_mean_squared_error() const { return std::sqrt(mean_squared_error()); }

double RegressionSums::mean_absolute_error() const {
  return absolute_error / static_cast<double>(rows());
}

double RegressionSums::mean_absolute_percentage_error() const {
  return relative_error / static_cast<double>(rows());
}

double RegressionSums::max_error() const {
  return rows() == 0 ? std::numeric_limits<double>::quiet_NaN() : largest_error;
}

double RegressionSums::r2() const {
  if (rows() == 0) return std::numeric_limits<double>::quiet_NaN();
  return explained(squared_error, target.m2);
}

double RegressionSums::explained_variance() const {
  if (rows() == 0) return std::numeric_limits<double>::quiet_NaN();
  return explained(error.m2, target.m2);
}

RegressionSums merge(const RegressionSums& a, const RegressionSums& b) {
  RegressionSums sums;
  sums.squared_error = a.squared_error + b.squared_error;
  sums.absolute_error = a.absolute_error + b.absolute_error;
  sums.relative_error = a.relative_error + b.relative_error;
  sums.largest_error = larger(a.largest_error, b.largest_error);
  sums.loss = a.loss + b.loss;
  sums.target = merge(a.target, b.target);
  sums.error = merge(a.error, b.error);
  return sums;
}

RegressionSums regression_sums(Team& team, const RowShare& share,
                               std::span<const double> predictions, std::span<const double> targets,
                               int threads) {
  guard(team, "checking predictions", [&] {
    const auto rows = static_cast<std::size_t>(share.rows.size());
    check_one_for_each("predictions", predictions.size(), "rows", rows);
    check_one_for_each("targets", targets.size(), "predictions", predictions.size());
  });
  const auto add = [&](RegressionSums& sums, Index row) {
    sums.add(predictions[share.place(row)], targets[share.place(row)], 0);
  };
  const auto merge_two = [](const RegressionSums& a, const RegressionSums& b) {
    return merge(a, b);
  };
  return fold_rows(team, share, RegressionSums(), add, merge_two, threads);
}

}  // namespace lockstep
