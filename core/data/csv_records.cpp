#include "core/data/csv_records.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <span>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

/// So much of a file is taken at a time: it stays in a processor's cache until it is parsed.
constexpr Index kChunk = Index{1} << 18;
constexpr Index kFirstTailChunk = Index{1} << 10;
constexpr Index kLargestTailChunk = Index{1} << 16;
constexpr Index kLongestRecord = Index{1} << 26;

DataError too_long() { return DataError("a row is longer than 64 MiB"); }

Index count_newlines(std::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

CsvCounts count_csv(RangeFile& file, Range range) {
  CsvCounts counts;
  std::string buffer(static_cast<std::size_t>(std::min(kChunk, range.size())), '\0');
  for (Index at = range.begin; at < range.end; at += kChunk) {
    const auto size = static_cast<std::size_t>(std::min(kChunk, range.end - at));
    file.read_at(at, std::span<char>(buffer).first(size));
    for (std::string_view rest(buffer.data(), size); !rest.empty();) {
      const std::size_t quote = std::min(rest.find('"'), rest.size());
      const Index newlines = count_newlines(rest.substr(0, quote));
      counts.newlines += newlines;
      if (counts.quotes % 2 == 0) counts.even_newlines += newlines;
      if (quote == rest.size()) break;
      ++counts.quotes;
      rest.remove_prefix(quote + 1);
    }
  }
  return counts;
}

CsvRecordReader::CsvRecordReader(RangeFile& file, Range range, Index body_begin, bool begins_quoted)
    : file_(file),
      range_(range),
      buffer_begin_(range.begin),
      next_begin_(range.begin),
      tail_chunk_(kFirstTailChunk) {
  assert(body_begin <= range.begin && range.end <= file.size());
  if (range_.empty() || range_.begin == body_begin) return;
  if (!begins_quoted) {
    // The byte before the range tells whether a record begins at the range's first byte.
    char before = 0;
    file_.read_at(range_.begin - 1, std::span<char>(&before, 1));
    if (before == '\n') return;
  }
  skip_partial_record(begins_quoted);
}

/// Appends a piece of the file to the buffer: large ones inside the range, small ones after it.
bool CsvRecordReader::read_more() {
  const Index at = buffer_end();
  Index n = 0;
  if (at < range_.end) {
    n = std::min(kChunk, range_.end - at);
  } else {
    n = std::min(tail_chunk_, file_.size() - at);
    tail_chunk_ = std::min(2 * tail_chunk_, kLargestTailChunk);
  }
  if (n == 0) return false;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + static_cast<std::size_t>(n));
  file_.read_at(at, std::span<char>(buffer_).subspan(kept));
  return true;
}

void CsvRecordReader::drop_before(Index place) {
  buffer_.erase(0, static_cast<std::size_t>(place - buffer_begin_));
  buffer_begin_ = place;
}

std::string_view CsvRecordReader::text(Index begin, Index end) const {
  return std::string_view(buffer_).substr(static_cast<std::size_t>(begin - buffer_begin_),
                                          static_cast<std::size_t>(end - begin));
}

/// Where the first c in [from, to) of the file stands, which is in the buffer; `to` without one.
Index CsvRecordReader::find(char c, Index from, Index to) const {
  const std::size_t at = text(from, to).find(c);
  return at == std::string_view::npos ? to : from + static_cast<Index>(at);
}

/// The record that reaches into the range from before belongs to another reader.
void CsvRecordReader::skip_partial_record(bool quoted) {
  for (Index at = range_.begin; at < range_.end;) {
    drop_before(buffer_end());
    read_more();
    while (at < buffer_end()) {
      const Index quote = find('"', at, buffer_end());
      if (quoted) {
        next_line_ += count_newlines(text(at, quote));
      } else if (const Index newline = find('\n', at, quote); newline < quote) {
        ++next_line_;
        next_begin_ = newline + 1;
        return;
      }
      at = quote;
      if (quote == buffer_end()) break;
      quoted = !quoted;
      ++at;
    }
  }
  next_begin_ = range_.end;
}

bool CsvRecordReader::next(CsvRecord& record) {
  if (next_begin_ >= range_.end) return false;
  constexpr Index kUnknown = -1;
  const Index begin = next_begin_;
  line_ = next_line_;
  Index at = begin;          // what is before has been looked at
  Index newline = kUnknown;  // the first from `at` on, unless it is less
  Index opening = kUnknown;  // the last quote that began a quoted part
  bool quoted = false;
  for (;;) {
    const Index limit = buffer_end();
    if (quoted) {
      at = find('"', at, limit);
      if (at < limit) {
        quoted = false;
        ++at;
        continue;
      }
    } else {
      if (newline < at) newline = find('\n', at, limit);
      const Index quote = find('"', at, newline);
      if (quote < newline) {
        opening = quote;
        quoted = true;
        at = quote + 1;
        continue;
      }
      at = newline;
      if (at < limit) break;
      newline = kUnknown;
    }
    if (limit - begin > kLongestRecord) break;
    drop_before(begin);
    if (!read_more()) break;
  }
  if (!quoted && at - begin > kLongestRecord) throw too_long();
  record.is_closed = !quoted;
  record.line = line_;
  record.text = text(begin, quoted ? find('\n', opening, buffer_end()) : at);
  next_begin_ = quoted ? file_.size() : at + 1;
  next_line_ += 1 + (opening == kUnknown ? 0 : count_newlines(record.text));
  if (!record.text.empty() && record.text.back() == '\r') record.text.remove_suffix(1);
  return true;
}

}  // namespace lockstep
