#include "trainer/run/run_checkpoints.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "core/base/content_hash.hpp"
#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/resume_checks.hpp"

namespace lockstep::trainer {
namespace {

constexpr double kSecondsOfMinute = 60;

/// "" of a file that is not there.
std::string text_of(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) ? read_text_file(path) : "";
}

/// Bytes of the lines before the first that is of a later epoch than `epoch`.
Index bytes_until_epoch(const std::string& text, Index epoch) {
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t next = std::min(text.find('\n', end), text.size() - 1) + 1;
    const auto json = nlohmann::json::parse(text.substr(end, next - end), nullptr, false);
    const bool has_epoch = json.is_object() && json.contains("epoch") && json["epoch"].is_number();
    if (!has_epoch || json["epoch"].get<Index>() > epoch) break;
    end = next;
  }
  return static_cast<Index>(end);
}

/// `every` of the key, or 0 for none.
Index count_of(const Settings& settings, const char* key) {
  return settings.is_word(key, "none") ? 0 : settings.integer(key);
}

template <class T>
CheckpointManifest manifest_of(const Experiment& experiment, const NetworkRun<T>& run) {
  const Training<T>& training = run.training();
  const TrainingPosition& position = training.position();
  CheckpointManifest m;
  m.version = LOCKSTEP_VERSION;
  m.epoch = position.epoch;
  m.step = position.step;
  m.all_steps = position.all_steps;
  m.rest = static_cast<Index>(position.rest);
  m.lbfgs = position.lbfgs;
  m.sums = FoldCodec<ScoreSums>::encode(position.sums);
  m.precision = experiment.model.precision;
  m.states = training.states();
  m.array_bytes = static_cast<Index>(training.theta().size() * sizeof(T));
  m.options = experiment.model.options;
  m.data = experiment.data_hashes;
  m.initial_parameters = experiment.model.initial_parameters;
  m.has_line = run.has_seen_line();
  if (run.monitor()) m.monitor = run.monitor()->state();
  return m;
}

/// @param arrays  of this rank's segment: θ, the states and, where there is one, the best θ
template <class T>
ArrayParts parts_of(const Training<T>& training, const std::vector<T*>& arrays) {
  constexpr auto kSize = static_cast<Index>(sizeof(T));
  const std::vector<Block>& blocks = training.blocks();
  ArrayParts parts;
  for (Index b = 0; b < static_cast<Index>(blocks.size()); ++b) {
    parts.blocks.push_back({block_start(blocks, b) * kSize, block_start(blocks, b + 1) * kSize});
  }
  parts.mine = {training.segment().begin * kSize, training.segment().end * kSize};
  for (T* array : arrays) parts.arrays.push_back(reinterpret_cast<std::byte*>(array));
  return parts;
}

}  // namespace

template <class T>
void load_checkpoint(const CheckpointFolder& files, const CheckpointManifest& manifest,
                     Experiment& experiment, NetworkRun<T>& run) {
  Training<T>& training = run.training();
  const CheckpointManifest expected = manifest_of(experiment, run);
  const bool fits = manifest.precision == expected.precision &&
                    manifest.states == expected.states &&
                    manifest.array_bytes == expected.array_bytes &&
                    manifest.monitor.has_value() == expected.monitor.has_value();
  if (!fits) {
    throw DamagedCheckpoint(fmt::format("{}: its arrays are not those of this network",
                                        files.path_of(manifest.all_steps)));
  }
  const TrainingPosition position{manifest.epoch,
                                  manifest.step,
                                  manifest.all_steps,
                                  FoldCodec<ScoreSums>::decode(manifest.sums),
                                  static_cast<Rest>(manifest.rest),
                                  manifest.lbfgs};
  AlignedVector<T> best(run.best_segment().size());
  training.restore(position, [&](T* theta, const std::vector<T*>& states) {
    std::vector<T*> arrays{theta};
    arrays.insert(arrays.end(), states.begin(), states.end());
    if (manifest.monitor) arrays.push_back(best.data());
    files.load(manifest, parts_of(training, arrays));
  });
  run.restore_sight(manifest.monitor, std::move(best), manifest.has_line);
  experiment.model.initial_parameters = manifest.initial_parameters;
}
template void load_checkpoint(const CheckpointFolder&, const CheckpointManifest&, Experiment&,
                              NetworkRun<float>&);
template void load_checkpoint(const CheckpointFolder&, const CheckpointManifest&, Experiment&,
                              NetworkRun<double>&);

template <class T>
RunCheckpoints<T>::RunCheckpoints(Session& session, RunFolder& folder, Experiment& experiment)
    : session_(session),
      folder_(folder),
      experiment_(experiment),
      files_(session.team, folder.file(kCheckpointFolder),
             session.settings.integer("checkpoint.keep")),
      saved_at_(seconds_now()) {
  if (folder.directory().is_resumed()) found_ = files_.steps();
}

template <class T>
bool RunCheckpoints<T>::has_any(Session& session, const RunFolder& folder) {
  if (!folder.directory().is_resumed()) return false;
  const CheckpointFolder files(session.team, folder.file(kCheckpointFolder), 1);
  return !files.steps().empty() || files.has_damaged();
}

template <class T>
Index RunCheckpoints<T>::next_step(const TrainingPosition& position, Index steps_of_epoch) const {
  const Index every = count_of(session_.settings, "checkpoint.every_steps");
  if (every == 0) return steps_of_epoch;
  const Index until_due = every - position.all_steps % every;
  return std::min(steps_of_epoch - position.step, until_due) + position.step;
}

