#pragma once

#include "core/base/memory.hpp"
#include "core/base/types.hpp"

namespace lockstep {

/// Σᵣ xᵣᵀ·yᵣ over rows that come in slabs, by the kernels of core/kernel/product.hpp: slab after
/// slab is added to the sum, so its bits do not depend on the machine.
class ProductSum {
 public:
  /// Which elements (i, j) are wanted: with y = x, those above the diagonal say all.
  enum class Part { upper, all };

  /// Starts a sum of columns × columns elements; keeps the memory of the one before.
  void start(Index columns, Part part);

  /// @param x, y   rows × round_up(columns, kPanel), row r at r·stride, their padding zero
  void add(Index rows, const double* x, const double* y, Index stride);

  /// Σᵣ x[r, i]·y[r, j]; for Part::upper, requires i ≤ j.
  double operator()(Index i, Index j) const {
    return sum_[static_cast<std::size_t>((j / kPanel * columns_ + i) * kPanel + j % kPanel)];
  }

 private:
  Index inputs_of(Index panel) const;

  Index columns_ = 0;
  Part part_ = Part::all;
  bool is_first_ = true;
  AlignedVector<double> sum_;   // a panel matrix
  AlignedVector<double> slab_;  // another, of one slab
};

/// Rows that are added at a time: one chain of the kernel's, and little enough for L2.
inline constexpr Index kSlab = 256;

/// The stride of a slab: whole panels, and an odd number of cache lines, so that neighbouring rows
/// do not fall on the same places of the cache.
constexpr Index slab_stride(Index columns) { return round_up(columns, kPanel) + kPanel / 2; }

}  // namespace lockstep
