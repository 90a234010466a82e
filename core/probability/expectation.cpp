#include "core/probability/expectation.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/probability/joint_table.hpp"
#include "core/probability/probabilities.hpp"
#include "core/statistics/moments.hpp"

namespace lockstep {
namespace {

/// Σᵢ function(i)·pᵢ over what is possible.
template <class Function>
double weighted_sum(const VectorRef& probabilities, const Function& function) {
  double sum = 0;
  for (Index i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] != 0) sum += function(i) * probabilities[i];
  }
  return sum;
}

void check(const VectorRef& values, const VectorRef& probabilities) {
  check_same_size("values", values.size(), "probabilities", probabilities.size());
  check_probabilities("P(X)", probabilities);
}

ColumnMoments moments_of(const VectorRef& samples, Index needed) {
  if (samples.size() < needed) {
    throw DataError(fmt::format("{} samples; expected at least {}", samples.size(), needed));
  }
  ColumnMoments moments;
  for (Index i = 0; i < samples.size(); ++i) moments.add(samples[i]);
  return moments;
}

}  // namespace

double expectation(const VectorRef& values, const VectorRef& probabilities) {
  check(values, probabilities);
  return weighted_sum(probabilities, [&](Index i) { return values[i]; });
}

double variance(const VectorRef& values, const VectorRef& probabilities) {
  const double mean = expectation(values, probabilities);
  return weighted_sum(probabilities,
                      [&](Index i) { return (values[i] - mean) * (values[i] - mean); });
}

double standard_deviation(const VectorRef& values, const VectorRef& probabilities) {
  return std::sqrt(variance(values, probabilities));
}

double covariance(const VectorRef& x, const VectorRef& y, const MatrixRef& joint) {
  check_same_size("values of X", x.size(), "rows of the joint table", joint.rows());
  check_same_size("values of Y", y.size(), "columns of the joint table", joint.cols());
  const double x_mean = expectation(x, row_marginal(joint));
  const double y_mean = expectation(y, column_marginal(joint));
  double sum = 0;
  for (Index j = 0; j < joint.cols(); ++j) {
    sum += weighted_sum(joint.col(j), [&](Index i) { return (x[i] - x_mean) * (y[j] - y_mean); });
  }
  return sum;
}

double correlation(const VectorRef& x, const VectorRef& y, const MatrixRef& joint) {
  return covariance(x, y, joint) / (standard_deviation(x, row_marginal(joint)) *
                                    standard_deviation(y, column_marginal(joint)));
}

double sample_expectation(const VectorRef& samples) { return moments_of(samples, 1).mean; }

double sample_variance(const VectorRef& samples) {
  return moments_of(samples, 2).sample_variance();
}

}  // namespace lockstep
