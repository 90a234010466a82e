#include "core/data/csv_pieces.hpp"

#include <algorithm>
#include <span>

#include "core/data/csv_records.hpp"
#include "core/data/range_file.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

/// Part `rank` of the bytes after the headers.
std::vector<CsvPiece> even_pieces(const std::vector<InputFile>& files, const CsvHeads& heads,
                                  int size, int rank) {
  Index total = 0;
  for (std::size_t f = 0; f < files.size(); ++f) total += files[f].size - heads.bodies[f].begin;
  const Range mine = even_part(total, size, rank);
  std::vector<CsvPiece> pieces;
  Index before = 0;  // bytes of the bodies before this file
  for (std::size_t f = 0; f < files.size(); ++f) {
    const Index body = heads.bodies[f].begin;
    const Index bytes = files[f].size - body;
    const Range cut{std::clamp(mine.begin - before, Index{0}, bytes) + body,
                    std::clamp(mine.end - before, Index{0}, bytes) + body};
    if (!cut.empty()) pieces.push_back({static_cast<Index>(f), cut, body});
    before += bytes;
  }
  return pieces;
}

/// What a rank tells the others of one of its pieces.
struct PieceCounts {
  Index file = 0;
  CsvCounts counts;
};

}  // namespace

CsvPieces cut_csv(Team& team, const std::vector<InputFile>& files, const CsvHeads& heads) {
  CsvPieces cut;
  cut.pieces = even_pieces(files, heads, team.size(), team.rank());
  std::vector<PieceCounts> mine;
  guard(team, "counting lines", [&] {
    for (const CsvPiece& piece : cut.pieces) {
      RangeFile file(files[static_cast<std::size_t>(piece.file)]);
      mine.push_back({piece.file, count_csv(file, piece.bytes)});
      cut.bytes_read += file.bytes_read();
    }
  });
  const std::vector<Bytes> all = team.all_gather(std::as_bytes(std::span(mine)));
  // What is before a piece in its file.
  PieceCounts before{-1, {}};
  for (const CsvBody& body : heads.bodies) cut.first_lines.push_back(body.line);
  for (int rank = 0; rank < team.size(); ++rank) {
    const auto theirs =
        FoldCodec<std::vector<PieceCounts>>::decode(all[static_cast<std::size_t>(rank)]);
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      const auto& [file, counts] = theirs[i];
      if (file != before.file) before = {file, {}};
      const bool begins_quoted = before.counts.quotes % 2 != 0;
      if (counts.record_ends(begins_quoted) < counts.newlines) {
        cut.first_lines[static_cast<std::size_t>(file)] = 0;
      }
      if (rank == team.rank()) {
        CsvPiece& piece = cut.pieces[i];
        piece.begins_quoted = begins_quoted;
        piece.line = heads.bodies[static_cast<std::size_t>(file)].line + before.counts.newlines;
        // The last record of a file need not end; the first may have begun before.
        piece.most_rows = counts.record_ends(begins_quoted) + 1;
      }
      before.counts.quotes += counts.quotes;
      before.counts.newlines += counts.newlines;
    }
  }
  return cut;
}

}  // namespace lockstep
