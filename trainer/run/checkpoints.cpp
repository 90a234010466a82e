#include "trainer/run/checkpoints.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "core/base/content_hash.hpp"
#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/data/shared_file.hpp"
#include "core/format/atomic_file.hpp"
#include "core/format/file_calls.hpp"
#include "core/parallel/fold.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kArrays = "arrays.bin";
constexpr std::string_view kManifest = "manifest.json";
constexpr std::string_view kStep = "step-";
constexpr std::string_view kBeingWritten = ".tmp";
constexpr std::string_view kDamaged = ".damaged";

/// "step-1200" and what is behind it; none of another name.
struct StepName {
  Index all_steps = 0;
  std::string_view rest;
};
std::optional<StepName> step_name(std::string_view name) {
  if (!name.starts_with(kStep)) return std::nullopt;
  name.remove_prefix(kStep.size());
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  StepName found;
  if (!parse_integer(name.substr(0, digits), found.all_steps)) return std::nullopt;
  if (std::to_string(found.all_steps) != name.substr(0, digits)) return std::nullopt;  // "007"
  found.rest = name.substr(digits);
  return found;
}

/// Of one block: the array, the block, and its hash.
struct BlockHash {
  Index array;
  Index block;
  std::uint64_t low;
  std::uint64_t high;
};

/// Of this rank's blocks.
std::vector<BlockHash> hashes_of(const ArrayParts& parts) {
  std::vector<BlockHash> hashes;
  for (std::size_t a = 0; a < parts.arrays.size(); ++a) {
    for (std::size_t b = 0; b < parts.blocks.size(); ++b) {
      const Range block = parts.blocks[b];
      if (!parts.mine.contains(block.begin)) continue;
      const XXH128_hash_t hash = XXH3_128bits(parts.arrays[a] + (block.begin - parts.mine.begin),
                                              static_cast<std::size_t>(block.size()));
      hashes.push_back({static_cast<Index>(a), static_cast<Index>(b), hash.low64, hash.high64});
    }
  }
  return hashes;
}

/// The hash of all blocks, array after array, from those of each rank's. *Collective*.
std::string hash_of_blocks(Team& team, const ArrayParts& parts) {
  const std::size_t blocks = parts.blocks.size();
  std::vector<std::uint64_t> words(2 * blocks * parts.arrays.size());
  const std::vector<BlockHash> mine = hashes_of(parts);
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    for (const BlockHash& of : FoldCodec<std::vector<BlockHash>>::decode(bytes)) {
      const std::size_t at =
          2 * (static_cast<std::size_t>(of.array) * blocks + static_cast<std::size_t>(of.block));
      words[at] = of.low;
      words[at + 1] = of.high;
    }
  }
  return content_hash(std::as_bytes(std::span(words)));
}

[[noreturn]] void throw_damaged(const std::string& path, const std::string& what) {
  throw DamagedCheckpoint(fmt::format("{}: {}", path, what));
}

void rename_folder(const std::string& from, const std::string& to) {
  if (file_calls::rename(from, to) == 0) return;
  throw OutputError(fmt::format("{}: cannot create: {}", to, system_message(errno)));
}

/// With those above it.
void make_folder(const std::string& path) {
  const std::string above = fs::path(path).parent_path().string();
  std::error_code ignored;
  if (!above.empty() && !fs::exists(above, ignored)) make_folder(above);
  if (file_calls::make_folder(path) == 0 || errno == EEXIST) return;
  throw OutputError(fmt::format("{}: cannot make this directory: {}", path, system_message(errno)));
}

/// What is in the folder of checkpoints, by name; nothing where there is no such folder.
std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(path, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  while (!error && entry != fs::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) throw IoError(fmt::format("{}: cannot look into it: {}", path, error.message()));
  return names;
}

