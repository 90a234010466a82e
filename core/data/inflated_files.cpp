#include "core/data/inflated_files.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "core/base/error.hpp"
#include "core/data/gzip_reader.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

/// Bytes of the content of a gzip file; 0 of a file that is none.
Index content_size(const InputFile& input) {
  RangeFile file(input);
  if (!is_gzip(file)) return 0;
  GzipReader reader(file);
  std::vector<std::byte> piece(std::size_t{1} << 16);
  Index size = 0;
  for (std::size_t given = piece.size(); given == piece.size();) {
    given = reader.read(piece);
    size += static_cast<Index>(given);
  }
  if (size == 0) throw DataError(fmt::format("{}: a gzip file without content", input.path));
  return size;
}

}  // namespace

std::vector<InputFile> inflated_files(Team& team, std::vector<InputFile> files) {
  std::vector<std::int64_t> sizes(files.size());
  guard(team, "inflating files", [&] {
    for (std::size_t f = 0; f < files.size(); ++f) {
      if (static_cast<int>(f % static_cast<std::size_t>(team.size())) != team.rank()) continue;
      sizes[f] = content_size(files[f]);
    }
  });
  team.all_reduce(sizes, IntegerReduction::sum);
  for (std::size_t f = 0; f < files.size(); ++f) {
    if (sizes[f] > 0) files[f] = {files[f].path, sizes[f], files[f].size};
  }
  return files;
}

}  // namespace lockstep
