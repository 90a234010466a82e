#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/kernel/elementary.hpp"
#include "core/statistics/moments.hpp"
#include "core/statistics/quantiles.hpp"
#include "core/transform/column_options.hpp"

namespace lockstep {

/// Scales one column, in double: y = ln(1 + x) for log1p, otherwise y = (x − offset) / scale.
///
/// It divides rather than multiplying by 1/scale, so that under minmax the smallest and largest
/// fitted values become 0 and 1 exactly.
/// - standard: offset = mean, scale = √(M2/n), as scikit-learn's StandardScaler. A column of equal
///   values (or whose deviation is below the smallest double) gets scale 1, hence x − mean.
/// - minmax: offset = min, scale = max − min, as scikit-learn's MinMaxScaler without clipping. A
///   column of equal values gets scale 1, hence 0 for the value that was seen.
/// - robust: offset = median, scale = Q(¾) − Q(¼), as scikit-learn's RobustScaler; scale 1 where
///   the quartiles are equal.
/// scikit-learn also treats as constant what its rounding errors could explain; here only equal
/// values are constant, because Welford's recurrence is exact for them.
struct ColumnScaling {
  Scaling kind = Scaling::none;
  double offset = 0;
  double scale = 1;  ///< > 0

  /// Of kind none, standard, minmax or log1p. Throws DataError when the moments of a column
  /// overflow: "column 'x': values from … to … are too large to be scaled".
  static ColumnScaling fit(Scaling kind, const ColumnMoments& moments, const std::string& name);
  /// Of kind robust. Throws DataError as above when the quartiles overflow.
  static ColumnScaling fit(const Quartiles& quartiles, const std::string& name);

  /// Whether x has a scaled value: log1p takes x > −1 alone.
  bool takes(double x) const { return kind != Scaling::log1p || x > -1; }
  /// Of an x that it takes. Rank-local, thread-safe.
  double apply(double x) const {
    if (kind == Scaling::none) return x;
    return kind == Scaling::log1p ? kernel::log1p(x) : (x - offset) / scale;
  }
  /// The value that `apply` turns into y, up to rounding. Not of log1p (asserted).
  double invert(double y) const;

  /// {"kind": "standard", "offset": …, "scale": …}, which from_json reads back with the same bits.
  nlohmann::json to_json() const;
  /// Throws DataError with `place` in front for anything else.
  static ColumnScaling from_json(const std::string& place, const nlohmann::json& json);

  friend bool operator==(const ColumnScaling&, const ColumnScaling&) = default;
};

}  // namespace lockstep
