#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/format/atomic_file.hpp"
#include "core/format/file_descriptor.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The files that a command writes to its directory.
struct RunFiles {
  std::string default_name;            ///< of the directory in runs/, without a configuration file
  std::string mark;                    ///< the file by which a run is known, written first or last
  std::vector<std::string> names;      ///< all of them, some in folders: what --overwrite removes
  std::vector<std::string> folders{};  ///< of checkpoints, which it removes too
  /// Folders of which it removes all: of these names, or of one with a number behind it.
  std::vector<std::string> trees{};
};

/// The directory of one run of a command. Rank 0 alone touches it; every function that can fail
/// does so alike on all ranks, and is *Collective*.
///
/// A run claims its directory by the temporary file of the mark (PATH.tmp, which AtomicFile makes
/// the mark of), on which it holds a lock: the system lets go of it when the run ends, however that
/// is. A directory of such a file without a lock, of other files of such a run and no mark is what
/// a killed run left. It counts as empty, and is emptied.
///
/// A run that goes on (--resume) has its directory already: it is claimed by a lock on the mark.
class RunDirectory {
 public:
  /// Chooses output.dir, or runs/NAME-OF-CONFIG, numbered on until it is free, and checks that it
  /// can be made: before the data is read, so that a mistake costs nothing. Makes nothing.
  /// With --resume it is that directory, which must have a mark that no running run holds.
  /// Throws OutputError for a directory that is not empty (without --overwrite, or with it, when it
  /// is not that of such a run or holds what this run reads), for one below a regular file, and
  /// where the user may not write.
  RunDirectory(Session& session, RunFiles files);

  const std::string& path() const { return path_; }
  /// The run in it goes on.
  bool is_resumed() const { return !session_.arguments.resume.empty(); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  /// Makes the directory, and claims it: of runs that chose the same one, the first has it, and the
  /// others number on or throw OutputError.
  void claim();
  /// Removes what --overwrite replaces: the files of the run before, the mark first. Nothing of a
  /// run that goes on.
  void remove_previous();
  /// Takes back what this run has written since claim(), and the directory when that was new: of a
  /// command that fails, nothing should be left. Rank-local; never throws.
  void discard() const noexcept;
  /// Writes a file whole or not at all.
  void write(const std::string& name, const std::string& text);
  /// Appends a line to a file, which is flushed: progress that stays when the command fails later.
  void append(const std::string& name, const std::string& line);
  /// Cuts a file off behind its first `bytes`; one that is not there stays so. Throws OutputError.
  void cut(const std::string& name, Index bytes);
  /// What this run has written stays when the command fails.
  void keep_progress() { has_progress_ = true; }
  /// claim() was called.
  bool is_claimed() const { return is_mine_; }
  /// What the run begins with is written.
  bool has_begun() const { return has_begun_; }
  void note_begun() { has_begun_ = true; }
  /// A line was appended, or keep_progress() called.
  bool has_progress() const { return has_progress_; }

 private:
  enum class Content { nothing, remains, other };

  std::string choose() const;
  Content content(const std::string& path) const;
  bool is_free(const std::string& path) const;
  bool is_claimed_by_other(const std::string& path) const;
  void remove_folders() const noexcept;
  bool is_known(const std::string& found, bool is_folder) const;
  bool is_of_tree(const std::string& found) const;
  bool stays_claimed_by_other(const std::string& path) const;
  void check_can_resume() const;
  bool try_to_reclaim();
  void make_folder_of(const std::string& name) const;
  void check_can_make() const;
  void check_is_of_this_kind() const;
  bool try_to_claim();
  std::string next_choice() const;

  Session& session_;
  RunFiles files_;
  std::string path_;
  FileDescriptor claim_;  ///< on rank 0
  bool is_mine_ = false;  ///< since claim()
  bool has_begun_ = false;
  bool is_new_ = false;       ///< claim() made the directory
  bool has_earlier_ = false;  ///< files of the run before, which are not this run's yet
  bool has_progress_ = false;
};

/// The files of a training run.
inline constexpr const char* kBestFile = "best.safetensors";
inline constexpr const char* kCheckpointFolder = "checkpoints";
inline constexpr const char* kConfigFile = "config.ini";
inline constexpr const char* kMetricsFile = "metrics.jsonl";
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kProvenanceFile = "provenance.json";
inline constexpr const char* kResultFile = "result.json";
inline constexpr const char* kTimingsFile = "timings.jsonl";

/// The mark of a sweep, whose trials are such runs.
inline constexpr const char* kSweepFile = "sweep.ini";

/// Of a run with data.folds: "fold-1", … are the folders of its models.
inline constexpr Index kMostFolds = 100;
std::string fold_folder(Index fold);
RunFiles training_files();

/// Where one model goes, with what is measured of it: the directory of a run, or a folder in it.
class RunFolder {
 public:
  /// The directory itself.
  explicit RunFolder(RunDirectory& directory) : directory_(directory) {}
  /// @param folder     in the directory
  /// @param data_hash  of all rows that the models of the run are trained on
  RunFolder(RunDirectory& directory, const std::string& folder, std::string data_hash)
      : directory_(directory), prefix_(folder + "/"), data_hash_(std::move(data_hash)) {}

  RunDirectory& directory() const { return directory_; }
  /// Of all rows of the run; `of_model` where it has one model.
  const std::string& data_hash(const std::string& of_model) const {
    return data_hash_.empty() ? of_model : data_hash_;
  }
  std::string file(const std::string& name) const { return directory_.file(prefix_ + name); }
  void write(const std::string& name, const std::string& text) {
    directory_.write(prefix_ + name, text);
  }
  void append(const std::string& name, const std::string& line) {
    directory_.append(prefix_ + name, line);
  }
  void cut(const std::string& name, Index bytes) { directory_.cut(prefix_ + name, bytes); }

 private:
  RunDirectory& directory_;
  std::string prefix_{};
  std::string data_hash_{};
};

}  // namespace lockstep::trainer
