#include "core/data/libsvm_pieces.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/utf8.hpp"
#include "core/data/range_file.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

constexpr Index kChunk = Index{1} << 18;

/// Where the first line begins that does so at `at` or behind; the end of the file without one.
Index begin_of_line(RangeFile& file, Index at) {
  constexpr Index kFirstStep = Index{1} << 9;
  constexpr Index kLargestStep = Index{1} << 16;
  if (at == 0) return 0;
  std::string buffer;
  --at;
  for (Index step = kFirstStep; at < file.size(); step = std::min(2 * step, kLargestStep)) {
    buffer.resize(static_cast<std::size_t>(std::min(step, file.size() - at)));
    file.read_at(at, std::span<char>(buffer));
    const std::size_t newline = buffer.find('\n');
    if (newline != std::string::npos) return at + static_cast<Index>(newline) + 1;
    at += static_cast<Index>(buffer.size());
  }
  return file.size();
}

/// The bytes of a mark that says nothing but "UTF-8" at the start of a file.
Index byte_order_mark(RangeFile& file) {
  std::string start(static_cast<std::size_t>(std::min<Index>(kByteOrderMark.size(), file.size())),
                    '\0');
  file.read_at(0, std::span<char>(start));
  return start == kByteOrderMark ? static_cast<Index>(kByteOrderMark.size()) : 0;
}

/// Adds the newlines and colons of `text` to those of a piece, a block after another whose counts
/// fit a byte: so many can be counted at once.
void count(std::span<const char> text, LibsvmPiece& piece) {
  constexpr std::size_t kBlock = 192;
  while (!text.empty()) {
    const std::span<const char> block = text.first(std::min(kBlock, text.size()));
    std::uint8_t newlines = 0;
    std::uint8_t colons = 0;
    for (const char c : block) {
      newlines = static_cast<std::uint8_t>(newlines + (c == '\n' ? 1 : 0));
      colons = static_cast<std::uint8_t>(colons + (c == ':' ? 1 : 0));
    }
    piece.lines += newlines;
    piece.colons += colons;
    text = text.subspan(block.size());
  }
}

void count(RangeFile& file, LibsvmPiece& piece) {
  std::string buffer(static_cast<std::size_t>(std::min(kChunk, piece.bytes.size())), '\0');
  for (Index at = piece.bytes.begin; at < piece.bytes.end; at += kChunk) {
    const auto size = static_cast<std::size_t>(std::min(kChunk, piece.bytes.end - at));
    const std::span<char> chunk = std::span<char>(buffer).first(size);
    file.read_at(at, chunk);
    count(chunk, piece);
    // The last line of a file need not end.
    if (at + kChunk >= piece.bytes.end && chunk.back() != '\n') ++piece.lines;
  }
}

/// The lines that begin in part `rank` of the bytes of all files, counted.
LibsvmPieces own_pieces(const std::vector<InputFile>& files, int size, int rank) {
  LibsvmPieces own;
  Index total = 0;
  for (const InputFile& file : files) total += file.size;
  const Range mine = even_part(total, size, rank);
  Index before = 0;  // bytes of the files before
  for (std::size_t f = 0; f < files.size(); ++f) {
    const Index bytes = files[f].size;
    const Range cut{std::clamp(mine.begin - before, Index{0}, bytes),
                    std::clamp(mine.end - before, Index{0}, bytes)};
    before += bytes;
    if (cut.empty()) continue;
    RangeFile file(files[f]);
    LibsvmPiece piece{static_cast<Index>(f),
                      {begin_of_line(file, cut.begin), begin_of_line(file, cut.end)}};
    if (piece.bytes.begin == 0) piece.bytes.begin = byte_order_mark(file);
    if (piece.bytes.begin < piece.bytes.end) {
      count(file, piece);
      own.pieces.push_back(piece);
    }
    own.bytes_read += file.bytes_read();
  }
  return own;
}

/// What a rank tells the others of one of its pieces.
struct PieceLines {
  Index file = 0;
  Index lines = 0;
};

}  // namespace

LibsvmPieces cut_libsvm(Team& team, const std::vector<InputFile>& files) {
  LibsvmPieces own;
  std::vector<PieceLines> mine;
  guard(team, "counting lines", [&] {
    own = own_pieces(files, team.size(), team.rank());
    for (const LibsvmPiece& piece : own.pieces) mine.push_back({piece.file, piece.lines});
  });
  const std::vector<Bytes> all = team.all_gather(std::as_bytes(std::span(mine)));
  for (int rank = 0; rank < team.rank(); ++rank) {
    for (const auto& [file, lines] :
         FoldCodec<std::vector<PieceLines>>::decode(all[static_cast<std::size_t>(rank)])) {
      // Only the first piece of a rank may begin inside of a file.
      if (!own.pieces.empty() && own.pieces.front().file == file) own.pieces.front().line += lines;
    }
  }
  return own;
}

}  // namespace lockstep
