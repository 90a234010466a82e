#include "core/data/csv_fields.hpp"

#include <algorithm>
#include <cassert>

namespace lockstep {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t skip_blanks(std::string_view line, std::size_t at) {
  while (at < line.size() && is_blank(line[at])) ++at;
  return at;
}

}  // namespace

bool is_blank_line(std::string_view line) {
  return std::all_of(line.begin(), line.end(), is_blank);
}

std::optional<CsvSyntaxError> CsvFieldSplitter::split(std::string_view line,
                                                      std::vector<CsvField>& fields) {
  fields.clear();
  unquoted_.clear();
  // Never grows below: the views into it stay valid.
  if (unquoted_.capacity() < line.size()) unquoted_.reserve(line.size());
  std::size_t at = 0;
  for (;;) {
    const std::size_t begin = skip_blanks(line, at);
    const bool quote = begin < line.size() && line[begin] == '"';
    if (quote) at = begin;
    if (auto error = quote ? take_quoted(line, at, fields) : take_plain(line, at, fields)) {
      return error;
    }
    if (at == line.size()) return std::nullopt;
    ++at;  // the comma
  }
}

std::optional<CsvSyntaxError> CsvFieldSplitter::take_quoted(std::string_view line, std::size_t& at,
                                                            std::vector<CsvField>& fields) {
  const auto column = static_cast<Index>(fields.size());
  const std::size_t opening = at++;
  const std::size_t stored = unquoted_.size();
  std::size_t piece = at;
  bool doubled = false;
  for (;;) {
    const std::size_t quote = line.find('"', at);
    if (quote == std::string_view::npos) {
      return CsvSyntaxError{column,
                            "expected the closing quote on the same line (a field with a newline "
                            "is not supported)",
                            std::string(line.substr(opening))};
    }
    at = quote + 1;
    if (at == line.size() || line[at] != '"') break;
    doubled = true;
    unquoted_.append(line, piece, at - piece);
    piece = ++at;
  }
  std::string_view text = line.substr(piece, at - 1 - piece);
  if (doubled) {
    unquoted_.append(text);
    text = std::string_view(unquoted_).substr(stored);
  }
  const std::size_t end = skip_blanks(line, at);
  if (end < line.size() && line[end] != ',') {
    return CsvSyntaxError{column, "expected a comma after the closing quote",
                          std::string(line.substr(end))};
  }
  at = end;
  fields.push_back({text, true});
  return std::nullopt;
}

std::optional<CsvSyntaxError> CsvFieldSplitter::take_plain(std::string_view line, std::size_t& at,
                                                           std::vector<CsvField>& fields) {
  std::size_t begin = at;
  std::size_t end = std::min(line.find(',', at), line.size());
  at = end;
  begin = std::min(skip_blanks(line, begin), end);
  while (end > begin && is_blank(line[end - 1])) --end;
  const std::string_view text = line.substr(begin, end - begin);
  if (text.find('"') != std::string_view::npos) {
    return CsvSyntaxError{static_cast<Index>(fields.size()),
                          "expected no quote inside an unquoted field (quote the whole field and "
                          "double its quotes)",
                          std::string(text)};
  }
  fields.push_back({text, false});
  return std::nullopt;
}

std::string csv_field(std::string_view text) {
  assert(text.find('\n') == std::string_view::npos);
  const bool plain = !text.empty() && text.find_first_of(",\"\r") == std::string_view::npos &&
                     !is_blank(text.front()) && !is_blank(text.back());
  if (plain) return std::string(text);
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

}  // namespace lockstep
