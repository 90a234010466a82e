#pragma once

#include <Eigen/Core>

#include "core/base/types.hpp"

namespace lockstep {

// Dense linear algebra of evaluation: in double, over Eigen. Include this header wherever Eigen is
// used (scripts/check_includes.py wants it): it sets what Eigen would take from the machine.

/// Column-major, as Eigen's decompositions like it.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;
/// Row-major, as rows of data are read.
using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

/// Parameters: any column-major matrix or block, any vector or column, without a copy.
using MatrixRef = Eigen::Ref<const Matrix>;
using VectorRef = Eigen::Ref<const Vector>;

namespace detail {

/// Eigen blocks its products by the sizes of the caches, and so their bits: the same everywhere.
inline const bool kEigenKnowsNoMachine = [] {
  Eigen::setCpuCacheSizes(32 << 10, 1 << 20, 16 << 20);
  return true;
}();

}  // namespace detail
}  // namespace lockstep
