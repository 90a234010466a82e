#pragma once

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The check before every distributed decomposition: that there is a matrix, of finite numbers.
///
/// @return for each column the power of two that brings its largest magnitude into [1, 2); 1 for a
///         column of zeros. Scaling by them is exact, so that squares of tiny or huge numbers
///         neither vanish nor overflow. Beyond 2^±1022 the power is 2^±1022.
/// Throws on all ranks: DataError for no rows or no columns; CollectiveError for the first NaN or
/// infinity, with its row and column.
/// *Collective*; a rank sends 8 bytes a column to every other. One pass over the rows.
Vector column_scales(Team& team, const DistributedMatrix& X, int threads = 1);

/// The largest magnitude of all columns. Checks, errors and messages: as column_scales.
double largest_magnitude(Team& team, const DistributedMatrix& X, int threads = 1);

/// One power of two for all columns, so that distances keep their ratios: it brings the largest
/// magnitude into [1, 2) when that is below 2⁻²⁵⁶ or from 2²⁵⁶ on. Between these, where squares are
/// safe, it is 1; so it is for zero.
double common_scale(double largest);

/// X·scale, for a common_scale; `copy` holds it where that is not X. *Collective*, for the memory
/// that it needs on every rank; sends nothing else.
const DistributedMatrix& scaled(Team& team, const DistributedMatrix& X, double scale,
                                DistributedMatrix& copy);

/// R·diag(scales)⁻¹, of the R that was found for a matrix scaled by column_scales.
/// @throws ColumnError, on all ranks that have this R, for the first column with which the
/// Frobenius
///         norm of the result, and so its largest singular value, may exceed the doubles
Matrix unscaled(const Matrix& R, const Vector& scales);

}  // namespace lockstep
