#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"
#include "trainer/run/checkpoint_manifest.hpp"

namespace lockstep::trainer {

// The checkpoints of a run, in a folder of their own:
//
//   step-1200/        after so many steps, of all epochs
//     arrays.bin      θ, then each state of the optimizer: whole arenas, little-endian
//     manifest.json   where the run stood, what it computes, and length and hash of arrays.bin
//   step-1600.tmp/    one that is being written, or that a killed run was writing
//   step-1200.damaged/  one that a resumed run could not use
//
// A checkpoint gets its name when all of it is on the disk, and is never changed afterwards. Its
// bytes are the same whatever ranks wrote it.

/// A rank's part of the arrays. Byte for byte, all arrays are cut into the same blocks; a rank has
/// a run of them, the same of each array.
struct ArrayParts {
  std::vector<Range> blocks;       ///< of all ranks: bytes of an array, which they cover
  Range mine;                      ///< from the beginning of a block to the end of one
  std::vector<std::byte*> arrays;  ///< this rank's bytes of each array
};

/// True of the paths, from the folder of checkpoints, that this file's functions make.
bool is_checkpoint_path(std::string_view path);

/// Removes a checkpoint, whole or half: the files that it may have, and then the folder, unless it
/// has others. Rank-local; what fails shows in that it is still there.
void remove_checkpoint(const std::string& folder) noexcept;

/// The folder of one model's checkpoints. Rank 0 alone makes and removes what is in it; each rank
/// writes and reads its parts of the arrays.
class CheckpointFolder {
 public:
  /// @param keep  checkpoints to keep, the newest, ≥ 1
  CheckpointFolder(Team& team, std::string path, Index keep);

  std::string path_of(Index all_steps) const;

  /// Writes a checkpoint and removes the oldest beyond `keep`, as far as they let it. Whatever
  /// fails, and wherever the program is killed, those before are whole. Each byte of the arrays is
  /// written by one rank.
  /// @param manifest  without the hash, which is made here; of rank 0
  /// Throws OutputError, IoError alike on all ranks. *Collective*.
  void save(CheckpointManifest manifest, const ArrayParts& parts);

  /// The steps of those that are there, whole or damaged, the newest first. Throws IoError where
  /// that cannot be seen. *Collective*.
  std::vector<Index> steps() const;
  /// Some were put aside. *Collective*.
  bool has_damaged() const;

  /// Throws DamagedCheckpoint where there is none, or its hash differs, and DataError, IoError
  /// where it is of another format, or cannot be read; alike on all ranks. *Collective*.
  CheckpointManifest manifest(Index all_steps) const;
  /// Fills the parts and compares the hash. Throws DamagedCheckpoint and IoError, alike on all
  /// ranks. *Collective*; together the ranks have all blocks.
  void load(const CheckpointManifest& manifest, const ArrayParts& parts) const;

  /// Puts one aside that a run could not use, as step-N.damaged. *Collective*.
  void set_aside(Index all_steps);

 private:
  void make_empty_folder(const std::string& path) const;
  void remove_oldest() const;

  Team& team_;
  std::string path_;
  Index keep_;
};

}  // namespace lockstep::trainer
