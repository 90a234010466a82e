#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "core/base/types.hpp"
#include "core/format/atomic_file.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A file that all ranks write, each at its own places; it appears under its name whole or not at
/// all. It grows as PATH.tmp, or with another suffix, as PendingFile has it, which the destructor
/// removes when there was no commit.
class SharedFile {
 public:
  /// Throws OutputError: "PATH: cannot create: No such file or directory". *Collective*.
  SharedFile(Team& team, const std::string& path, const std::string& suffix = kPendingSuffix);

  /// Throws IoError: "PATH: cannot write: No space left on device". Rank-local.
  void write_at(Index offset, std::span<const std::byte> data);

  /// Writes `header`, as rank 0 has it, and behind it the parts of all ranks end to end. Throws
  /// IoError alike on all ranks. *Collective*.
  void write_parts(const std::string& header, std::span<const std::byte> part);

  /// Puts the content on the disk; nothing may be written afterwards. *Collective*.
  void finish();
  /// Finishes, and gives the file its name. *Collective*.
  void commit();

 private:
  Team& team_;
  std::string path_;
  std::optional<PendingFile> pending_;
  FileDescriptor file_;
};

}  // namespace lockstep
