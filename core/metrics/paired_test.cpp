#include "core/metrics/paired_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"

namespace lockstep {

PairedTest corrected_paired_test(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size() || a.size() < 2) {
    throw DataError(
        fmt::format("paired test of {} and {} scores; expected as many of both, and two or more",
                    a.size(), b.size()));
  }
  const auto folds = static_cast<double>(a.size());
  PairedTest test;
  for (std::size_t i = 0; i < a.size(); ++i) test.difference += (a[i] - b[i]) / folds;
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double rest = a[i] - b[i] - test.difference;
    squares += rest * rest;
  }
  test.deviation = std::sqrt(squares / (folds - 1));
  // What rounding makes of equal means, or of equal differences, says nothing.
  double size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    size = std::max({size, std::fabs(a[i]), std::fabs(b[i])});
  }
  const double noise = 8 * std::numeric_limits<double>::epsilon() * size;
  if (test.deviation <= noise) test.deviation = 0;
  if (std::fabs(test.difference) <= noise) test.difference = 0;
  if (test.difference == 0) return test;
  const double share_of_test = 1 / (folds - 1);
  test.t = test.deviation == 0
               ? std::copysign(std::numeric_limits<double>::infinity(), test.difference)
               : test.difference / (test.deviation * std::sqrt(1 / folds + share_of_test));
  if (std::isinf(test.t)) {
    test.p = 0;
  } else {
    const boost::math::students_t distribution(folds - 1);
    test.p = 2 * boost::math::cdf(boost::math::complement(distribution, std::fabs(test.t)));
  }
  return test;
}

}  // namespace lockstep