template <class T>
bool RunCheckpoints<T>::is_due(const TrainingPosition& position, Index steps_of_epoch) const {
  const Index steps = count_of(session_.settings, "checkpoint.every_steps");
  if (steps > 0 && position.all_steps % steps == 0) return true;
  if (position.step < steps_of_epoch) return false;
  const Index epochs = count_of(session_.settings, "checkpoint.every_epochs");
  const bool is_last = position.epoch == experiment_.epochs;
  return is_last || (epochs > 0 && position.epoch % epochs == 0);
}

template <class T>
bool RunCheckpoints<T>::is_due_by_time() const {
  constexpr const char* kKey = "checkpoint.every_minutes";
  if (session_.settings.is_word(kKey, "none")) return false;
  return seconds_now() - saved_at_ >= session_.settings.real(kKey) * kSecondsOfMinute;
}

template <class T>
void RunCheckpoints<T>::save(const NetworkRun<T>& run) {
  const Training<T>& training = run.training();
  const TrainingPosition& position = training.position();
  saved_at_ = seconds_now();
  if (newest_ == position.all_steps) return;
  CheckpointManifest manifest = manifest_of(experiment_, run);
  // What follows only reads them.
  std::vector<T*> arrays{const_cast<T*>(training.theta().data()) + training.segment().begin};
  try {
    guard(session_.team, "reading the metrics", [&] {
      if (!session_.is_root()) return;
      const std::string path = folder_.file(kMetricsFile);
      FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
      if (file.is_open()) file.synchronize();
      const std::string text = text_of(path);
      manifest.metrics_bytes = static_cast<Index>(text.size());
      manifest.metrics_hash = content_hash(text);
    });
    training.visit_states([&](const std::vector<const T*>& states) {
      for (const T* state : states) arrays.push_back(const_cast<T*>(state));
      if (run.monitor()) arrays.push_back(const_cast<T*>(run.best_segment().data()));
      ArrayParts parts = parts_of(training, arrays);
      const bool others_have_all =
          training.segment().size() == static_cast<Index>(training.theta().size());
      if (others_have_all && !session_.is_root()) parts.mine = {0, 0};
      files_.save(manifest, parts);
    });
  } catch (const CollectiveError& error) {
    say(session_,
        fmt::format("warning: no checkpoint of step {}: {}; {}", position.all_steps, error.what(),
                    newest_ ? fmt::format("the newest is {}", newest()) : "there is none yet"));
    return;
  }
  newest_ = position.all_steps;
  folder_.directory().keep_progress();
}

template <class T>
std::string RunCheckpoints<T>::newest() const {
  return newest_ ? files_.path_of(*newest_) : "";
}

template <class T>
bool RunCheckpoints<T>::try_to_restore(NetworkRun<T>& run, Index all_steps) {
  try {
    const CheckpointManifest manifest = files_.manifest(all_steps);
    load_checkpoint(files_, manifest, experiment_, run);
    cut_reports(manifest, manifest.step == run.lanes().steps());
    newest_ = all_steps;
    if (manifest.version != LOCKSTEP_VERSION) {
      say(session_, fmt::format("warning: {} was written by lockstep {}, and goes on with {}: the "
                                "bits of the result may be others",
                                newest(), manifest.version, LOCKSTEP_VERSION));
    }
    return true;
  } catch (const DamagedCheckpoint& damage) {
    say(session_, fmt::format("warning: damaged checkpoint: {}", damage.what()));
    files_.set_aside(all_steps);
    return false;
  }
}

template <class T>
void RunCheckpoints<T>::cut_reports(const CheckpointManifest& manifest, bool epoch_is_timed) {
  Index timings = 0;
  guard(session_.team, "reading the metrics", [&] {
    if (!session_.is_root()) return;
    const std::string path = folder_.file(kMetricsFile);
    const std::string text = text_of(path);
    const std::string_view before =
        std::string_view(text).substr(0, static_cast<std::size_t>(manifest.metrics_bytes));
    if (content_hash(before) != manifest.metrics_hash) {
      throw DataError(fmt::format(
          "{}: its first {} bytes are not those that the checkpoint of step {} was written beside; "
          "restore it, or remove {} to begin the run anew",
          path, manifest.metrics_bytes, manifest.all_steps, folder_.file(kCheckpointFolder)));
    }
    timings = bytes_until_epoch(text_of(folder_.file(kTimingsFile)),
                                epoch_is_timed ? manifest.epoch : manifest.epoch - 1);
  });
  folder_.cut(kMetricsFile, manifest.metrics_bytes);
  folder_.cut(kTimingsFile, timings);
}

/// What may not go on is refused before anything is changed.
template <class T>
void RunCheckpoints<T>::check_all() const {
  const std::string& run = folder_.directory().path();
  for (const Index all_steps : found_) {
    try {
      const CheckpointManifest manifest = files_.manifest(all_steps);
      check_options(session_.settings, manifest, run);
      check_data(manifest, experiment_, run);
    } catch (const DamagedCheckpoint&) {
      continue;  // told when it is its turn
    }
  }
}

template <class T>
void RunCheckpoints<T>::restore(NetworkRun<T>& run) {
  check_all();
  for (const Index all_steps : found_) {
    if (try_to_restore(run, all_steps)) return;
  }
  throw DataError(
      fmt::format("{}: no checkpoint is whole; remove {} to begin the run anew, or restore one",
                  folder_.directory().path(), folder_.file(kCheckpointFolder)));
}

template <class T>
void RunCheckpoints<T>::begin_anew() {
  folder_.cut(kMetricsFile, 0);
  folder_.cut(kTimingsFile, 0);
}

template class RunCheckpoints<float>;
template class RunCheckpoints<double>;

}  // namespace lockstep::trainer
