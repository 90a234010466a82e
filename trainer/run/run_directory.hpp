#pragma once

#include <optional>
#include <string>

#include "core/format/atomic_file.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The directory of one training run. Rank 0 alone touches it; every function that can fail does so
/// alike on all ranks, and is *Collective*.
class RunDirectory {
 public:
  /// Chooses output.dir, or runs/NAME-OF-CONFIG, numbered on until it is free, and checks that it
  /// can be made: before the data is read, so that a mistake costs nothing. Makes nothing.
  /// Throws OutputError for a directory that is not empty (without --overwrite), for one below a
  /// regular file, and where the user may not write.
  explicit RunDirectory(Session& session);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  /// Makes the directory, and claims it: of runs that chose the same one, the first has it, and the
  /// others number on or throw OutputError. With --overwrite it removes the files of the run
  /// before.
  void create();
  /// Writes a file whole or not at all.
  void write(const std::string& name, const std::string& text);
  /// Appends a line to a file, which is flushed.
  void append(const std::string& name, const std::string& line);

 private:
  Session& session_;
  std::string path_;
};

/// The files of a run.
inline constexpr const char* kConfigFile = "config.ini";
inline constexpr const char* kMetricsFile = "metrics.jsonl";
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kProvenanceFile = "provenance.json";
inline constexpr const char* kResultFile = "result.json";
inline constexpr const char* kTimingsFile = "timings.jsonl";

}  // namespace lockstep::trainer
