#pragma once

#include "core/base/memory.hpp"
#include "core/base/types.hpp"
#include "core/linalg/matrix.hpp"

namespace lockstep {

/// Squared distances of rows from centers, sixteen centers at a time. A distance is summed over the
/// columns in order, Σⱼ (xⱼ − cⱼ)², so its bits depend on the row and the center alone; differences
/// are taken before squaring, so that it is right far from 0 too.
class NearestCenter {
 public:
  struct Found {
    Index center = 0;
    double squared_distance = 0;
  };

  /// @param centers  k×n, k ≥ 1
  explicit NearestCenter(const Matrix& centers);

  /// The nearest of all centers, the lowest of equals. @param row  n numbers
  Found of(const double* row) const;

 private:
  Index centers_;
  Index columns_;
  AlignedVector<double> panels_;  // a panel matrix (core/kernel/product.hpp), n×k
};

}  // namespace lockstep
