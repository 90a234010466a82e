#include "core/data/csv_lines.hpp"

#include <algorithm>
#include <cassert>
#include <span>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

constexpr Index kChunk = Index{1} << 20;
constexpr Index kFirstTailChunk = Index{1} << 10;
constexpr Index kLargestTailChunk = Index{1} << 16;
constexpr Index kLongestLine = Index{1} << 26;

DataError too_long() { return DataError("a line is longer than 64 MiB"); }

}  // namespace

CsvLineReader::CsvLineReader(RangeFile& file, Range range, Index body_begin)
    : file_(file),
      range_(range),
      buffer_begin_(range.begin),
      line_begin_(range.begin),
      tail_chunk_(kFirstTailChunk) {
  assert(body_begin <= range.begin && range.end <= file.size());
  if (!range_.empty() && range_.begin > body_begin) skip_partial_line();
}

/// Appends a piece of the file to the buffer: large ones inside the range, small ones after it.
bool CsvLineReader::read_more() {
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

/// The line that reaches into the range from before belongs to another reader.
void CsvLineReader::skip_partial_line() {
  // The byte before the range tells whether a line begins at the range's first byte.
  buffer_begin_ = range_.begin - 1;
  while (buffer_end() < range_.end) {
    buffer_begin_ = buffer_end();
    buffer_.clear();
    read_more();
    const std::size_t newline = buffer_.find('\n');
    if (newline == std::string::npos) continue;
    line_begin_ = buffer_begin_ + static_cast<Index>(newline) + 1;
    if (line_begin_ > range_.begin) ++newlines_;
    return;
  }
  line_begin_ = range_.end;
}

bool CsvLineReader::next(std::string_view& line) {
  if (line_begin_ >= range_.end) return false;
  line_index_ = newlines_;
  Index scanned = line_begin_;
  std::size_t length = 0;
  for (;;) {
    const auto from = static_cast<std::size_t>(scanned - buffer_begin_);
    const std::size_t newline = buffer_.find('\n', from);
    if (newline != std::string::npos) {
      length = newline - static_cast<std::size_t>(line_begin_ - buffer_begin_);
      break;
    }
    scanned = buffer_end();
    if (scanned - line_begin_ > kLongestLine) throw too_long();
    buffer_.erase(0, static_cast<std::size_t>(line_begin_ - buffer_begin_));
    buffer_begin_ = line_begin_;
    if (!read_more()) {
      length = buffer_.size();
      break;
    }
  }
  if (static_cast<Index>(length) > kLongestLine) throw too_long();
  line = std::string_view(buffer_).substr(static_cast<std::size_t>(line_begin_ - buffer_begin_),
                                          length);
  const Index line_end = line_begin_ + static_cast<Index>(length);
  if (line_end < range_.end) ++newlines_;
  line_begin_ = line_end + 1;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return true;
}

}  // namespace lockstep
