#include "trainer/run/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/resume_checks.hpp"
#include "trainer/run/run_checkpoints.hpp"
#include "trainer/run/run_directory.hpp"

namespace lockstep::trainer {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Throws DataError where a run says that it was begun with other parameters. *Collective*.
void check_start(Session& session, const std::string& folder, const std::string& found) {
  guard(session.team, "reading the provenance", [&] {
    const std::string path = fmt::format("{}/{}", folder, kProvenanceFile);
    std::error_code error;
    if (!session.is_root() || !std::filesystem::exists(path, error)) return;
    const auto json = nlohmann::json::parse(read_text_file(path), nullptr, false);
    if (json.is_object() && json.value("initial_parameters", found) != found) {
      throw DataError(other_start(folder));
    }
  });
}

/// Where a line is due, what goes by it goes on; nobody asks for the line.
template <class T>
void see_line(NetworkRun<T>& run) {
  if (run.monitor() && run.owes_line()) run.see(run.measure(NetworkRun<T>::Sets::due));
}

}  // namespace

Index line_count(const Experiment& experiment, Index steps_of_epoch, Index all_steps) {
  const Index every = experiment.validate_steps;
  const Index at_ends = all_steps / steps_of_epoch;
  if (every == 0 || every > all_steps) return at_ends;
  const Index of_both = std::lcm(every, steps_of_epoch);
  return at_ends + all_steps / every - (of_both > 0 ? all_steps / of_both : 0);
}

std::vector<std::string> metrics_of(Session& session, const std::string& folder) {
  std::vector<std::string> lines;
  guard(session.team, "reading the metrics", [&] {
    if (!session.is_root()) return;
    lines = lines_of(read_text_file(fmt::format("{}/{}", folder, kMetricsFile)));
  });
  const Index count = max_over(session.team, static_cast<std::int64_t>(lines.size()));
  lines.resize(static_cast<std::size_t>(count));
  return lines;
}

template <class T>
std::string go_before(Session& session, Experiment& experiment, const std::string& folder,
                      Index epoch, NetworkRun<T>& run) {
  const CheckpointFolder files(session.team, fmt::format("{}/{}", folder, kCheckpointFolder), 1);
  bool is_prepared = false;
  for (const Index all_steps : files.steps()) {
    try {
      const CheckpointManifest manifest = files.manifest(all_steps);
      check_data(manifest, experiment, folder);
      if (manifest.epoch >= epoch) continue;
      if (!is_prepared) run.prepare(run.no_parameters());
      is_prepared = true;
      load_checkpoint(files, manifest, experiment, run);
      if (manifest.step == run.lanes().steps()) begin_next_epoch(run);
      return files.path_of(all_steps);
    } catch (const DamagedCheckpoint& damage) {
      say(session, fmt::format("warning: damaged checkpoint: {}", damage.what()));
    }
  }
  run.prepare(run.initial_parameters()).begin_epoch(1);
  check_start(session, folder, experiment.model.initial_parameters);
  return "the beginning";
}

template <class T>
void take_steps(NetworkRun<T>& run, Index last) {
  while (run.training().position().step < last) {
    see_line(run);
    run.training().run_steps(
        std::min(last, run.next_line()), [] { return Wishes(0); }, [](Index) {});
  }
}

template <class T>
void begin_next_epoch(NetworkRun<T>& run) {
  see_line(run);
  run.training().begin_epoch(run.training().position().epoch + 1);
}

template std::string go_before(Session&, Experiment&, const std::string&, Index,
                               NetworkRun<float>&);
template std::string go_before(Session&, Experiment&, const std::string&, Index,
                               NetworkRun<double>&);
template void take_steps(NetworkRun<float>&, Index);
template void take_steps(NetworkRun<double>&, Index);
template void begin_next_epoch(NetworkRun<float>&);
template void begin_next_epoch(NetworkRun<double>&);

}  // namespace lockstep::trainer
