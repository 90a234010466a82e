#pragma once

#include <atomic>
#include <cstddef>
#include <ctime>
#include <string>

#include "core/base/types.hpp"
#include "core/format/file_descriptor.hpp"

namespace lockstep {

/// A file that is read where it is, through the system's cache. Whether its bytes are good has to
/// be known before. One that is changed may be noticed; a page that is not there any more, or that
/// the disk cannot read, is a SIGBUS.
class MappedFile {
 public:
  /// Throws MissingInputError, IoError.
  explicit MappedFile(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile(MappedFile&&) = delete;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  const char* at(Index byte) const { return static_cast<const char*>(data_) + byte; }
  /// What stands there, at a byte that suits its type.
  template <class V>
  const V* values_at(Index byte) const {
    return reinterpret_cast<const V*>(at(byte));
  }
  const std::string& path() const { return file_.path(); }

  /// The file has the size and the time of its last change that it had when it was mapped, and
  /// nobody has noted another. Thread-safe.
  bool is_unchanged() const;
  /// Its bytes are not what they were. Thread-safe.
  void note_change() const { is_changed_ = true; }
  /// Path of a file that is mapped at this address; null where none is. For signal handlers.
  static const char* path_at(const void* address) noexcept;

  /// Advice: these bytes, up to the end of the file, are going to be read. Thread-safe.
  ///
  /// From this advice on the system reads nothing else ahead. It would take a page that is missing
  /// for the first of many, read all around it, up to 8 MiB on some machines, and push what was
  /// asked for out of its cache.
  void will_need(Index begin, Index end) const;
  /// Advice: from now on, until the next `will_need`, all is read in order, as it is at first.
  /// Thread-safe.
  void will_go_through() const;

 private:
  FileDescriptor file_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
  timespec modified_{};
  mutable std::atomic<bool> is_changed_ = false;
  mutable std::atomic<bool> reads_on_request_ = false;
};

}  // namespace lockstep
