#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A file to read, as it was when the run started.
struct InputFile {
  std::string path;
  Index size = 0;         ///< bytes, of the content where it is inflated
  Index packed_size = 0;  ///< bytes of the gzip file whose content is read; 0: the file as it is

  friend bool operator==(const InputFile&, const InputFile&) = default;
};

/// "a.csv" or "a.csv and 2 more files", for messages about all of them.
std::string name_of(const std::vector<InputFile>& files);

std::vector<std::string> paths_of(const std::vector<InputFile>& files);

/// Names of input files as a user gave them.
struct FileRequest {
  std::string key;                 ///< the option they come from, "data.train", for messages
  std::vector<std::string> names;  ///< paths, or globs with * ? [ ]; a path that exists wins
  std::string root;                ///< in front of relative paths; empty: the working directory
};

/// The files that `request` names, in its order, those of a glob in bytewise order.
/// Throws MissingInputError for a file that does not exist or cannot be opened and for a glob that
/// matches nothing, DataError for a directory, another irregular file, and an empty file.
/// Rank-local.
std::vector<InputFile> find_input_files(const FileRequest& request);

/// The same on every rank: rank 0 looks, the others check that they see files of the same sizes.
/// *Collective*; every rank throws alike.
std::vector<InputFile> find_input_files(Team& team, const FileRequest& request);

}  // namespace lockstep
