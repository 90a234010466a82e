#pragma once

#include <string>
#include <string_view>

#include "core/base/types.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {

/// The lines of a file whose first byte lies in a range of bytes.
///
/// Ranges that cut a file give each line to exactly one of their readers, who reads on past the end
/// of the range for the rest of the last line. What it reads there is at most double that rest (but
/// at least 1 KiB), and never more than 64 KiB too much: all readers together read the file hardly
/// more than once.
class CsvLineReader {
 public:
  /// Lines begin in `range`, which is inside [body_begin, file.size()]; a line begins at
  /// body_begin.
  CsvLineReader(RangeFile& file, Range range, Index body_begin);

  /// Gets the next line, without its end (LF or CRLF); it is valid until the next call. Returns
  /// false after the last one. Throws IoError, and DataError when a line exceeds 64 MiB.
  bool next(std::string_view& line);

  /// Number of newlines in the range before the line that `next` gave last.
  Index line_index() const { return line_index_; }

  /// Where in the file the line after the last one begins, if there is one.
  Index next_begin() const { return line_begin_; }

  /// Number of newlines in the range, after `next` has returned false.
  Index newlines() const { return newlines_; }

 private:
  bool read_more();
  void skip_partial_line();
  Index buffer_end() const { return buffer_begin_ + static_cast<Index>(buffer_.size()); }

  RangeFile& file_;
  Range range_;
  std::string buffer_;
  Index buffer_begin_;  ///< where in the file the buffer starts
  Index line_begin_;    ///< where in the file the next line starts
  Index newlines_ = 0;
  Index line_index_ = 0;
  Index tail_chunk_;
};

}  // namespace lockstep
