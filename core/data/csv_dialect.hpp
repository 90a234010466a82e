#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Whether the first record names the columns: to be found out, or known.
enum class CsvHeader { automatic, yes, no };

/// How the fields of a file are separated and named.
struct CsvDialect {
  char delimiter = ',';
  bool has_header = true;
  /// There is a header for want of a column of numbers, and a name of it is a cell of its column.
  bool is_doubtful = false;

  friend bool operator==(const CsvDialect&, const CsvDialect&) = default;
};

/// The delimiters that are known: comma, tab, semicolon, vertical bar.
inline constexpr std::string_view kCsvDelimiters = ",\t;|";

/// Finds out what is not known from the first records of a file, which are not blank.
///
/// The delimiter is the one that cuts all of them into equally many fields, at least two; of
/// several the one that makes most, then the first of kCsvDelimiters. Without any it is found in
/// the first record alone; without any there it is the comma.
///
/// There is a header where a column of numbers begins with something else; where all of them, three
/// at least, begin with their own positions (from 0 or from 1); and where no column is numbers.
CsvDialect find_csv_dialect(std::span<const std::string> records, std::optional<char> delimiter,
                            CsvHeader header);

}  // namespace lockstep
