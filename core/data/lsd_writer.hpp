#pragma once

#include <string>

#include "core/data/lsd_header.hpp"
#include "core/data/table.hpp"
#include "core/format/atomic_file.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Writes the rows of a table, in blocks of about a megabyte, as an .lsd file, which is the same
/// for any number of ranks, and appears whole or not at all.
/// @param header  what is known of the data; its columns are the features of a table of numbers,
///                then a target, and have names, positions and spellings. Their types and counts,
///                the rows and the blocks follow from the table
/// @param table   without weights; a target is a number. Consumed
/// @param suffix  of the file while it grows, as PendingFile has it; the same on all ranks
/// Throws OutputError, IoError alike on all ranks. *Collective*; ranks exchange the rows that let
/// each have whole blocks.
void write_lsd(Team& team, LsdHeader header, Table table, const std::string& path,
               const std::string& suffix = kPendingSuffix);

}  // namespace lockstep
