#include "core/data/libsvm_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/large_pages.hpp"
#include "core/data/decimal.hpp"
#include "core/data/libsvm_format.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

/// So much of a file is taken at a time: it stays in a processor's cache until it is parsed.
constexpr Index kChunk = Index{1} << 18;
constexpr std::size_t kLongestLine = std::size_t{1} << 26;
/// Digits of an index: as many as kMostSparseColumns has.
constexpr std::size_t kMostDigits = 8;

struct RowProblem {
  Index field;  ///< from 1; 0 for all of the line
  std::string text;
  bool is_of_row = true;  ///< otherwise of what all rows, or the model's, have
};

bool is_digit(char c) { return '0' <= c && c <= '9'; }
/// What may follow on a value.
bool ends_field(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '#'; }
bool is_zero(double value) { return std::bit_cast<std::uint64_t>(value) == 0; }

/// The field that begins at `at`, which is no blank.
std::string_view field_at(const char* at, const char* end) {
  const char* stop = at;
  while (stop != end && !is_libsvm_blank(*stop) && *stop != '#') ++stop;
  return {at, static_cast<std::size_t>(stop - at)};
}

struct Pair {
  Index index = 0;
  double value = 0;
};

/// Takes "index:value" from `at` on, which moves behind it. Returns false for anything else, where
/// `at` is anywhere. A byte that ends a field is at `end`, and the padding of a decimal behind it.
inline bool take_pair(const char*& at, const char* end, Pair& pair) {
  while (*at == '0' && is_digit(at[1])) ++at;
  const LeadingDigits index = leading_digits(at);
  at += index.count;
  if (index.count == 0 || *at != ':') return false;
  ++at;
  pair.index = static_cast<Index>(index.value);
  if (*at == '1' && ends_field(at[1])) {
    pair.value = 1;
    ++at;
    return true;
  }
  // As parse_csv_number: one plus may lead.
  if (*at == '+' && at[1] != '-' && at[1] != '+') ++at;
  at = take_decimal(at, end, pair.value);
  return at != nullptr && ends_field(*at);
}

/// Turns lines into rows at the end of a part. The cells of the part have room to be written to
/// until it is ended.
class RowParser {
 public:
  RowParser(const LibsvmRowOptions& options, ClassLabels& labels, LibsvmPart& part)
      : options_(options), labels_(labels), part_(part) {}

  /// Makes room for so many rows and cells.
  void reserve(Index rows, Index cells);

  /// Takes the row in [begin, end), or says why it is none. A byte that ends a field is at `end`.
  std::optional<RowProblem> parse(const char* begin, const char* end);

  /// The part has the rows that were taken, and no more.
  void finish() { resize_cells(begin_); }

 private:
  std::optional<RowProblem> parse_label(std::string_view label);
  std::optional<RowProblem> problem_of_pair(Index field, std::string_view text) const;
  std::optional<RowProblem> sort_row(std::string_view line);
  void make_room(std::string_view line);
  void resize_cells(std::size_t cells) {
    part_.values.columns.resize(cells);
    part_.values.numbers.resize(cells);
  }
  void add_cell(const Pair& pair) {
    part_.values.columns[end_] = static_cast<std::uint32_t>(pair.index);
    part_.values.numbers[end_] = pair.value;
    end_ += is_zero(pair.value) ? 0U : 1U;
  }

  const LibsvmRowOptions& options_;
  ClassLabels& labels_;
  LibsvmPart& part_;
  // Of the cells of the part, those of one row.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<std::pair<Pair, Index>> sorted_;  ///< with their fields
};

void RowParser::reserve(Index rows, Index cells) {
  const auto room = [](auto& values, Index size) {
    values.reserve(static_cast<std::size_t>(size));
    prefer_large_pages(values.data(), values.capacity() * sizeof(values[0]));
  };
  SparseValues& values = part_.values;
  room(values.begins, rows + 1);
  room(values.columns, cells);
  room(values.numbers, cells);
  if (options_.target_kind != TargetKind::none) room(part_.target, rows);
}

std::optional<RowProblem> RowParser::parse_label(std::string_view label) {
  double number = 0;
  if (!parse_csv_number(label, number)) {
    const bool several = label.find(',') != std::string_view::npos;
    return RowProblem{
        1, fmt::format("expected {}, found {}",
                       several ? "one label a row" : "a number as the label", quoted(label))};
  }
  if (options_.target_kind == TargetKind::none) return std::nullopt;
  if (options_.target_kind == TargetKind::classes) {
    const std::optional<Index> code = labels_.code(label);
    if (!code) {
      return RowProblem{1,
                        fmt::format("class {} in column {} does not occur in the training data",
                                    quoted(label), quoted(options_.target_name)),
                        false};
    }
    if (labels_.too_many()) return RowProblem{1, too_many_classes(options_.target_name), false};
    number = static_cast<double>(*code);
  }
  part_.target.push_back(number);
  return std::nullopt;
}

