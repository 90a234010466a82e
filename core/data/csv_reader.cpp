#include "core/data/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <sstream>
#include <utility>

#include "core/base/error.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/csv_lines.hpp"
#include "core/data/csv_part_reader.hpp"
#include "core/data/gzip_reader.hpp"
#include "core/data/range_file.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

/// What rank 0 finds at the head of the files.
struct Heads {
  std::string header;             ///< the first line of the first file
  std::vector<Index> body_begin;  ///< per file: where its second line begins
  Index bytes_read = 0;
};

std::string take_header(const InputFile& input, Heads& heads) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  RangeFile file(input);
  if (is_gzip(file)) {
    throw DataError(
        fmt::format("{}: a gzip file, but CSV is read uncompressed; run gunzip on it", input.path));
  }
  std::array<char, kByteOrderMark.size()> start{};
  Index begin = 0;
  if (file.size() > static_cast<Index>(start.size())) {
    file.read_at(0, std::span<char>(start));
    if (std::string_view(start.data(), start.size()) == kByteOrderMark) begin = start.size();
  }
  CsvLineReader lines(file, {begin, begin + 1}, begin);
  std::string_view header;
  lines.next(header);
  if (is_blank_line(header)) {
    throw DataError(
        fmt::format("{}:1: expected a header with the names of the columns, found a "
                    "blank line",
                    input.path));
  }
  heads.body_begin.push_back(std::min(lines.next_begin(), file.size()));
  heads.bytes_read += file.bytes_read();
  return std::string(header);
}

void check_same_names(const std::vector<std::string>& first, const std::string& first_path,
                      const std::vector<std::string>& names, const std::string& path) {
  if (names == first) return;
  const std::size_t both = std::min(first.size(), names.size());
  const auto differs =
      std::mismatch(first.begin(), first.begin() + static_cast<Index>(both), names.begin());
  const auto at = static_cast<std::size_t>(differs.first - first.begin());
  const auto shown = [&](const std::vector<std::string>& list) {
    return at < list.size() ? "column " + quoted(list[at]) : std::string("the end of the line");
  };
  throw DataError(fmt::format("{}:1:{}: expected {} as in {}, found {}", path, at + 1, shown(first),
                              first_path, shown(names)));
}

/// Reads the headers of all files and checks that they agree. Rank-local.
Heads read_heads(const std::vector<InputFile>& files) {
  Heads heads;
  std::vector<std::string> first;
  for (const InputFile& file : files) {
    const std::string header = take_header(file, heads);
    const std::vector<std::string> names = parse_csv_header(header, file.path);
    if (first.empty()) {
      first = names;
      heads.header = header;
    }
    check_same_names(first, files.front().path, names, file.path);
  }
  return heads;
}

/// The heads as rank 0 found them, on every rank. *Collective*.
Heads share_heads(Team& team, const std::vector<InputFile>& files) {
  Heads heads;
  guard(team, "reading the header", [&] {
    if (team.rank() == 0) heads = read_heads(files);
  });
  std::string text;
  for (const Index begin : heads.body_begin) text += fmt::format("{} ", begin);
  text += '\n' + heads.header;
  broadcast_text(team, text, 0);
  if (team.rank() == 0) return heads;
  heads.header = text.substr(text.find('\n') + 1);
  std::istringstream numbers(text.substr(0, text.find('\n')));
  for (Index begin = 0; numbers >> begin;) heads.body_begin.push_back(begin);
  return heads;
}

/// Part `rank` of the bytes after the headers, cut at the borders of files.
std::vector<CsvPiece> pieces_of(const std::vector<InputFile>& files, const Heads& heads, int size,
                                int rank) {
  Index total = 0;
  for (std::size_t f = 0; f < files.size(); ++f) total += files[f].size - heads.body_begin[f];
  const Range mine = even_part(total, size, rank);
  std::vector<CsvPiece> pieces;
  Index before = 0;  // bytes of the bodies before this file
  for (std::size_t f = 0; f < files.size(); ++f) {
    const Index body = heads.body_begin[f];
    const Index bytes = files[f].size - body;
    const Range cut{std::clamp(mine.begin - before, Index{0}, bytes) + body,
                    std::clamp(mine.end - before, Index{0}, bytes) + body};
    if (!cut.empty()) pieces.push_back({static_cast<Index>(f), cut, body});
    before += bytes;
  }
  return pieces;
}

}  // namespace

CsvTable read_csv(Team& team, const std::vector<InputFile>& files, const CsvOptions& options) {
  assert(!files.empty());
  const Heads heads = share_heads(team, files);
  const CsvColumns columns = assign_csv_columns(parse_csv_header(heads.header, files.front().path),
                                                options, files.front().path);
  const TableSchema& schema = columns.schema;
  CsvPartReader reader(team, files, pieces_of(files, heads, team.size(), team.rank()), columns,
                       options);
  reader.read();

  CsvTable result;
  Table& table = result.table;
  table.feature_types = reader.agree_on_types();
  result.notes = reader.notes();
  table.places = reader.places();
  CsvPart& part = reader.part();
  table.rows.begin = exclusive_scan(team, part.rows);
  table.rows.end = table.rows.begin + part.rows;
  table.total_rows = sum_over(team, part.rows);
  table.features = static_cast<Index>(schema.feature_names.size());
  table.feature_names = schema.feature_names;
  table.target_kind = schema.target_kind;
  table.target_name = schema.target_name;
  table.values = std::move(part.values);
  table.target = std::move(part.target);
  if (schema.target_kind == TargetKind::classes) {
    ClassLabels& labels = reader.labels();
    labels.agree(team);
    if (labels.names().size() > ClassLabels::kMostClasses) {
      throw DataError(name_of(files) + ": " + too_many_classes(schema.target_name));
    }
    table.class_names = labels.names();
    for (double& code : table.target) {
      code = static_cast<double>(labels.index_of_code(static_cast<Index>(code)));
    }
  }
  result.extra_columns = columns.extra;
  result.bytes_read = heads.bytes_read + reader.bytes_read();
  return result;
}

}  // namespace lockstep
