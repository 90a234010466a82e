#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/statistics/moments.hpp"

namespace lockstep {

/// How columns are brought to a common scale: not at all, to mean 0 and population deviation 1, or
/// to [0, 1] over the rows it was fitted on.
enum class Scaling { none, standard, minmax };

/// "none", "standard" or "minmax".
std::string_view scaling_name(Scaling kind);
/// The kind of this name; the name is one of the three (asserted).
Scaling scaling_named(std::string_view name);

/// Scales each column: y = (x − offset) / scale, in double.
///
/// It divides rather than multiplying by 1/scale, so that under minmax the smallest and largest
/// fitted values become 0 and 1 exactly.
/// - standard: offset = mean, scale = √(M2/n), as scikit-learn's StandardScaler. A column of equal
///   values (or whose deviation is below the smallest double) gets scale 1, hence x − mean.
/// - minmax: offset = min, scale = max − min, as scikit-learn's MinMaxScaler without clipping. A
///   column of equal values gets scale 1, hence 0 for the value that was seen.
/// scikit-learn also treats as constant what its rounding errors could explain; here only equal
/// values are constant, because Welford's recurrence is exact for them.
class FeatureScaling {
 public:
  /// Leaves rows of any width as they are.
  FeatureScaling() = default;

  /// Of a model that was stored: as many offsets as scales, finite, scales > 0 (asserted).
  FeatureScaling(Scaling kind, std::vector<double> offsets, std::vector<double> scales);

  /// Fits to the moments of each column. `names` are for the DataError that is thrown when the
  /// moments of a column overflow: "column 'x': values from … to … are too large to be scaled".
  static FeatureScaling fit(Scaling kind, std::span<const ColumnMoments> columns,
                            std::span<const std::string> names);

  Scaling kind() const { return kind_; }
  const std::vector<double>& offsets() const { return offsets_; }  ///< empty when kind is none
  const std::vector<double>& scales() const { return scales_; }    ///< empty when kind is none

  /// Scales a row of all columns in place. Rank-local, thread-safe.
  void apply(std::span<double> row) const;
  /// Scales one value of column j.
  double apply(Index j, double x) const;
  /// The value of column j that `apply` turns into y, up to rounding.
  double invert(Index j, double y) const;

  /// {"kind":"standard","offset":[…],"scale":[…]}, which from_text reads back with the same bits.
  std::string to_text() const;
  /// Reads a text of `to_text` for `columns` columns. Throws DataError with `place` in front when
  /// it is anything else.
  static FeatureScaling from_text(const std::string& place, std::string_view text, Index columns);

 private:
  Scaling kind_ = Scaling::none;
  std::vector<double> offsets_;
  std::vector<double> scales_;
};

}  // namespace lockstep
