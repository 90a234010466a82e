#include "trainer/run/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "core/format/file_descriptor.hpp"
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

}  // namespace

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
  Training<T>* training = nullptr;
  for (const Index all_steps : files.steps()) {
    try {
      const CheckpointManifest manifest = files.manifest(all_steps);
      check_data(manifest, experiment, folder);
      if (manifest.epoch >= epoch) continue;
      if (training == nullptr) training = &run.prepare(run.no_parameters());
      load_checkpoint(files, manifest, experiment, *training);
      if (manifest.step == run.lanes().steps()) training->begin_epoch(manifest.epoch + 1);
      return files.path_of(all_steps);
    } catch (const DamagedCheckpoint& damage) {
      say(session, fmt::format("warning: damaged checkpoint: {}", damage.what()));
    }
  }
  run.prepare(run.initial_parameters()).begin_epoch(1);
  return "the beginning";
}

template <class T>
void take_steps(NetworkRun<T>& run, Index last) {
  run.training().run_steps(
      last, [] { return Wishes(0); }, [](Index) {});
}

template std::string go_before(Session&, Experiment&, const std::string&, Index,
                               NetworkRun<float>&);
template std::string go_before(Session&, Experiment&, const std::string&, Index,
                               NetworkRun<double>&);
template void take_steps(NetworkRun<float>&, Index);
template void take_steps(NetworkRun<double>&, Index);

}  // namespace lockstep::trainer
