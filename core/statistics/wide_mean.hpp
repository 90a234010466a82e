#pragma once

namespace lockstep {

/// A mean to twice the precision of its rounded value: `value + rest`, |rest| ≤ ½ ulp of `value`.
///
/// Where the mean is 10⁹ and the deviation 1, what rounding takes from the mean is 10⁻⁷ of the
/// deviation, and merging moments would square it into them; `rest` keeps it.
struct WideMean {
  double value = 0;
  double rest = 0;

  /// The mean `value + rest + step`, for a step of any size [Knuth 1998, §4.2.2, two-sum].
  WideMean plus(double step) const {
    const double low = rest + step;
    const double sum = value + low;
    const double from_low = sum - value;
    return {sum, (value - (sum - from_low)) + (low - from_low)};
  }

  /// this − other, rounded to the difference's own precision when the two are near.
  double minus(const WideMean& other) const { return (value - other.value) + (rest - other.rest); }

  friend bool operator==(const WideMean&, const WideMean&) = default;
};

}  // namespace lockstep