/// Of the checkpoints that have their name, ascending.
std::vector<Index> steps_in(const std::string& path) {
  std::vector<Index> steps;
  for (const std::string& name : names_in(path)) {
    const std::optional<StepName> found = step_name(name);
    if (found && found->rest.empty()) steps.push_back(found->all_steps);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace

void remove_checkpoint(const std::string& folder) noexcept {
  std::error_code ignored;
  for (const std::string_view name : {kArrays, kManifest}) {
    const fs::path path = fs::path(folder) / name;
    fs::remove(path, ignored);
    fs::remove(path.string() + std::string(kBeingWritten), ignored);
  }
  fs::remove(folder, ignored);  // refuses a folder that is not empty
}

bool is_checkpoint_path(std::string_view path) {
  const std::size_t slash = path.find('/');
  const std::optional<StepName> folder = step_name(path.substr(0, slash));
  if (!folder) return false;
  const bool is_known =
      folder->rest.empty() || folder->rest == kBeingWritten || folder->rest == kDamaged;
  if (!is_known || slash == std::string_view::npos) return is_known;
  std::string_view file = path.substr(slash + 1);
  if (file.ends_with(kBeingWritten)) file.remove_suffix(kBeingWritten.size());
  return file == kArrays || file == kManifest;
}

CheckpointFolder::CheckpointFolder(Team& team, std::string path, Index keep)
    : team_(team), path_(std::move(path)), keep_(keep) {}

std::string CheckpointFolder::path_of(Index all_steps) const {
  return fmt::format("{}/{}{}", path_, kStep, all_steps);
}

void CheckpointFolder::save(CheckpointManifest manifest, const ArrayParts& parts) {
  const std::string path = path_of(manifest.all_steps);
  const std::string temporary = path + std::string(kBeingWritten);
  manifest.hash = hash_of_blocks(team_, parts);
  try {
    guard(team_, "making a checkpoint", [&] {
      if (team_.rank() == 0) make_empty_folder(temporary);
    });
    SharedFile file(team_, fmt::format("{}/{}", temporary, kArrays));
    guard(team_, "writing a checkpoint", [&] {
      for (std::size_t a = 0; a < parts.arrays.size(); ++a) {
        const auto size = static_cast<std::size_t>(parts.mine.size());
        file.write_at(static_cast<Index>(a) * manifest.array_bytes + parts.mine.begin,
                      {parts.arrays[a], size});
      }
    });
    file.commit();
    guard(team_, "naming a checkpoint", [&] {
      if (team_.rank() != 0) return;
      write_text_file(fmt::format("{}/{}", temporary, kManifest), manifest_text(manifest));
      rename_folder(temporary, path);
      synchronize_folder(path_);
      synchronize_folder(fs::path(path_).parent_path().string());
    });
  } catch (const Error&) {
    std::error_code ignored;
    if (team_.rank() != 0) throw;
    remove_checkpoint(temporary);
    fs::remove(path_, ignored);  // refuses a folder that is not empty
    throw;
  }
  guard(team_, "removing old checkpoints", [&] {
    if (team_.rank() == 0) remove_oldest();
  });
}

/// Removes what killed runs were writing, too, as far as it can.
void CheckpointFolder::make_empty_folder(const std::string& path) const {
  make_folder(path_);
  for (const std::string& name : names_in(path_)) {
    if (name.ends_with(kBeingWritten) && is_checkpoint_path(name)) {
      remove_checkpoint(fmt::format("{}/{}", path_, name));
    }
  }
  make_folder(path);
}

/// A folder is renamed before it is removed: a kill leaves no half of one under its name.
void CheckpointFolder::remove_oldest() const {
  std::vector<Index> steps;
  try {
    steps = steps_in(path_);
  } catch (const IoError&) {
    return;  // the new one is there
  }
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep_) < steps.size(); ++i) {
    const std::string path = path_of(steps[i]);
    const std::string leaving = path + std::string(kBeingWritten);
    if (file_calls::rename(path, leaving) == 0) remove_checkpoint(leaving);
  }
}

std::vector<Index> CheckpointFolder::steps() const {
  std::vector<Index> steps;
  guard(team_, "looking for checkpoints", [&] {
    if (team_.rank() == 0) steps = steps_in(path_);
  });
  std::reverse(steps.begin(), steps.end());
  Bytes bytes = FoldCodec<std::vector<Index>>::encode(steps);
  team_.broadcast(bytes, 0);
  return FoldCodec<std::vector<Index>>::decode(bytes);
}

bool CheckpointFolder::has_damaged() const {
  bool has_any = false;
  guard(team_, "looking for checkpoints", [&] {
    if (team_.rank() != 0) return;
    for (const std::string& name : names_in(path_)) {
      const std::optional<StepName> found = step_name(name);
      has_any = has_any || (found && found->rest == kDamaged);
    }
  });
  return max_over(team_, has_any ? 1 : 0) == 1;
}

CheckpointManifest CheckpointFolder::manifest(Index all_steps) const {
  const std::string path = path_of(all_steps);
  const std::string file = fmt::format("{}/{}", path, kManifest);
  std::string text;
  std::string complaint;
  guard(team_, "reading a manifest", [&] {
    if (team_.rank() != 0) return;
    std::error_code error;
    if (fs::exists(file, error)) {
      text = read_text_file(file);
    } else if (error) {
      throw IoError(fmt::format("{}: cannot open: {}", file, error.message()));
    } else {
      complaint = file + ": is not there";
    }
  });
  broadcast_text(team_, complaint, 0);
  if (!complaint.empty()) throw DamagedCheckpoint(complaint);
  broadcast_text(team_, text, 0);
  try {
    CheckpointManifest manifest = parse_manifest(text);
    if (manifest.all_steps != all_steps) {
      throw DamagedCheckpoint("the manifest is that of another checkpoint");
    }
    return manifest;
  } catch (const DamagedCheckpoint& error) {
    throw_damaged(path, error.what());
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
}

void CheckpointFolder::load(const CheckpointManifest& manifest, const ArrayParts& parts) const {
  const std::string path = fmt::format("{}/{}", path_of(manifest.all_steps), kArrays);
  std::string complaint;
  guard(team_, "reading a checkpoint", [&] {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
    if (!file.is_open() && errno == ENOENT) {
      complaint = path + ": is not there";
      return;
    }
    if (!file.is_open()) {
      throw IoError(fmt::format("{}: cannot open: {}", path, system_message(errno)));
    }
    std::error_code error;
    const auto size = static_cast<Index>(fs::file_size(path, error));
    const Index expected = static_cast<Index>(parts.arrays.size()) * manifest.array_bytes;
    if (error || size != expected) {
      complaint = fmt::format("{}: has {} bytes of {}", path, error ? 0 : size, expected);
      return;
    }
    for (std::size_t a = 0; a < parts.arrays.size(); ++a) {
      file.read_at(static_cast<Index>(a) * manifest.array_bytes + parts.mine.begin,
                   {parts.arrays[a], static_cast<std::size_t>(parts.mine.size())});
    }
  });
  for (const std::string& text : all_gather_text(team_, complaint)) {
    if (!text.empty()) throw DamagedCheckpoint(text);
  }
  if (hash_of_blocks(team_, parts) != manifest.hash) throw_damaged(path, "its hash differs");
}

void CheckpointFolder::set_aside(Index all_steps) {
  guard(team_, "putting a damaged checkpoint aside", [&] {
    if (team_.rank() != 0) return;
    const std::string path = path_of(all_steps);
    const std::string aside = path + std::string(kDamaged);
    remove_checkpoint(aside);
    rename_folder(path, aside);
  });
}

}  // namespace lockstep::trainer
