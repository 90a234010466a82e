#include "trainer/run/bisect_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "trainer/cli/key_rules.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/network_run.hpp"
#include "trainer/run/replay.hpp"
#include "trainer/run/text_table.hpp"

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

/// Where a line of metrics.jsonl stands.
struct Place {
  Index epoch = 0;
  Index step = 0;  ///< of the epoch; 0 at its end
};

/// A line, as far as it is of use here.
struct Line {
  Place place;
  std::string parameters;  ///< "parameters_sha256"; "" of a line that has none
};

Line line_of(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  return {{json.value("epoch", Index{0}), json.value("step", Index{0})},
          json.value("parameters_sha256", "")};
}

/// What two runs say of the same places.
struct Comparison {
  Index common = 0;  ///< lines of the same place
  bool within_epochs = false;
  /// The first that differs; of epoch 0 where none does.
  Place place;
  std::string parameters_a;
  std::string parameters_b;
};

/// The same on all ranks but for the parameters, which rank 0 has. *Collective*.
Comparison compare(Team& team, const std::vector<std::string>& a,
                   const std::vector<std::string>& b) {
  Comparison result;
  std::map<std::pair<Index, Index>, std::string> in_b;
  for (const std::string& text : b) {
    const Line line = line_of(text);
    in_b[{line.place.epoch, line.place.step}] = line.parameters;
  }
  for (const std::string& text : a) {
    const Line line = line_of(text);
    const auto other = in_b.find({line.place.epoch, line.place.step});
    if (other == in_b.end()) continue;
    ++result.common;
    result.within_epochs = result.within_epochs || line.place.step > 0;
    if (result.place.epoch > 0 || other->second == line.parameters) continue;
    result.place = line.place;
    result.parameters_a = line.parameters;
    result.parameters_b = other->second;
  }
  const auto of_root = [&](Index mine) { return max_over(team, team.rank() == 0 ? mine : 0); };
  result.common = of_root(result.common);
  result.within_epochs = of_root(result.within_epochs ? 1 : 0) > 0;
  result.place = {of_root(result.place.epoch), of_root(result.place.step)};
  return result;
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

std::string text_of(const Place& place) {
  return place.step == 0 ? fmt::format("epoch {}", place.epoch)
                         : fmt::format("step {} of epoch {}", place.step, place.epoch);
}

/// Whose parameters are not those that its line states.
template <class T>
std::string unlike_its_line(Replay<T>& replay, const std::string& run, const Place& place,
                            const std::string& said) {
  const std::string found = parameters_sha256(replay.run().network(), replay.theta());
  if (said == found) return "";
  return fmt::format(
      "{} of {} is not what its line says: computed again, the SHA-256 of its parameters is {}\n",
      text_of(place), run, found);
}

template <class T>
std::string part_in(Session& a, Experiment& of_a, const std::string& run_a, Session& b,
                    Experiment& of_b, const std::string& run_b, const Comparison& lines) {
  Replay<T> first(a, of_a, run_a);
  Replay<T> second(b, of_b, run_b);
  const Place place = lines.place;
  first.go_to(place.epoch);
  second.go_to(place.epoch);
  std::string names = differing_tensors(first, second);
  if (!names.empty()) {
    return fmt::format("they part before the first step of epoch {}, in {}\n", place.epoch, names);
  }
  const Index steps = place.step > 0 ? place.step : std::min(first.steps(), second.steps());
  for (Index step = 1; step <= steps; ++step) {
    take_steps(first.run(), step);
    take_steps(second.run(), step);
    names = differing_tensors(first, second);
    if (!names.empty()) {
      return fmt::format("they part in step {} of epoch {}, in {}\n", step, place.epoch, names);
    }
  }
  return fmt::format("computed again, they do not part in epoch {}\n", place.epoch) +
         unlike_its_line(first, run_a, place, lines.parameters_a) +
         unlike_its_line(second, run_b, place, lines.parameters_b);
}

}  // namespace

std::string bisect_runs(Session& a, const std::string& run_a, Session& b,
                        const std::string& run_b) {
  std::string text =
      differences("", options_of_model(a.settings), run_a, options_of_model(b.settings), run_b);
  const Comparison lines = compare(a.team, metrics_of(a, run_a), metrics_of(b, run_b));
  if (lines.place.epoch == 0) {
    return text + fmt::format("the parameters are the same {} {} that both have\n",
                              lines.within_epochs ? "in each of the" : "after each of the",
                              plural(lines.common, lines.within_epochs ? "line" : "epoch"));
  }
  text += fmt::format("the parameters differ after {}, not before\n", text_of(lines.place));

  Experiment of_a = prepare_experiment(a, load_training_data(a));
  Experiment of_b = prepare_experiment(b, load_training_data(b));
  text +=
      differences("the fingerprint of rows: ", of_a.data_hashes, run_a, of_b.data_hashes, run_b);
  const auto tensors_of = [](const Experiment& e) {
    return Network<float>(e.model.network).tensors();
  };
  const bool are_comparable =
      of_a.model.precision == of_b.model.precision && tensors_of(of_a) == tensors_of(of_b);
  if (!are_comparable) return text + "their networks have other tensors, or another precision\n";
  return text + (of_a.model.precision == "double"
                     ? part_in<double>(a, of_a, run_a, b, of_b, run_b, lines)
                     : part_in<float>(a, of_a, run_a, b, of_b, run_b, lines));
}

}  // namespace lockstep::trainer
