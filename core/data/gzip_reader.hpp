#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/data/range_file.hpp"

struct z_stream_s;

namespace lockstep {

/// True when the file starts with gzip's magic number 1f 8b, whatever its name.
bool is_gzip(RangeFile& file);

/// Inflates a gzip file from its beginning to its end, in bounded memory [RFC 1952]. Several
/// members, end to end, are one stream; their checksums are verified.
class GzipReader {
 public:
  explicit GzipReader(RangeFile& file);
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;
  GzipReader(GzipReader&&) = delete;
  GzipReader& operator=(GzipReader&&) = delete;
  ~GzipReader();

  /// Fills `out` and returns out.size(), or less when the stream ends.
  /// Throws DataError when the file is truncated or corrupt, or goes on after its last member;
  /// IoError.
  std::size_t read(std::span<std::byte> out);

 private:
  void refill();
  void next_member();
  bool at_end_of_file() const { return read_to_ == file_.size(); }
  Index position() const;

  RangeFile& file_;
  std::vector<std::byte> input_;
  Index read_to_ = 0;  ///< where the input buffer ends in the file
  std::unique_ptr<z_stream_s> stream_;
  bool finished_ = false;
};

}  // namespace lockstep
