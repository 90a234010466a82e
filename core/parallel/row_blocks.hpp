#pragma once

#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// One-pass work over a data set (statistics, metrics, predictions) is summed in row order inside
// row blocks, and over the blocks along the tree. The blocks are a function of the number of rows
// alone, so the sums have the same bits whatever the ranks. Block k holds the rows
// [k·size, (k+1)·size); the last may be short.

/// Rows of a block: the smallest power of two that is at least 256 and leaves at most 65536 blocks.
Index row_block_size(Index total_rows);

/// Number of blocks of `total_rows` rows; 0 for no rows.
Index row_block_count(Index total_rows);

/// The global rows of block k, 0 ≤ k < row_block_count(total_rows).
Range row_block(Index total_rows, Index k);

/// P+1 row boundaries that give each of `ranks` an even share of whole blocks.
std::vector<Index> row_block_boundaries(Index total_rows, Index ranks);

/// The blocks whose rows are `rows`. Requires that rows.begin and rows.end are multiples of the
/// block size or total_rows (asserted).
Range blocks_of_rows(Index total_rows, Range rows);

/// The P+1 block numbers that tree_fold takes, from the rows that each rank holds: rows of ranks
/// lie end to end, whole blocks each. *Collective*; a rank sends 8 bytes to every other.
std::vector<Index> block_boundaries(Team& team, Index total_rows, Range rows);

}  // namespace lockstep
