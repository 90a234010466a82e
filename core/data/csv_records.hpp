#pragma once

#include <string>
#include <string_view>

#include "core/base/types.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {

/// What can be said of a range of bytes of a CSV file without knowing what is before it: all that
/// is needed to read it, once every range has been counted.
struct CsvCounts {
  Index quotes = 0;
  Index newlines = 0;       ///< all of them
  Index even_newlines = 0;  ///< those after an even number of the range's quotes

  /// Records that end in the range, which begins inside of a quoted field or not.
  Index record_ends(bool begins_quoted) const {
    return begins_quoted ? newlines - even_newlines : even_newlines;
  }
};

/// Reads the range once. Throws IoError.
CsvCounts count_csv(RangeFile& file, Range range);

/// One record of a file: what is between two newlines that stand outside of quotes.
struct CsvRecord {
  std::string_view text;  ///< without its end (LF or CRLF); valid until the next one is read
  Index line = 0;         ///< number of newlines in the range before it
  bool is_closed = true;  ///< false: a quote opens that nothing closes; the text is its first line
};

/// The records of a file whose first byte lies in a range of bytes.
///
/// A newline ends a record when an even number of quotes is before it, in the file's body as in the
/// record: quotes open a field, close it or stand doubled, and nowhere else. (Elsewhere they are
/// errors, which whoever takes the fields of the record finds.)
///
/// Ranges that cut a file give each record to exactly one of their readers, who reads on past the
/// end of the range for the rest of the last one. What it reads there is at most double that rest
/// (but at least 1 KiB), and never more than 64 KiB too much: all readers together read the file
/// hardly more than once.
class CsvRecordReader {
 public:
  /// Records begin in `range`, which is inside [body_begin, file.size()]; one begins at
  /// body_begin.
  /// @param begins_quoted  an odd number of quotes is between body_begin and the range
  CsvRecordReader(RangeFile& file, Range range, Index body_begin, bool begins_quoted);

  /// Gets the next record. Returns false after the last one. Throws IoError, and DataError when a
  /// record exceeds 64 MiB.
  bool next(CsvRecord& record);

  /// Number of newlines in the range before the record that `next` gave, or tried to give, last.
  Index line() const { return line_; }

  /// Where in the file the record after the last one begins, if there is one.
  Index next_begin() const { return next_begin_; }

 private:
  void skip_partial_record(bool quoted);
  bool read_more();
  void drop_before(Index place);
  Index find(char c, Index from, Index to) const;
  std::string_view text(Index begin, Index end) const;
  Index buffer_end() const { return buffer_begin_ + static_cast<Index>(buffer_.size()); }

  RangeFile& file_;
  Range range_;
  std::string buffer_;
  Index buffer_begin_;  ///< where in the file the buffer starts
  Index next_begin_;    ///< where in the file the next record starts
  Index line_ = 0;
  Index next_line_ = 0;
  Index tail_chunk_;
};

}  // namespace lockstep
