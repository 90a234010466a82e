#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/format/file_descriptor.hpp"

namespace lockstep {

/// What a file that grows is called behind its name, until it is complete.
inline constexpr const char* kPendingSuffix = ".tmp";

/// The name that a file gets when it is complete, and PATH.tmp, where it grows until then. Symbolic
/// links are followed: what they point to is replaced, not they. One writer per path at a time,
/// unless each has a suffix of its own.
class PendingFile {
 public:
  /// Throws OutputError where the name is taken by a directory, a device or a pipe.
  explicit PendingFile(const std::string& path, const std::string& suffix = kPendingSuffix);
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  PendingFile(PendingFile&&) = delete;
  PendingFile& operator=(PendingFile&&) = delete;
  /// Removes PATH.tmp when it was created here and not committed.
  ~PendingFile();

  /// Creates PATH.tmp, or empties it. Throws OutputError: "PATH: cannot create: Permission denied".
  FileDescriptor create();
  /// Opens the PATH.tmp that another process created. Throws OutputError.
  FileDescriptor open() const;
  /// Gives the file, whose content is on the disk, its name, durably. Throws OutputError, IoError.
  void commit();

 private:
  std::string path_;  ///< as the user knows it
  std::string target_;
  std::string temporary_;
  std::optional<mode_t> mode_;  ///< of the file that will be replaced
  bool created_ = false;
};

/// A file that appears under its name whole or not at all.
///
/// It is written as PATH.tmp. `commit` puts it on the disk and then under its name, in place of an
/// older file; without a commit the destructor removes it.
class AtomicFile {
 public:
  /// Throws OutputError: "PATH: cannot create: No such file or directory".
  explicit AtomicFile(const std::string& path) : pending_(path), file_(pending_.create()) {}

  /// Appends. Throws IoError: "PATH: cannot write: No space left on device".
  void write(std::span<const std::byte> data) { file_.write(data); }
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

  /// Throws IoError when the content cannot reach the disk, OutputError when the name cannot be
  /// given. Nothing may be written afterwards.
  void commit();

 private:
  PendingFile pending_;
  FileDescriptor file_;
};

/// Writes a whole text file atomically. Throws what AtomicFile throws.
void write_text_file(const std::string& path, std::string_view text);

/// A file that grows line by line, such as metrics.jsonl. Lines are handed to the system at once:
/// a reader sees every finished line, and a killed run has lost none.
class LineFile {
 public:
  /// Opens for appending; creates the file when there is none. Throws OutputError.
  explicit LineFile(const std::string& path);

  /// Writes `line`, which has no newline, and a newline, whole or not at all. Throws IoError.
  void append_line(std::string_view line);

 private:
  FileDescriptor file_;
};

}  // namespace lockstep