/// What is wrong with a field, which is not taken or has an index that is out of bounds.
std::optional<RowProblem> RowParser::problem_of_pair(Index field, std::string_view text) const {
  const std::string found = quoted(text);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return RowProblem{field, "expected index:value, found " + found};
  }
  std::string_view index = text.substr(0, colon);
  if (index == "qid") {
    const std::string_view query = text.substr(colon + 1);
    const bool is_number = !query.empty() && std::all_of(query.begin(), query.end(), is_digit);
    if (field == 2 && is_number) return std::nullopt;
    return RowProblem{field, field == 2 ? "expected a whole number after qid:, found " + found
                                        : "expected qid behind the label alone, found " + found};
  }
  if (index.empty() || !std::all_of(index.begin(), index.end(), is_digit)) {
    return RowProblem{field,
                      fmt::format("expected an index that is a whole number from {} on, found {}",
                                  options_.first_index, found)};
  }
  index.remove_prefix(std::min(index.find_first_not_of('0'), index.size() - 1));
  Index number = kMostSparseColumns;
  if (index.size() <= kMostDigits) {
    std::from_chars(index.data(), index.data() + index.size(), number);
  }
  if (number >= kMostSparseColumns) {
    return RowProblem{
        field, fmt::format("expected an index below {}, found {}", kMostSparseColumns, found)};
  }
  if (number < options_.first_index) {
    return RowProblem{field, fmt::format("expected an index from {} on (data.index_base), found {}",
                                         options_.first_index, found)};
  }
  return RowProblem{field, "expected a number as the value, found " + found};
}

/// Takes the pairs of a row again, in the order of their indices.
std::optional<RowProblem> RowParser::sort_row(std::string_view line) {
  sorted_.clear();
  LibsvmFields fields(line);
  fields.next();
  Index number = 1;
  for (std::string_view field; !(field = fields.next()).empty();) {
    ++number;
    const char* at = field.data();
    Pair pair;
    if (take_pair(at, field.data() + field.size(), pair)) sorted_.emplace_back(pair, number);
  }
  std::sort(sorted_.begin(), sorted_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.index, a.second) < std::pair(b.first.index, b.second);
  });
  std::optional<RowProblem> problem;
  for (std::size_t i = 1; i < sorted_.size(); ++i) {
    const auto& [before, first_field] = sorted_[i - 1];
    const auto& [pair, field] = sorted_[i];
    if (before.index != pair.index || (problem && problem->field < field)) continue;
    problem = RowProblem{field, fmt::format("expected each index once, found {} as in field {}",
                                            pair.index, first_field)};
  }
  end_ = begin_;
  for (const auto& [pair, field] : sorted_) add_cell(pair);
  return problem;
}

/// For the pairs of a line.
void RowParser::make_room(std::string_view line) {
  const std::size_t room = part_.values.columns.size() - begin_;
  if (room >= line.size() / 4 + 1) return;  // "0:0 "
  const auto pairs = static_cast<std::size_t>(std::count(line.begin(), line.end(), ':'));
  if (room >= pairs) return;
  // All that is there at once, or twice as much.
  resize_cells(std::max(begin_ + pairs, part_.values.columns.capacity()));
}

std::optional<RowProblem> RowParser::parse(const char* const begin, const char* const end) {
  const std::string_view line(begin, static_cast<std::size_t>(end - begin));
  const char* at = begin;
  while (is_libsvm_blank(*at)) ++at;
  const std::string_view label = field_at(at, end);
  if (auto problem = parse_label(label)) return problem;
  at += label.size();
  make_room(line);
  end_ = begin_;
  Index previous = -1;
  Index smallest = std::numeric_limits<Index>::max();
  Index largest = -1;
  bool ascends = true;
  for (Index field = 2;; ++field) {
    while (is_libsvm_blank(*at)) ++at;
    if (at == end || *at == '#') break;
    const char* const field_begin = at;
    Pair pair;
    if (!take_pair(at, end, pair) || pair.index < options_.first_index ||
        pair.index >= kMostSparseColumns) {
      const std::string_view text = field_at(field_begin, end);
      if (auto problem = problem_of_pair(field, text)) return problem;
      at = text.data() + text.size();
      continue;
    }
    ascends = ascends && pair.index > previous;
    previous = pair.index;
    smallest = std::min(smallest, pair.index);
    largest = std::max(largest, pair.index);
    add_cell(pair);
  }
  part_.smallest_index = std::min(part_.smallest_index, smallest);
  if (largest > part_.largest_index) {
    part_.largest_index = largest;
    part_.largest_row = part_.rows;
  }
  if (!ascends) {
    if (auto problem = sort_row(line)) return problem;
  }
  begin_ = end_;
  Buffer<Index>& begins = part_.values.begins;
  if (begins.empty()) begins.push_back(0);
  begins.push_back(static_cast<Index>(end_));
  ++part_.rows;
  return std::nullopt;
}

/// The lines of a piece, one after another.
class LineReader {
 public:
  LineReader(RangeFile& file, Range bytes) : file_(file), bytes_(bytes), at_(bytes.begin) {}

