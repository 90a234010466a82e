#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// One field of a record: without its quotes, or without the blanks around it.
struct CsvField {
  std::string_view text;
  bool was_quoted = false;
  std::size_t begin = 0;  ///< where it stands in the record, its opening quote included
};

/// Why a record is not CSV: an unfinished sentence, to be ended by the column and what was found.
struct CsvSyntaxError {
  Index column = 0;       ///< from 0
  std::size_t begin = 0;  ///< of the field, in the record
  std::string problem;
  std::string found;
};

/// Takes the fields of records one after another [RFC 4180].
///
/// A quoted field may hold delimiters, newlines, and quotes that are doubled. Blanks around a field
/// (spaces, and tabs unless they are the delimiter) do not belong to it, which RFC 4180 leaves to
/// quoted ones.
class CsvFieldReader {
 public:
  explicit CsvFieldReader(char delimiter = ',') : delimiter_(delimiter) {}

  /// Begins with the fields of `record`: at least one.
  void begin(std::string_view record);

  /// There is a field that has not been taken.
  bool has_next() const { return has_next_; }

  /// Takes fields as long as they are unquoted numbers as parse_csv_number reads them, but not
  /// more than out.size(). Returns how many: the quick way through a record of numbers.
  std::size_t take_numbers(std::span<double> out);

  /// Takes the next field. `field` points into the record or into this reader, until the next
  /// record begins.
  std::optional<CsvSyntaxError> take(CsvField& field);

  /// Takes all fields of `record`.
  std::optional<CsvSyntaxError> take_all(std::string_view record, std::vector<CsvField>& fields);

 private:
  bool is_blank(char c) const { return c == ' ' || (c == '\t' && delimiter_ != '\t'); }
  std::size_t skip_blanks(std::size_t at) const;
  void end_field(std::size_t end);
  const char* take_number(const char* begin, const char* end, double& value);
  std::optional<CsvSyntaxError> take_quoted(std::size_t opening, CsvField& field);
  std::optional<CsvSyntaxError> take_plain(std::size_t begin, CsvField& field);

  char delimiter_;
  std::string_view record_;
  std::size_t at_ = 0;  ///< where the next field begins
  bool has_next_ = false;
  Index column_ = 0;      ///< of the next field
  std::string unquoted_;  ///< the fields with doubled quotes, end to end
};

/// True when nothing but blanks is in `record`; a delimiter is none.
bool is_blank_record(std::string_view record, char delimiter);

/// "a comma", "a semicolon", "a tab", "a vertical bar".
std::string_view delimiter_name(char delimiter);

/// `text` as a field between commas that reads back the same: quoted only where it must be.
std::string csv_field(std::string_view text);

}  // namespace lockstep
