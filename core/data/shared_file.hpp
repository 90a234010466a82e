#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/types.hpp"
#include "core/format/file_descriptor.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A file that all ranks write, each at its own places; it appears under its name whole or not at
/// all. It grows as PATH.tmp, which the destructor removes when there was no commit.
class SharedFile {
 public:
  /// Throws OutputError: "PATH: cannot create: No such file or directory". *Collective*.
  SharedFile(Team& team, const std::string& path);

  /// Throws IoError: "PATH: cannot write: No space left on device". Rank-local.
  void write_at(Index offset, std::span<const std::byte> data);

  /// Puts the file on the disk, and under its name. *Collective*.
  void commit();

 private:
  /// Removes a file unless it has been given its name.
  struct TemporaryFile {
    explicit TemporaryFile(std::string file_path) : path(std::move(file_path)) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    TemporaryFile(TemporaryFile&&) = delete;
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile();

    std::string path;
    bool exists = false;  ///< and is this rank's to remove
  };

  Team& team_;
  std::string path_;
  TemporaryFile temporary_;
  FileDescriptor file_;
};

}  // namespace lockstep
