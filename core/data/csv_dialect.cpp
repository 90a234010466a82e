#include "core/data/csv_dialect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/data/class_labels.hpp"
#include "core/data/csv_fields.hpp"

namespace lockstep {
namespace {

/// The number of fields of all records, where it is the same; otherwise 0.
std::size_t common_fields(std::span<const std::string> records, char delimiter) {
  CsvFieldReader reader(delimiter);
  std::vector<CsvField> fields;
  std::size_t common = 0;
  for (const std::string& record : records) {
    if (reader.take_all(record, fields)) return 0;
    if (common == 0) common = fields.size();
    if (fields.size() != common) return 0;
  }
  return common;
}

/// The delimiter that makes most fields of all records, or 0 where none makes several.
char delimiter_of(std::span<const std::string> records) {
  char best = 0;
  std::size_t most = 1;
  for (const char delimiter : kCsvDelimiters) {
    const std::size_t fields = common_fields(records, delimiter);
    if (fields <= most) continue;
    most = fields;
    best = delimiter;
  }
  return best;
}

char find_delimiter(std::span<const std::string> records) {
  if (const char of_all = delimiter_of(records)) return of_all;
  const char of_first = delimiter_of(records.first(std::min<std::size_t>(records.size(), 1)));
  return of_first != 0 ? of_first : kCsvDelimiters.front();
}

bool is_number(const std::string& text) {
  double ignored = 0;
  return parse_csv_number(text, ignored);
}

/// The cells of a record; none where it is not CSV, which whoever reads it as a row will say.
std::vector<std::string> cells_of(const std::string& record, char delimiter) {
  std::vector<CsvField> fields;
  CsvFieldReader reader(delimiter);
  if (reader.take_all(record, fields)) return {};
  std::vector<std::string> cells;
  cells.reserve(fields.size());
  for (const CsvField& field : fields) cells.emplace_back(field.text);
  return cells;
}

using Rows = std::vector<std::vector<std::string>>;  // of cells

/// Whether column j of all but the first of the rows is numbers; empty cells are not looked at.
bool holds_numbers(const Rows& rows, std::size_t j) {
  bool any = false;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (j >= rows[i].size() || rows[i][j].empty()) continue;
    if (!is_number(rows[i][j])) return false;
    any = true;
  }
  return any;
}

bool find_header(const Rows& rows) {
  // A few rows of numbers may begin with 0 and 1 by chance.
  constexpr std::size_t kFewestPositions = 3;
  std::size_t numbers = 0;  // columns of numbers that begin with one
  std::size_t from_0 = 0;   // of these, the ones that begin with their position
  std::size_t from_1 = 0;
  for (std::size_t j = 0; j < rows.front().size(); ++j) {
    const std::string& first = rows.front()[j];
    if (first.empty() || !holds_numbers(rows, j)) continue;
    if (!is_number(first)) return true;
    ++numbers;
    if (first == fmt::format("{}", j)) ++from_0;
    if (first == fmt::format("{}", j + 1)) ++from_1;
  }
  const bool are_positions = from_0 == numbers || from_1 == numbers;
  return numbers == 0 || (are_positions && numbers >= kFewestPositions);
}

/// Nothing but its place says that the first row names the columns, and a name is a cell below it.
bool is_doubtful(const Rows& rows) {
  for (std::size_t j = 0; j < rows.front().size(); ++j) {
    if (holds_numbers(rows, j)) return false;
  }
  for (std::size_t j = 0; j < rows.front().size(); ++j) {
    const std::string& name = rows.front()[j];
    const auto is_name = [&](const auto& row) { return j < row.size() && row[j] == name; };
    if (!name.empty() && std::any_of(rows.begin() + 1, rows.end(), is_name)) return true;
  }
  return false;
}

}  // namespace

CsvDialect find_csv_dialect(std::span<const std::string> records, std::optional<char> delimiter,
                            CsvHeader header) {
  CsvDialect dialect;
  dialect.delimiter = delimiter ? *delimiter : find_delimiter(records);
  dialect.has_header = header != CsvHeader::no;
  if (header != CsvHeader::automatic || records.empty()) return dialect;
  Rows rows;
  for (const std::string& record : records) rows.push_back(cells_of(record, dialect.delimiter));
  dialect.has_header = find_header(rows);
  dialect.is_doubtful = dialect.has_header && is_doubtful(rows);
  return dialect;
}

}  // namespace lockstep
