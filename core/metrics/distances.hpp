#pragma once

#include "core/linalg/matrix.hpp"

namespace lockstep {

// Distances between points, which are vectors, or the rows of matrices.
//
// A distance of two points has the same bits alone and in a matrix of distances: for any number of
// threads, any neighbours and any instruction set (distance_kernels.hpp). It is computed from the
// differences of the coordinates, never from ‖x‖² + ‖y‖² − 2x·y: near points keep their digits, and
// equal points have the distance 0 exactly.
//
// Of all functions here:
// - points must have equally many coordinates, and at least one: DataError;
// - a NaN among the coordinates makes the distance NaN (hamming_distance: see there), and so do
//   infinities of one sign in the same place, whose difference is NaN;
// - denormal numbers count as 0;
// - they are rank-local and thread-safe.

/// Points as rows. A column-major matrix is copied when it is passed.
using PointsRef = Eigen::Ref<const RowMajorMatrix>;

/// √Σ(xᵢ − yᵢ)². Relative error below (d/2 + 2)·2⁻⁵³; squares overflow to infinity where a
/// difference is above 10¹⁵⁴, and vanish where all are below 10⁻¹⁵⁴.
double euclidean_distance(const VectorRef& x, const VectorRef& y);

/// Σ|xᵢ − yᵢ|. Relative error below (d + 1)·2⁻⁵³.
double manhattan_distance(const VectorRef& x, const VectorRef& y);

/// maxᵢ |xᵢ − yᵢ|: Minkowski's for p = ∞. Exact but for the rounding of the difference.
double chebyshev_distance(const VectorRef& x, const VectorRef& y);

/// (Σ|xᵢ − yᵢ|^p)^(1/p), as s·(Σ(|xᵢ − yᵢ|/s)^p)^(1/p) with the largest difference s, so that no
/// power overflows. Relative error below (d + 8)·2⁻⁵².
/// @param p  p ≥ 1, or infinity; else DataError (p < 1 breaks the triangle inequality).
///           1, 2 and ∞ are the three distances above, bit by bit.
double minkowski_distance(const VectorRef& x, const VectorRef& y, double p);

/// cos θ = x·y / (‖x‖·‖y‖), in [−1, 1]; NaN when x or y is 0, which has no direction.
/// Absolute error below (d + 4)·2⁻⁵². Norms neither overflow nor vanish.
double cosine_similarity(const VectorRef& x, const VectorRef& y);

/// 1 − cos θ, in [0, 2], as ½‖x/‖x‖ − y/‖y‖‖²: so small angles keep their digits, and equal points
/// have the distance 0 exactly. NaN when x or y is 0.
double cosine_distance(const VectorRef& x, const VectorRef& y);

/// The part of the coordinates in which x and y differ, in [0, 1]; −0 equals 0, and NaN differs
/// from everything. Exact but for one division.
double hamming_distance(const VectorRef& x, const VectorRef& y);

// All pairs: element (i, j) is the distance of row i of X to row j of Y.
// X is m×d, Y is n×d, the result m×n, each possibly without rows. O(mnd), and a copy of Y
// (for cosines also of X) in memory.

RowMajorMatrix euclidean_distances(const PointsRef& X, const PointsRef& Y, int threads = 1);
RowMajorMatrix manhattan_distances(const PointsRef& X, const PointsRef& Y, int threads = 1);
RowMajorMatrix chebyshev_distances(const PointsRef& X, const PointsRef& Y, int threads = 1);
RowMajorMatrix minkowski_distances(const PointsRef& X, const PointsRef& Y, double p,
                                   int threads = 1);
RowMajorMatrix cosine_similarities(const PointsRef& X, const PointsRef& Y, int threads = 1);
RowMajorMatrix cosine_distances(const PointsRef& X, const PointsRef& Y, int threads = 1);
RowMajorMatrix hamming_distances(const PointsRef& X, const PointsRef& Y, int threads = 1);

}  // namespace lockstep
