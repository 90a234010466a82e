#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/file_list.hpp"
#include "core/data/schema.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// What is to be made of the labels.
struct IdxOptions {
  TargetKind target_kind = TargetKind::classes;  ///< none leaves labels unread
  std::string labels_key = "data.train_labels";  ///< the option that names their files
  /// Features and classes of the training data, for a set that must fit them; decides the kind of
  /// the target unless `target_kind` is none.
  std::optional<TableSchema> schema;
};

/// What `read_idx` gives to each rank.
struct IdxTable {
  Table table;           ///< bytes, features p0, p1, …; an even part of the rows
  Index bytes_read = 0;  ///< from files, by this rank
};

/// Reads IDX files as one table: the items of `images` (the first dimension counts them) are rows,
/// file i of `labels` has the targets of file i of `images`. Classes are the labels that occur,
/// ascending, named by their decimal numbers.
///
/// Plain files: each rank reads its own rows. Gzip files, known by their content: rank 0 inflates
/// them in pieces of at most 16 MiB and sends the rows on; each is read once.
/// Throws DataError and ConfigError alike on every rank.
/// *Collective*; rank 0 sends the bytes that were compressed.
IdxTable read_idx(Team& team, const std::vector<InputFile>& images,
                  const std::vector<InputFile>& labels, const IdxOptions& options);

}  // namespace lockstep
