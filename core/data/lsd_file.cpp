#include "core/data/lsd_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "core/base/error.hpp"
#include "core/data/range_file.hpp"
#include "core/format/file_descriptor.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

/// Of the file that is there now.
std::optional<LsdSource> stamp_of(const std::string& path) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  LsdSource source;
  source.path = path;
  source.size = status.st_size;
  source.modified = status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
  return source;
}

/// The folder of a file, without links in it: what is named from there stays where it is.
fs::path folder_of(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::absolute(path).parent_path();
  const fs::path real = fs::canonical(folder, error);
  return error ? folder.lexically_normal() : real;
}

}  // namespace

bool looks_like_lsd(const InputFile& file) {
  constexpr std::string_view kStart = "\x89LSD";
  if (file.path.ends_with(".lsd")) return true;
  if (file.size < static_cast<Index>(kStart.size())) return false;
  std::string start(kStart.size(), '\0');
  RangeFile(file).read_at(0, std::span<char>(start));
  return start == kStart;
}

LsdFile open_lsd(Team& team, const InputFile& file) {
  Bytes bytes;
  std::string damage;
  guard(team, "reading the header", [&] {
    if (team.rank() != 0) return;
    RangeFile input(file);
    Bytes start(static_cast<std::size_t>(std::min(kLsdAlignment, input.size())));
    input.read_at(0, std::span(start));
    try {
      bytes.resize(static_cast<std::size_t>(lsd_header_size(file.path, start, input.size())));
      input.read_at(0, std::span(bytes));
      decode_lsd_header(file.path, bytes, input.size());  // that it is wrong is said once
    } catch (const DamagedLsd& damaged) {
      damage = damaged.what();
    }
  });
  broadcast_text(team, damage, 0);
  if (!damage.empty()) throw DamagedLsd(damage);
  team.broadcast(bytes, 0);
  LsdFile lsd{file, {}, static_cast<Index>(bytes.size()), file.path};
  guard(team, "reading the header",
        [&] { lsd.header = decode_lsd_header(file.path, bytes, file.size); });
  return lsd;
}

std::vector<LsdSource> lsd_sources(const std::string& path, const std::vector<InputFile>& files) {
  const fs::path folder = folder_of(path);
  std::vector<LsdSource> sources;
  for (const InputFile& file : files) {
    std::optional<LsdSource> source = stamp_of(file.path);
    if (!source) {
      throw MissingInputError(fmt::format("{}: cannot open: {}", file.path, system_message(errno)));
    }
    const fs::path from = folder_of(file.path) / fs::path(file.path).filename();
    source->path = from.lexically_relative(folder).string();
    sources.push_back(std::move(*source));
  }
  return sources;
}

std::string path_of_source(const std::string& path, const LsdSource& source) {
  // A folder's links are not followed by "..": from the real one where that is needed.
  const bool is_beside = source.path.find('/') == std::string::npos;
  const fs::path folder = is_beside ? fs::path(path).parent_path() : folder_of(path);
  return (folder / source.path).lexically_normal().string();
}

std::string newer_source(const LsdFile& lsd) {
  for (const LsdSource& source : lsd.header.sources) {
    std::string path = path_of_source(lsd.file.path, source);
    const std::optional<LsdSource> now = stamp_of(path);
    if (now && (now->modified > source.modified || now->size != source.size)) return path;
  }
  return "";
}

RowPlaces places_of(const LsdFile& lsd) {
  std::vector<InputFile> files;
  std::vector<Index> rows;
  std::vector<Index> first_lines;
  for (const LsdSource& source : lsd.header.sources) {
    if (source.rows == 0) continue;
    files.push_back({path_of_source(lsd.file.path, source), source.size, 0});
    rows.push_back(source.rows);
    first_lines.push_back(source.first_line);
  }
  if (files.empty()) return {{lsd.file}, {lsd.header.rows}, {0}};
  return lsd.header.are_arrays ? RowPlaces::of_arrays(files, rows)
                               : RowPlaces(files, rows, first_lines);
}

}  // namespace lockstep
