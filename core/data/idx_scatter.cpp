#include "core/data/idx_scatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

#include "core/base/error.hpp"
#include "core/data/gzip_reader.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

constexpr Index kPiece = Index{1} << 24;

Range intersection(Range a, Range b) {
  const Index begin = std::max(a.begin, b.begin);
  return {begin, std::max(begin, std::min(a.end, b.end))};
}

/// Where the rows `owned` lie among the bytes after the source's header.
Range bytes_of(const IdxSource& source, Range owned) {
  const Range common = intersection(owned, source.rows);
  if (common.empty()) return {};
  return {(common.begin - source.rows.begin) * source.header.item_size,
          (common.end - source.rows.begin) * source.header.item_size};
}

/// Inflates one file, front to back.
class CompressedItems {
 public:
  explicit CompressedItems(const IdxSource& source)
      : source_(source), file_(source.file), reader_(file_) {
    std::vector<std::byte> header(static_cast<std::size_t>(source.header.data_begin));
    reader_.read(header);
  }

  /// The next bytes of the items. Throws DataError when there are fewer.
  void read(std::span<std::byte> out) {
    const std::size_t n = reader_.read(out);
    given_ += static_cast<Index>(n);
    if (n == out.size()) return;
    throw DataError(fmt::format("{}: truncated: expected {} bytes after the header, found {}",
                                file_.path(), source_.header.items() * source_.header.item_size,
                                given_));
  }

  /// Checks that the file ends here; that verifies its checksum too.
  void finish() {
    std::byte extra{};
    if (reader_.read({&extra, 1}) == 0) return;
    throw DataError(
        fmt::format("{}: more bytes than the {} that the header promises", file_.path(), given_));
  }

  Index bytes_read() const { return file_.bytes_read(); }

 private:
  const IdxSource& source_;
  RangeFile file_;
  GzipReader reader_;
  Index given_ = 0;
};

/// Rank 0's messages of one round: piece `piece` of the source's bytes, cut by owner.
std::vector<Bytes> inflate_round(CompressedItems& items, const IdxSource& source,
                                 const std::vector<Index>& boundaries, Range piece) {
  std::vector<Bytes> to(boundaries.size() - 1);
  for (std::size_t r = 0; r < to.size(); ++r) {
    const Range owned = part_of(boundaries, static_cast<Index>(r));
    to[r].resize(static_cast<std::size_t>(intersection(bytes_of(source, owned), piece).size()));
    items.read(to[r]);
  }
  return to;
}

/// The rows of one compressed file; this rank's go to `out`. *Collective*.
void scatter_compressed(Team& team, const IdxSource& source, const std::vector<Index>& boundaries,
                        std::uint8_t* out, Index& bytes_read) {
  const std::string doing = fmt::format("inflating {}", source.file.path);
  const Index total = source.header.items() * source.header.item_size;
  std::unique_ptr<CompressedItems> items;
  for (Index begin = 0; begin < total; begin += kPiece) {
    std::vector<Bytes> to(static_cast<std::size_t>(team.size()));
    guard(team, doing, [&] {
      if (team.rank() != 0) return;
      if (!items) items = std::make_unique<CompressedItems>(source);
      to = inflate_round(*items, source, boundaries, {begin, std::min(begin + kPiece, total)});
    });
    const std::vector<Bytes> from = team.exchange(std::move(to));
    out = std::transform(from[0].begin(), from[0].end(), out,
                         [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  }
  guard(team, doing, [&] {
    if (items) items->finish();
  });
  if (items) bytes_read += items->bytes_read();
}

/// This rank's rows of a plain file, read into `out`. Rank-local.
void read_plain(const IdxSource& source, Range owned, std::uint8_t* out, Index& bytes_read) {
  const Range bytes = bytes_of(source, owned);
  if (bytes.empty()) return;
  RangeFile file(source.file);
  file.read_at(source.header.data_begin + bytes.begin,
               std::as_writable_bytes(std::span(out, static_cast<std::size_t>(bytes.size()))));
  bytes_read += file.bytes_read();
}

}  // namespace

Buffer<std::uint8_t> scatter_rows(Team& team, const std::vector<IdxSource>& sources,
                                  const std::vector<Index>& boundaries, Index& bytes_read) {
  const Range mine = part_of(boundaries, team.rank());
  const Index item_size = sources.front().header.item_size;
  Buffer<std::uint8_t> values;
  const auto place_of = [&](const IdxSource& source) {
    const Index first = std::clamp(source.rows.begin, mine.begin, mine.end);
    return values.data() + (first - mine.begin) * item_size;
  };
  guard(team, "reading rows", [&] {
    values.resize(static_cast<std::size_t>(mine.size() * item_size));
    for (const IdxSource& source : sources) {
      if (!source.header.compressed) read_plain(source, mine, place_of(source), bytes_read);
    }
  });
  for (const IdxSource& source : sources) {
    if (!source.header.compressed) continue;
    scatter_compressed(team, source, boundaries, place_of(source), bytes_read);
  }
  return values;
}

}  // namespace lockstep
