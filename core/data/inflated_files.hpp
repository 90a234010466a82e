#pragma once

#include <vector>

#include "core/data/file_list.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The same files, those that hold gzip with the size of their content, for RangeFile to inflate.
/// Each is inflated once, by one rank, which finds out the size and verifies the checksums.
/// Throws DataError for a truncated or corrupt file, and for one without content.
/// *Collective*; every rank throws alike.
std::vector<InputFile> inflated_files(Team& team, std::vector<InputFile> files);

}  // namespace lockstep
