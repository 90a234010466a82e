#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Count, mean, sum of squared deviations M2 = Σ(x − mean)², minimum and maximum of one column.
/// Trivially copyable, so that it travels as bytes.
struct ColumnMoments {
  std::int64_t count = 0;
  double mean = 0;
  double m2 = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  /// Takes one more value [Welford 1962]. The same value again and again leaves m2 exactly 0.
  void add(double x);

  /// M2/n, the variance of the values themselves; NaN without values.
  double population_variance() const;
  /// M2/(n−1), the unbiased estimate for a population they were drawn from; NaN for n < 2.
  double sample_variance() const;
  /// √(M2/n), in the unit of the values.
  double population_deviation() const;
  /// All values are equal (and there is at least one).
  bool is_constant() const { return min == max; }

  friend bool operator==(const ColumnMoments&, const ColumnMoments&) = default;
};

/// The moments of the values behind `a` followed by those behind `b` [Chan, Golub, LeVeque 1983].
/// Merging with empty moments returns the other unchanged. Not commutative in the last bits.
ColumnMoments merge(const ColumnMoments& a, const ColumnMoments& b);

/// Moments of every feature of the whole data set, on all ranks with the same bits for any number
/// of ranks: rows in order inside row blocks (core/parallel/row_blocks.hpp), blocks along the tree.
/// Requires whole row blocks on every rank (asserted). Values that overflow give moments that are
/// not finite.
/// Collective. A rank sends at most 2·log₂(blocks) nodes of 40 bytes a feature to every other.
std::vector<ColumnMoments> column_moments(Team& team, const Table& table);

/// The same of what `prepare` makes of a row, in place: of filled cells, say. It may neither
/// communicate nor throw.
std::vector<ColumnMoments> column_moments(Team& team, const Table& table,
                                          const std::function<void(std::span<double>)>& prepare);

/// The same for each of the targets. Collective.
std::vector<ColumnMoments> target_moments(Team& team, const Table& table);

}  // namespace lockstep
