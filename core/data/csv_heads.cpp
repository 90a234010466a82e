#include "core/data/csv_heads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <sstream>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/csv_records.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

/// The dialect is found from the records that begin in so many bytes, but from no more than so
/// many.
constexpr Index kSampleBytes = Index{1} << 14;
constexpr std::size_t kSampleRecords = 100;

/// Where a file begins, after a byte order mark.
Index text_begin(RangeFile& file) {
  std::array<char, kByteOrderMark.size()> start{};
  if (file.size() <= static_cast<Index>(start.size())) return 0;
  file.read_at(0, std::span<char>(start));
  const bool marked = std::string_view(start.data(), start.size()) == kByteOrderMark;
  return marked ? static_cast<Index>(start.size()) : 0;
}

/// The beginning of one file.
class Head {
 public:
  explicit Head(const InputFile& input) : file_(input) {
    begin_ = text_begin(file_);
    const Range sample{begin_, std::min(begin_ + kSampleBytes, file_.size())};
    CsvRecordReader reader(file_, sample, begin_, false);
    CsvRecord record;
    while (records_.size() < kSampleRecords && next(reader, record)) {
      if (records_.empty()) check_first(record, reader.next_begin());
      // One that is not closed is reported with the rows.
      if (is_blank_record(record.text, '\t') || !record.is_closed) continue;
      records_.emplace_back(record.text);
    }
  }

  const std::vector<std::string>& records() const { return records_; }
  CsvBody body(bool has_header) const { return has_header ? after_first_ : CsvBody{begin_, 1}; }
  Index bytes_read() const { return file_.bytes_read(); }

 private:
  /// Records that are too long end the sample; they too are reported with the rows.
  bool next(CsvRecordReader& reader, CsvRecord& record) const {
    try {
      return reader.next(record);
    } catch (const DataError& too_long) {
      if (!records_.empty()) return false;
      throw DataError(fmt::format("{}:1: {}", file_.path(), too_long.what()));
    }
  }

  void check_first(const CsvRecord& record, Index next_begin) {
    if (is_blank_record(record.text, '\t')) {
      throw DataError(
          fmt::format("{}:1: expected the names of the columns or a row, found a blank "
                      "line",
                      file_.path()));
    }
    if (!record.is_closed) {
      throw DataError(fmt::format("{}:1: expected a closing quote, found {}", file_.path(),
                                  quoted(record.text)));
    }
    const auto newlines = std::count(record.text.begin(), record.text.end(), '\n');
    after_first_ = {std::min(next_begin, file_.size()), 2 + newlines};
  }

  RangeFile file_;
  Index begin_ = 0;
  CsvBody after_first_;
  std::vector<std::string> records_;
};

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

/// Whether the first record has the name of a feature that is to be found; or else, where the names
/// are those of a file without a header, has none.
bool names_columns(const CsvHeads& heads, const std::vector<std::string>& features) {
  CsvFieldReader reader(heads.dialect.delimiter);
  std::vector<CsvField> fields;
  if (reader.take_all(heads.first_record, fields)) return heads.dialect.has_header;
  const bool has_one = std::any_of(fields.begin(), fields.end(), [&](const CsvField& field) {
    return std::find(features.begin(), features.end(), field.text) != features.end();
  });
  if (has_one) return true;
  const std::vector<std::string> numbered =
      numbered_columns(heads.first_record, heads.dialect.delimiter);
  const bool are_numbered = std::all_of(features.begin(), features.end(), [&](const auto& name) {
    return std::find(numbered.begin(), numbered.end(), name) != numbered.end();
  });
  return heads.dialect.has_header && !are_numbered;
}

std::vector<std::string> names_of(const CsvHeads& heads, const std::string& path) {
  return heads.dialect.has_header
             ? parse_csv_header(heads.first_record, heads.dialect.delimiter, path)
             : numbered_columns(heads.first_record, heads.dialect.delimiter);
}

/// Rank-local.
CsvHeads read_heads(const std::vector<InputFile>& files, const CsvOptions& options) {
  CsvHeads heads;
  for (const InputFile& input : files) {
    const Head head(input);
    if (heads.bodies.empty()) {
      heads.dialect = find_csv_dialect(head.records(), options.delimiter, options.header);
      heads.first_record = head.records().front();
      if (options.header == CsvHeader::automatic && options.schema) {
        heads.dialect.has_header = names_columns(heads, options.schema->feature_names);
      }
      heads.names = names_of(heads, input.path);
    } else if (heads.dialect.has_header) {
      check_same_names(
          heads.names, files.front().path,
          parse_csv_header(head.records().front(), heads.dialect.delimiter, input.path),
          input.path);
    }
    heads.bodies.push_back(head.body(heads.dialect.has_header));
    heads.bytes_read += head.bytes_read();
  }
  return heads;
}

}  // namespace

CsvHeads read_csv_heads(Team& team, const std::vector<InputFile>& files,
                        const CsvOptions& options) {
  CsvHeads heads;
  guard(team, "reading the header", [&] {
    if (team.rank() == 0) heads = read_heads(files, options);
  });
  // The delimiter, one line of numbers, and the record, which may be several lines.
  std::string text(1, heads.dialect.delimiter);
  text += fmt::format("{:d} {:d}", heads.dialect.has_header, heads.dialect.is_doubtful);
  for (const CsvBody& body : heads.bodies) text += fmt::format(" {} {}", body.begin, body.line);
  text += '\n' + heads.first_record;
  broadcast_text(team, text, 0);
  if (team.rank() == 0) return heads;
  const std::size_t end = text.find('\n');
  heads.dialect.delimiter = text.front();
  std::istringstream numbers(text.substr(1, end - 1));
  numbers >> heads.dialect.has_header >> heads.dialect.is_doubtful;
  for (CsvBody body; numbers >> body.begin >> body.line;) heads.bodies.push_back(body);
  heads.first_record = text.substr(end + 1);
  heads.names = names_of(heads, files.front().path);
  return heads;
}

}  // namespace lockstep
