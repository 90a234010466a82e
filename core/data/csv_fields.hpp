#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// One field of a line: without its quotes, or without the blanks around it.
struct CsvField {
  std::string_view text;
  bool was_quoted = false;
};

/// Why a line is not CSV: an unfinished sentence, to be ended by the column and what was found.
struct CsvSyntaxError {
  Index column = 0;  ///< from 0
  std::string problem;
  std::string found;
};

/// Cuts lines into fields [RFC 4180], except that a field never spans lines: every newline ends a
/// row, so a rank can find rows from any byte of a file.
///
/// Fields are separated by commas. A quoted field may hold commas, and quotes that are doubled.
/// Blanks (space, tab) around a field do not belong to it, which RFC 4180 leaves to quoted ones.
class CsvFieldSplitter {
 public:
  /// Cuts `line`, which has no newline, into `fields`. They point into the line or into this
  /// splitter until its next call.
  std::optional<CsvSyntaxError> split(std::string_view line, std::vector<CsvField>& fields);

 private:
  std::optional<CsvSyntaxError> take_quoted(std::string_view line, std::size_t& at,
                                            std::vector<CsvField>& fields);
  std::optional<CsvSyntaxError> take_plain(std::string_view line, std::size_t& at,
                                           std::vector<CsvField>& fields);

  std::string unquoted_;  ///< the fields with doubled quotes, end to end
};

/// True when nothing but blanks is in `line`.
bool is_blank_line(std::string_view line);

/// `text` as a field that reads back the same: quoted only where it must be. Requires that the text
/// has no newline.
std::string csv_field(std::string_view text);

}  // namespace lockstep
