#pragma once

#include <string>
#include <vector>

#include "core/data/file_list.hpp"
#include "core/data/lsd_header.hpp"
#include "core/data/row_places.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// An .lsd file whose header has been read.
struct LsdFile {
  InputFile file;
  LsdHeader header;
  Index blocks_begin = 0;  ///< byte of the first block
  std::string name;        ///< what messages about its columns begin with: its path, or another
};

/// True when the file begins as an .lsd file or, to be refused by what is wrong with it, its name
/// ends in .lsd.
bool looks_like_lsd(const InputFile& file);

/// Reads and checks the header, on rank 0. Throws DamagedLsd, IoError alike on all ranks.
/// *Collective*; sends the header.
LsdFile open_lsd(Team& team, const InputFile& file);

/// The files as they are now, as seen from the folder of the .lsd file `path`; without rows.
/// Throws MissingInputError. Rank-local.
std::vector<LsdSource> lsd_sources(const std::string& path, const std::vector<InputFile>& files);

/// Where a source of the .lsd file `path` is.
std::string path_of_source(const std::string& path, const LsdSource& source);

/// The first source that is there and newer than it was when the file was made, or has another
/// size; "" where there is none. Rank-local.
std::string newer_source(const LsdFile& lsd);

/// Where the rows stand: in the sources, as their readers say it, or without any in the file.
RowPlaces places_of(const LsdFile& lsd);

}  // namespace lockstep
