#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/format/atomic_file.hpp"
#include "core/format/file_descriptor.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The files that a command writes to its directory.
struct RunFiles {
  std::string default_name;        ///< of the directory in runs/, without a configuration file
  std::string mark;                ///< the file by which a run is known, written first or last
  std::vector<std::string> names;  ///< all of them: what --overwrite removes
};

/// The directory of one run of a command. Rank 0 alone touches it; every function that can fail
/// does so alike on all ranks, and is *Collective*.
///
/// A run claims its directory by the temporary file of the mark (PATH.tmp, which AtomicFile makes
/// the mark of), on which it holds a lock: the system lets go of it when the run ends, however that
/// is. A directory of such a file without a lock, of other files of such a run and no mark is what
/// a killed run left. It counts as empty, and is emptied.
class RunDirectory {
 public:
  /// Chooses output.dir, or runs/NAME-OF-CONFIG, numbered on until it is free, and checks that it
  /// can be made: before the data is read, so that a mistake costs nothing. Makes nothing.
  /// Throws OutputError for a directory that is not empty (without --overwrite, or with it, when it
  /// is not that of such a run or holds what this run reads), for one below a regular file, and
  /// where the user may not write.
  RunDirectory(Session& session, RunFiles files);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  /// Makes the directory, and claims it: of runs that chose the same one, the first has it, and the
  /// others number on or throw OutputError.
  void claim();
  /// Removes what --overwrite replaces: the files of the run before, the mark first.
  void remove_previous();
  /// Takes back what this run has written since claim(), and the directory when that was new: of a
  /// command that fails, nothing should be left. Rank-local; never throws.
  void discard() const noexcept;
  /// Writes a file whole or not at all.
  void write(const std::string& name, const std::string& text);
  /// Appends a line to a file, which is flushed: progress that stays when the command fails later.
  void append(const std::string& name, const std::string& line);
  /// A line was appended.
  bool has_progress() const { return has_progress_; }

 private:
  enum class Content { nothing, remains, other };

  std::string choose() const;
  Content content(const std::string& path) const;
  bool is_free(const std::string& path) const;
  bool is_claimed(const std::string& path) const;
  void check_can_make() const;
  void check_is_of_this_kind() const;
  bool try_to_claim();
  std::string next_choice() const;

  Session& session_;
  RunFiles files_;
  std::string path_;
  FileDescriptor claim_;      ///< on rank 0
  bool is_mine_ = false;      ///< since claim()
  bool is_new_ = false;       ///< claim() made the directory
  bool has_earlier_ = false;  ///< files of the run before, which are not this run's yet
  bool has_progress_ = false;
};

/// The files of a training run.
inline constexpr const char* kConfigFile = "config.ini";
inline constexpr const char* kMetricsFile = "metrics.jsonl";
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kProvenanceFile = "provenance.json";
inline constexpr const char* kResultFile = "result.json";
inline constexpr const char* kTimingsFile = "timings.jsonl";
inline RunFiles training_files() {
  return {"default",
          kConfigFile,
          {kConfigFile, kMetricsFile, kModelFile, kProvenanceFile, kResultFile, kTimingsFile}};
}

}  // namespace lockstep::trainer
