#pragma once

#include <cstddef>
#include <string>

#include "core/base/types.hpp"

namespace lockstep {

/// A file that is read where it is, through the system's cache. Whether its bytes are good has to
/// be known before; a file that becomes shorter while it is mapped ends the program.
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
  Index size() const { return static_cast<Index>(size_); }

  /// Advice: these bytes, up to the end of the file, are going to be read. Thread-safe.
  void will_need(Index begin, Index end) const;

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lockstep
