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

}  // namespace lockstep
