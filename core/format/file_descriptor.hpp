#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace lockstep {

/// Owns an open file of the operating system and knows its path for messages. Move-only.
///
/// Plain system calls instead of streams: a stream hides errno, and cannot be synchronised with
/// the disk.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  FileDescriptor(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  const std::string& path() const { return path_; }

  /// Writes all of `data`. Throws IoError: "PATH: cannot write: No space left on device".
  void write(std::span<const std::byte> data);
  /// The same from byte `offset` of the file on; leaves the current position where it is.
  void write_at(std::int64_t offset, std::span<const std::byte> data);
  /// Fills `data` from the current position. Throws IoError when the file ends first.
  void read(std::span<std::byte> data);
  /// The same from byte `offset` of the file on; leaves the current position where it is.
  void read_at(std::int64_t offset, std::span<std::byte> data) const;
  /// Returns when the content is on the disk. Throws IoError.
  void synchronize();
  /// Throws IoError when the system reports a write that failed late.
  void close();

 private:
  int descriptor_ = -1;
  std::string path_;
};

/// Puts the names in a folder on the disk: what was renamed there survives a power failure only
/// then. A folder that may be written but not read is left to the system. Throws IoError.
void synchronize_folder(const std::string& path);

/// All bytes of a file, as a text. Throws MissingInputError, IoError: "PATH: cannot open: …".
std::string read_text_file(const std::string& path);

/// The system's words for an errno, as strerror gives them, but safe with threads.
std::string system_message(int error_number);

}  // namespace lockstep
