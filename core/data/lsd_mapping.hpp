#pragma once

#include <cstddef>

#include "core/data/lsd_file.hpp"
#include "core/data/lsd_rows.hpp"
#include "core/data/mapped_rows.hpp"
#include "core/data/mapped_sparse_rows.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// The features of an .lsd file that stay in it. The blocks have been read before, and are good.
// Each throws IoError alike on every rank, and is *collective*.

/// Columns of numbers and of categories; the cells of categories stand for their final indices.
/// @param features  how many: behind them are columns that are carried
/// Sends the distinct cells of each column of categories.
MappedRows map_columns(Team& team, const LsdFile& lsd, const LsdColumns& how, const LsdPart& part,
                       std::size_t features);

/// Rows of bytes.
MappedRows map_bytes(Team& team, const LsdFile& lsd);

/// Sparse rows. Sends 8 bytes for each 64 rows.
MappedSparseRows map_sparse(Team& team, const LsdFile& lsd, const LsdColumns& how,
                            const LsdPart& part);

}  // namespace lockstep
