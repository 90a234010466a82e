#pragma once

#include <span>

#include "core/base/memory.hpp"
#include "core/base/types.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/fold.hpp"

namespace lockstep {

/// R of rows that come one after another: what a node of the TSQR tree holds.
///
/// Rows below a triangle are taken in by Householder reflections of the stack [R; B], which leave
/// the zeros of R alone [Buttari, Langou, Kurzak, Dongarra 2009, kernel TSQRT]. Sixteen columns at
/// a time are reduced in one pass each, and their compact WY form  H₁…H₁₆ = I − V·T·Vᵀ  [Schreiber,
/// Van Loan 1989] is applied to the columns behind them by the products of core/kernel. Eigen's
/// HouseholderQR, which knows no stack and reads a tall block from memory for each column, takes
/// twice as long.
///
/// The reflectors differ from the textbook's in length alone: v = (α − β, x), so that x stays where
/// it stands. The magnitudes in a column should be at most about 1 (column_scales): what is left
/// of a column whose squares add up to less than 2⁻⁹⁰⁰ counts as zero.
class RFactor {
 public:
  /// Rows that are taken in at a time: they and their neighbours stay in L2.
  static constexpr Index kRows = 256;

  RFactor() = default;
  /// R of no rows: zeros.
  explicit RFactor(Index columns);

  Index columns() const { return columns_; }

  /// R ← R of [R; (x − 1·centreᵀ)·diag(scales)].
  /// @param x       `rows` rows of columns() numbers, end to end
  /// @param center  columns() numbers, or empty for zeros
  /// @param scales  columns() numbers
  /// O(rows·columns²).
  void absorb(const double* x, Index rows, const Vector& center, const Vector& scales);

  /// R of [above; below], in half the operations: `below` is a triangle too. An RFactor() is
  /// nothing to stack.
  static RFactor stacked(RFactor above, RFactor below);

  /// The upper triangle, columns × columns; its diagonal has the signs that fell out.
  Matrix matrix() const;

 private:
  friend struct FoldCodec<RFactor>;

  void reflect(double* rows, Index count, bool triangular);

  Index columns_ = 0;
  Index padded_ = 0;              // to whole panels, of zeros
  AlignedVector<double> values_;  // a panel matrix (core/kernel/product.hpp), padded × padded
};

/// The triangle without the zeros, column by column.
template <>
struct FoldCodec<RFactor> {
  static Bytes encode(const RFactor& factor);
  static RFactor decode(std::span<const std::byte> bytes);
};

}  // namespace lockstep
