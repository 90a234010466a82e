#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "core/data/file_list.hpp"
#include "core/format/file_descriptor.hpp"

namespace lockstep {

/// A file that is read in pieces at given places, and counts what it has read; or the content of a
/// gzip file (inflated_files), which is inflated from its beginning: cheap are pieces in ascending
/// order.
class RangeFile {
 public:
  /// Throws MissingInputError when the file cannot be opened (any more).
  explicit RangeFile(const InputFile& file);
  RangeFile(const RangeFile&) = delete;
  RangeFile& operator=(const RangeFile&) = delete;
  RangeFile(RangeFile&&) = delete;
  RangeFile& operator=(RangeFile&&) = delete;
  ~RangeFile();

  const std::string& path() const { return descriptor_.path(); }
  Index size() const { return size_; }

  /// Fills `out` with the bytes from `offset`. Requires offset + out.size() ≤ size().
  /// Throws IoError when the system cannot read or the file became shorter, DataError when it can
  /// no longer be inflated.
  void read_at(Index offset, std::span<std::byte> out);
  void read_at(Index offset, std::span<char> out) { read_at(offset, std::as_writable_bytes(out)); }

  Index bytes_read() const { return bytes_read_; }

 private:
  class Inflated;
  void read_inflated(Index offset, std::span<std::byte> out);

  FileDescriptor descriptor_;
  std::unique_ptr<Inflated> inflated_;
  Index packed_size_;  ///< 0: the file as it is
  Index size_;
  Index bytes_read_ = 0;
};

}  // namespace lockstep
