#include "core/data/csv_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "core/data/decimal.hpp"

namespace lockstep {

void CsvFieldReader::begin(std::string_view record) {
  record_ = record;
  at_ = 0;
  has_next_ = true;
  column_ = 0;
  unquoted_.clear();
}

std::size_t CsvFieldReader::skip_blanks(std::size_t at) const {
  while (at < record_.size() && is_blank(record_[at])) ++at;
  return at;
}

/// The field ends at a delimiter or at the end of the record.
void CsvFieldReader::end_field(std::size_t end) {
  has_next_ = end < record_.size();
  at_ = end + 1;
  ++column_;
}

/// Takes the finite number at the start of [begin, end). Returns where it ends; nullptr when there
/// is none.
const char* CsvFieldReader::take_number(const char* begin, const char* end, double& value) {
  if (end - begin >= kDecimalReach) return take_decimal(begin, end, value);
  const auto [stop, code] = std::from_chars(begin, end, value);
  return code == std::errc{} && std::isfinite(value) ? stop : nullptr;
}

std::size_t CsvFieldReader::take_numbers(std::span<double> out) {
  const char* const begin = record_.data();
  const char* const end = begin + record_.size();
  std::size_t taken = 0;
  while (taken < out.size() && has_next_) {
    const char* at = begin + at_;
    while (at != end && is_blank(*at)) ++at;
    double value = 0;
    const char* const stop = take_number(at, end, value);
    if (stop == nullptr) break;
    at = stop;
    while (at != end && is_blank(*at)) ++at;
    if (at != end && *at != delimiter_) break;
    out[taken++] = value;
    end_field(static_cast<std::size_t>(at - begin));
  }
  return taken;
}

std::optional<CsvSyntaxError> CsvFieldReader::take(CsvField& field) {
  const std::size_t begin = skip_blanks(at_);
  const bool quote = begin < record_.size() && record_[begin] == '"';
  return quote ? take_quoted(begin, field) : take_plain(begin, field);
}

std::optional<CsvSyntaxError> CsvFieldReader::take_quoted(std::size_t opening, CsvField& field) {
  // Never grows below: the views into it stay valid.
  if (unquoted_.capacity() < record_.size()) unquoted_.reserve(record_.size());
  const std::size_t stored = unquoted_.size();
  std::size_t at = opening + 1;
  std::size_t piece = at;
  bool doubled = false;
  for (;;) {
    const std::size_t quote = record_.find('"', at);
    if (quote == std::string_view::npos) {
      return CsvSyntaxError{column_, opening, "expected a closing quote",
                            std::string(record_.substr(opening))};
    }
    at = quote + 1;
    if (at == record_.size() || record_[at] != '"') break;
    doubled = true;
    unquoted_.append(record_, piece, at - piece);
    piece = ++at;
  }
  field = {record_.substr(piece, at - 1 - piece), true, opening};
  if (doubled) {
    unquoted_.append(field.text);
    field.text = std::string_view(unquoted_).substr(stored);
  }
  const std::size_t end = skip_blanks(at);
  if (end < record_.size() && record_[end] != delimiter_) {
    return CsvSyntaxError{
        column_, opening,
        fmt::format("expected {} after the closing quote", delimiter_name(delimiter_)),
        std::string(record_.substr(end))};
  }
  end_field(end);
  return std::nullopt;
}

std::optional<CsvSyntaxError> CsvFieldReader::take_plain(std::size_t begin, CsvField& field) {
  const std::size_t delimiter = std::min(record_.find(delimiter_, begin), record_.size());
  std::size_t end = delimiter;
  while (end > begin && is_blank(record_[end - 1])) --end;
  field = {record_.substr(begin, end - begin), false, begin};
  if (field.text.find('"') != std::string_view::npos) {
    return CsvSyntaxError{column_, begin,
                          "expected no quote inside an unquoted field (quote the whole field and "
                          "double its quotes)",
                          std::string(field.text)};
  }
  end_field(delimiter);
  return std::nullopt;
}

std::optional<CsvSyntaxError> CsvFieldReader::take_all(std::string_view record,
                                                       std::vector<CsvField>& fields) {
  fields.clear();
  begin(record);
  while (has_next_) {
    if (auto error = take(fields.emplace_back())) return error;
  }
  return std::nullopt;
}

bool is_blank_record(std::string_view record, char delimiter) {
  return record.find_first_not_of(delimiter == '\t' ? " " : " \t") == std::string_view::npos;
}

std::string_view delimiter_name(char delimiter) {
  switch (delimiter) {
    case ';':
      return "a semicolon";
    case '\t':
      return "a tab";
    case '|':
      return "a vertical bar";
    default:
      return "a comma";
  }
}

std::string csv_field(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const bool plain = !text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos &&
                     kBlanks.find(text.front()) == std::string_view::npos &&
                     kBlanks.find(text.back()) == std::string_view::npos;
  if (plain) return std::string(text);
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

}  // namespace lockstep
