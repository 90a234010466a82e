#include "trainer/run/bisect_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "trainer/cli/key_rules.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/network_run.hpp"
#include "trainer/run/replay.hpp"

namespace lockstep::trainer {
namespace {

using Values = std::map<std::string, std::string>;

/// "train.seed is 1 in a, 2 in b", a line for each key with two values.
std::string differences(const char* prefix, const Values& a, const std::string& run_a,
                        const Values& b, const std::string& run_b) {
  const auto value = [](const Values& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() || found->second.empty() ? std::string("nothing") : found->second;
  };
  Values all = a;
  all.insert(b.begin(), b.end());
  std::string lines;
  for (const auto& [key, ignored] : all) {
    if (value(a, key) == value(b, key)) continue;
    lines += fmt::format("{}{} is {} in {}, {} in {}\n", prefix, key, value(a, key), run_a,
                         value(b, key), run_b);
  }
  return lines;
}

/// "parameters_sha256" of a line; "" of one that has none.
std::string parameters_of(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  return json.is_object() ? json.value("parameters_sha256", "") : "";
}

/// The first epoch after which the parameters differ; 0 where those that both have do not.
Index first_difference(Team& team, const std::vector<std::string>& a,
                       const std::vector<std::string>& b) {
  Index epoch = 0;
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t e = 0; e < common && epoch == 0; ++e) {
    if (parameters_of(a[e]) != parameters_of(b[e])) epoch = static_cast<Index>(e) + 1;
  }
  return max_over(team, team.rank() == 0 ? epoch : 0);
}

/// A run that is computed again.
template <class T>
class Replay {
 public:
  Replay(Session& session, Experiment& experiment, const std::string& folder)
      : session_(session), experiment_(experiment), folder_(folder), run_(session, experiment) {}

  /// At the beginning of the epoch.
  void go_to(Index epoch) {
    go_before(session_, experiment_, folder_, epoch, run_);
    while (run_.training().position().epoch < epoch) {
      take_steps(run_, steps());
      begin_next_epoch(run_);
    }
  }
  Index steps() const { return run_.lanes().steps(); }
  NetworkRun<T>& run() { return run_; }
  const T* theta() { return run_.training().theta().data(); }

 private:
  Session& session_;
  Experiment& experiment_;
  std::string folder_;
  NetworkRun<T> run_;
};

/// Names of the tensors that differ; "" of none.
template <class T>
std::string differing_tensors(Replay<T>& a, Replay<T>& b) {
  std::vector<std::string> names;
  for (const Tensor& tensor : a.run().network().tensors()) {
    const auto bytes = static_cast<std::size_t>(tensor.size()) * sizeof(T);
    if (std::memcmp(a.theta() + tensor.offset, b.theta() + tensor.offset, bytes) != 0) {
      names.push_back(tensor.name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Whose parameters after the epoch are not those that its line states.
template <class T>
std::string unlike_its_line(Replay<T>& replay, const std::string& run, Index epoch,
                            const std::string& line) {
  const std::string found = parameters_sha256(replay.run().network(), replay.theta());
  if (parameters_of(line) == found) return "";
  return fmt::format(
      "epoch {} of {} is not what its line says: computed again, the SHA-256 of its "
      "parameters is {}\n",
      epoch, run, found);
}

template <class T>
std::string part_in(Session& a, Experiment& of_a, const std::string& run_a,
                    const std::vector<std::string>& lines_a, Session& b, Experiment& of_b,
                    const std::string& run_b, const std::vector<std::string>& lines_b,
                    Index epoch) {
  Replay<T> first(a, of_a, run_a);
  Replay<T> second(b, of_b, run_b);
  first.go_to(epoch);
  second.go_to(epoch);
  std::string names = differing_tensors(first, second);
  if (!names.empty()) {
    return fmt::format("they part before the first step of epoch {}, in {}\n", epoch, names);
  }
  const Index steps = std::min(first.steps(), second.steps());
  for (Index step = 1; step <= steps; ++step) {
    take_steps(first.run(), step);
    take_steps(second.run(), step);
    names = differing_tensors(first, second);
    if (!names.empty()) {
      return fmt::format("they part in step {} of epoch {}, in {}\n", step, epoch, names);
    }
  }
  const auto line = static_cast<std::size_t>(epoch) - 1;
  return fmt::format("computed again, they do not part in epoch {}\n", epoch) +
         unlike_its_line(first, run_a, epoch, lines_a[line]) +
         unlike_its_line(second, run_b, epoch, lines_b[line]);
}

}  // namespace

std::string bisect_runs(Session& a, const std::string& run_a, Session& b,
                        const std::string& run_b) {
  std::string text =
      differences("", options_of_model(a.settings), run_a, options_of_model(b.settings), run_b);
  const std::vector<std::string> lines_a = metrics_of(a, run_a, Lines::at_ends);
  const std::vector<std::string> lines_b = metrics_of(b, run_b, Lines::at_ends);
  const Index epoch = first_difference(a.team, lines_a, lines_b);
  if (epoch == 0) {
    return text + fmt::format(
                      "the parameters are the same after each of the {} epochs that both "
                      "have\n",
                      std::min(lines_a.size(), lines_b.size()));
  }
  text += fmt::format("the parameters differ after epoch {}, not before\n", epoch);

  Experiment of_a = prepare_experiment(a, load_training_data(a));
  Experiment of_b = prepare_experiment(b, load_training_data(b));
  text +=
      differences("the fingerprint of rows: ", of_a.data_hashes, run_a, of_b.data_hashes, run_b);
  const bool are_comparable = of_a.model.precision == of_b.model.precision &&
                              of_a.model.network.inputs == of_b.model.network.inputs &&
                              of_a.model.network.hidden == of_b.model.network.hidden &&
                              of_a.model.network.outputs == of_b.model.network.outputs;
  if (!are_comparable) return text + "their networks have other tensors, or another precision\n";
  return text + (of_a.model.precision == "double"
                     ? part_in<double>(a, of_a, run_a, lines_a, b, of_b, run_b, lines_b, epoch)
                     : part_in<float>(a, of_a, run_a, lines_a, b, of_b, run_b, lines_b, epoch));
}

}  // namespace lockstep::trainer