  /// Gets the next line, behind which '\n' stands, and the padding of a decimal. Returns false
  /// after the last one; a line of more than 64 MiB is cut there.
  bool next(std::string_view& line);

 private:
  /// Appends a piece of the file to what has not been given.
  void read_more();

  RangeFile& file_;
  Range bytes_;
  Index at_;  ///< what is before is in the buffer
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of the next line, in the buffer
  std::size_t end_ = 0;    ///< of what the buffer holds
};

void LineReader::read_more() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const auto size = static_cast<std::size_t>(std::min(kChunk, bytes_.end - at_));
  const std::size_t room = end_ + size + 1 + kDecimalPadding;
  if (buffer_.size() < room) buffer_.resize(room);
  file_.read_at(at_, std::span<char>(buffer_).subspan(end_, size));
  at_ += static_cast<Index>(size);
  end_ += size;
  if (at_ == bytes_.end && buffer_[end_ - 1] != '\n') buffer_[end_++] = '\n';
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = begin_;
  for (;;) {
    const void* found =
        searched < end_ ? std::memchr(buffer_.data() + searched, '\n', end_ - searched) : nullptr;
    if (found != nullptr) {
      const char* const begin = buffer_.data() + begin_;
      line = {begin, static_cast<std::size_t>(static_cast<const char*>(found) - begin)};
      begin_ += line.size() + 1;
      return true;
    }
    line = std::string_view(buffer_).substr(begin_, end_ - begin_);
    if (line.size() > kLongestLine) return true;
    if (at_ == bytes_.end) return false;
    searched = end_ - begin_;
    read_more();
  }
}

/// Something stands in a line, before a comment.
bool has_row(std::string_view line) {
  const auto first = std::find_if_not(line.begin(), line.end(), is_libsvm_blank);
  return first != line.end() && *first != '#';
}

/// Reads the pieces of a part one after another.
class PartReader {
 public:
  PartReader(RowParser& parser, const BadRowRules& rules, LibsvmPart& part)
      : parser_(parser), rules_(rules), rows_(rules), part_(part) {}

  /// Returns false at the first failure.
  bool read(const LibsvmPiece& piece, RangeFile& file);

 private:
  bool take(std::string_view line, Index number);

  RowParser& parser_;
  const BadRowRules& rules_;
  BadRowWalk rows_;
  LibsvmPart& part_;
};

/// Takes the row in a line; false when it is a failure.
bool PartReader::take(std::string_view line, Index number) {
  auto problem = parser_.parse(line.data(), line.data() + line.size());
  if (!problem) return true;
  const LibsvmPlace place{static_cast<Index>(part_.pieces.size()) - 1, number, problem->field};
  if (!rules_.leaves_out() || !problem->is_of_row) {
    part_.failure = LibsvmFailure{place, std::move(problem->text)};
    return false;
  }
  part_.bad_rows.push_back({rows_.number(), "", std::move(problem->text), std::string(line)});
  part_.bad_places.push_back(place);
  return true;
}

bool PartReader::read(const LibsvmPiece& piece, RangeFile& file) {
  part_.pieces.push_back({piece.file});
  LibsvmPieceCount& count = part_.pieces.back();
  LineReader lines(file, piece.bytes);
  for (std::string_view line; lines.next(line);) {
    const Index number = ++count.lines;
    if (line.size() > kLongestLine) {
      part_.failure = LibsvmFailure{{static_cast<Index>(part_.pieces.size()) - 1, number, 0},
                                    "a row is longer than 64 MiB"};
      return false;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!has_row(line)) continue;
    if (count.rows++ == 0) count.first_line = number;
    count.last_line = number;
    if (!rows_.next_is_bad() && !take(line, number)) return false;
  }
  return true;
}

}  // namespace

std::string libsvm_place(const std::string& path, Index line, Index field) {
  return field == 0 ? fmt::format("{}:{}", path, line) : fmt::format("{}:{}:{}", path, line, field);
}

LibsvmPart read_libsvm_part(const std::vector<InputFile>& files,
                            const std::vector<LibsvmPiece>& pieces, const LibsvmRowOptions& options,
                            const BadRowRules& bad_rows, ClassLabels& labels) {
  LibsvmPart part;
  RowParser parser(options, labels, part);
  LibsvmSize all;
  for (const LibsvmPiece& piece : pieces) {
    RangeFile file(files[static_cast<std::size_t>(piece.file)]);
    const LibsvmSize size = size_of_piece(file, piece);
    all.lines += size.lines;
    all.colons += size.colons;
    part.bytes_read += file.bytes_read();
  }
  if (!pieces.empty()) parser.reserve(all.lines, all.colons);
  PartReader reader(parser, bad_rows, part);
  for (const LibsvmPiece& piece : pieces) {
    RangeFile file(files[static_cast<std::size_t>(piece.file)]);
    const bool whole = reader.read(piece, file);
    part.bytes_read += file.bytes_read();
    if (!whole) break;
  }
  parser.finish();
  return part;
}

}  // namespace lockstep
