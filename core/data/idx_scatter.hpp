#pragma once

#include <cstdint>
#include <vector>

#include "core/base/large_pages.hpp"
#include "core/data/file_list.hpp"
#include "core/data/idx_header.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A file whose header has been read, and the rows that it holds of all of them.
struct IdxSource {
  InputFile file;
  IdxHeader header;
  Range rows;
};

/// The bytes of the rows of this rank: part `rank` of `boundaries`. The sources have items of equal
/// size and lie end to end. Adds to `bytes_read` what this rank reads of files.
/// *Collective*; rank 0 sends the rows of compressed files, in rounds of at most 16 MiB.
Buffer<std::uint8_t> scatter_rows(Team& team, const std::vector<IdxSource>& sources,
                                  const std::vector<Index>& boundaries, Index& bytes_read);

}  // namespace lockstep
