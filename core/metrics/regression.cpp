#include "core/metrics/regression.hpp"

#include <cmath>
#include <limits>

namespace lockstep {

void RegressionSums::add(double prediction, double y, double row_loss) {
  const double error = prediction - y;
  squared_error += error * error;
  absolute_error += std::abs(error);
  loss += row_loss;
  target.add(y);
}

double RegressionSums::mean_loss() const { return loss / static_cast<double>(rows()); }

double RegressionSums::mean_squared_error() const {
  return squared_error / static_cast<double>(rows());
}

double RegressionSums::root_mean_squared_error() const { return std::sqrt(mean_squared_error()); }

double RegressionSums::mean_absolute_error() const {
  return absolute_error / static_cast<double>(rows());
}

double RegressionSums::r2() const {
  if (rows() == 0) return std::numeric_limits<double>::quiet_NaN();
  if (target.m2 == 0) return squared_error == 0 ? 1.0 : 0.0;
  return 1 - squared_error / target.m2;
}

RegressionSums merge(const RegressionSums& a, const RegressionSums& b) {
  RegressionSums sums;
  sums.squared_error = a.squared_error + b.squared_error;
  sums.absolute_error = a.absolute_error + b.absolute_error;
  sums.loss = a.loss + b.loss;
  sums.target = merge(a.target, b.target);
  return sums;
}

}  // namespace lockstep
