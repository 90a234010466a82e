#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/types.hpp"
#include "core/optimize/lbfgs.hpp"
#include "trainer/run/monitor.hpp"

namespace lockstep::trainer {

/// A checkpoint is not what was written: "PATH: WHAT".
struct DamagedCheckpoint : DataError {
  using DataError::DataError;
};

/// What a checkpoint holds besides the arrays.
struct CheckpointManifest {
  std::string version;  ///< of the program that wrote it
  Index epoch = 1;
  Index step = 0;
  Index all_steps = 0;
  Index rest = 0;                              ///< Rest
  LbfgsProgress lbfgs;                         ///< where a step takes all rows
  std::vector<std::byte> sums;                 ///< FoldCodec's bytes of the sums of the epoch
  std::string precision;                       ///< of the arrays: float or double
  Index states = 0;                            ///< of the optimizer
  Index array_bytes = 0;                       ///< of each array
  std::string hash;                            ///< of arrays.bin: that of the hashes of its blocks
  std::map<std::string, std::string> options;  ///< that the result is a function of
  std::map<std::string, std::string> data;     ///< set of rows → fingerprint
  std::string initial_parameters;              ///< SHA-256, where they were given
  bool has_line = false;                       ///< of metrics.jsonl, where one is due here
  std::optional<MonitorState> monitor;         ///< then an array more has the best parameters
  Index metrics_bytes = 0;                     ///< of metrics.jsonl
  std::string metrics_hash;                    ///< and their hash

  friend bool operator==(const CheckpointManifest&, const CheckpointManifest&) = default;
};

/// The text of a manifest, which ends in a hash of all before it.
std::string manifest_text(const CheckpointManifest& manifest);
/// Throws DamagedCheckpoint, and DataError for one of another format; without a path.
CheckpointManifest parse_manifest(const std::string& text);

}  // namespace lockstep::trainer
