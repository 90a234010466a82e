#pragma once

#include <string>
#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// Each rank writes its own rows into its own range of the bytes of one file, which is the same for
// any number of ranks. A file appears under its name whole or not at all, in place of an older one.

/// Writes a header and the rows as CSV, the target last. Numbers are the shortest that read back as
/// the same double; bytes are written as the numbers they stand for.
/// Throws OutputError, IoError, and DataError for a name with a newline.
/// *Collective*; sends a few integers.
void write_csv(Team& team, const Table& table, const std::string& path);

/// Writes a table of bytes as a pair of IDX files; without a target only the first.
/// @param item_dimensions  of a row, {28, 28} for images; their product is table.features
/// Throws DataError for a table without bytes, or with classes that are no numbers from 0 to 255;
/// OutputError, IoError.
/// *Collective*; sends a few integers.
void write_idx(Team& team, const Table& table, const std::vector<Index>& item_dimensions,
               const std::string& images_path, const std::string& labels_path);

}  // namespace lockstep
