#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/csv_columns.hpp"
#include "core/data/csv_part_reader.hpp"
#include "core/data/libsvm_columns.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// What is to be made of the columns: as of the source.
struct LsdOptions {
  CsvOptions columns;               ///< what they say of taking texts apart is not looked at
  std::optional<Index> index_base;  ///< of sparse rows, as LibsvmOptions has it
  std::string labels_key = "data.train_labels";  ///< the option that would have named labels
  /// Features stay in the file.
  bool mapped = false;
};

/// What `read_lsd` gives to each rank.
struct LsdTable {
  Table table;                             ///< that of the source; an even part of the rows
  std::vector<std::string> extra_columns;  ///< unknown to the schema; the same everywhere
  std::vector<CsvColumnNote> notes;        ///< as of the source
  Index index_base = 0;                    ///< of sparse rows
  AllLeftOut left_out;                     ///< of sparse rows
  Index bytes_read = 0;                    ///< by this rank
};

/// Why the file cannot be read with these options as its source can: it has lost texts of numbers
/// that matter, since some are beyond 2⁵³, or stand beside texts that are none. "" where it can.
std::string lsd_objection(const LsdFile& lsd, const LsdOptions& options);

/// Reads an .lsd file as its source would be read: the same table, but for the ranks' parts, and
/// the same errors, with the places of the source, in its cells.
///
/// Each rank reads the blocks of its own rows and checks their hashes, also where they then stay
/// in the file.
/// Throws DataError and ConfigError alike on every rank, DamagedLsd where a block is damaged.
/// *Collective*; sends distinct classes and categories.
LsdTable read_lsd(Team& team, const LsdFile& lsd, const LsdOptions& options);

}  // namespace lockstep
