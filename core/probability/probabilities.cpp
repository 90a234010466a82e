#include "core/probability/probabilities.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "core/base/error.hpp"

namespace lockstep {

void check_probability(std::string_view name, double p) {
  if (p >= 0 && p <= 1 + kProbabilityTolerance) return;
  throw DataError(fmt::format("{} is {}; expected a probability in [0, 1]", name, p));
}

void check_probabilities(std::string_view name, const VectorRef& p) {
  if (p.size() == 0) throw DataError(fmt::format("{} has no entries; expected at least one", name));
  double sum = 0;
  for (Index i = 0; i < p.size(); ++i) {
    check_probability(fmt::format("{}: entry {}", name, i), p[i]);
    sum += p[i];
  }
  if (std::fabs(sum - 1) <= kProbabilityTolerance) return;
  throw DataError(
      fmt::format("{} sums to {}; expected 1 within {}", name, sum, kProbabilityTolerance));
}

void check_joint_table(std::string_view name, const MatrixRef& joint) {
  if (joint.size() == 0) {
    throw DataError(fmt::format("{} is a table of {} x {}; expected at least one entry", name,
                                joint.rows(), joint.cols()));
  }
  double sum = 0;
  for (Index j = 0; j < joint.cols(); ++j) {
    for (Index i = 0; i < joint.rows(); ++i) {
      check_probability(fmt::format("{}: entry ({}, {})", name, i, j), joint(i, j));
      sum += joint(i, j);
    }
  }
  if (std::fabs(sum - 1) <= kProbabilityTolerance) return;
  throw DataError(
      fmt::format("{} sums to {}; expected 1 within {}", name, sum, kProbabilityTolerance));
}

void check_same_size(std::string_view name, Index found, std::string_view other_name,
                     Index expected) {
  if (found == expected) return;
  throw DataError(
      fmt::format("{} {} for {} {}; expected equally many", found, name, expected, other_name));
}

}  // namespace lockstep
