#include "trainer/run/network_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/partition.hpp"
#include "core/parallel/ranges.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/naive_bayes_model.hpp"
#include "trainer/run/scoring_pass.hpp"

namespace lockstep::trainer {

template <class T>
NetworkRun<T>::NetworkRun(Session& session, Experiment& experiment)
    : session_(session),
      experiment_(experiment),
      network_(experiment.model.network),
      scorer_(scorer_of(experiment.model)),
      lanes_(experiment.train.total_rows, experiment.lanes, experiment.batch) {
  const auto boundaries = lane_boundaries(lanes_.count(), session_.team.size());
  std::vector<Index> rows{0};
  for (int r = 0; r < session_.team.size(); ++r) {
    rows.push_back(lanes_.rows_of(part_of(boundaries, r)).end);
  }
  Table train = move_rows(session_.team, std::move(experiment_.train), rows);
  experiment_.train.total_rows = train.total_rows;
  // One set after the other: the first row that cannot be taken is the same on any ranks.
  guard(session_.team, "transforming the data", [&] { train_ = examples_of(std::move(train)); });
  if (experiment_.monitor) monitor_.emplace(*experiment_.monitor);
  take(experiment_.validation, validation_);
  take(experiment_.test, test_);
}

/// *Collective*.
template <class T>
void NetworkRun<T>::take(std::optional<Table>& table, std::optional<Examples<T>>& examples) {
  guard(session_.team, "transforming the data", [&] {
    if (table) examples = examples_of(std::move(*table));
  });
  table.reset();
}

template <class T>
Examples<T> NetworkRun<T>::examples_of(Table&& table) const {
  return make_examples<T>(std::move(table), experiment_.model.features,
                          experiment_.model.target_scalings, session_.threads);
}

template <class T>
AlignedVector<T> NetworkRun<T>::initial_parameters() const {
  AlignedVector<T> theta;
  const std::string& path = session_.settings.text("train.init_from");
  if (path.empty()) {
    guard(session_.team, "drawing the initial parameters", [&] {
      theta = no_parameters();
      network_.initialize(experiment_.options.seed, theta.data());
    });
    return theta;
  }
  const SafetensorsFile file = load_model_file(session_, path);
  if (is_naive_bayes(file)) {
    throw DataError(fmt::format(
        "{}: a naive_bayes model, but train.init_from takes a network, such as model.type = {} "
        "trains",
        path, session_.settings.text("model.type")));
  }
  guard(session_.team, "reading the initial model", [&] {
    try {
      theta = read_parameters<T>(file, network_);
    } catch (const DataError& e) {
      throw DataError(
          fmt::format("{}; train.init_from takes a network with the same hidden layers, "
                      "normalisation, features "
                      "and outputs",
                      e.what()));
    }
    experiment_.model.initial_parameters = parameters_sha256(network_, theta.data());
  });
  warn_of_other_features(file);
  return theta;
}

/// Of as many features, parameters can be taken; whether they mean the same is for a user to say.
template <class T>
void NetworkRun<T>::warn_of_other_features(const SafetensorsFile& file) const {
  const TableSchema& mine = experiment_.model.schema;
  const TableSchema theirs = read_description(file).schema;
  std::string difference;
  for (std::size_t j = 0; j < mine.feature_names.size() && difference.empty(); ++j) {
    const std::string name = lockstep::quoted(mine.feature_names[j]);
    if (j >= theirs.feature_names.size() || mine.feature_names[j] != theirs.feature_names[j]) {
      difference = fmt::format("column {} of the features is {} here", j + 1, name);
    } else if (!mine.feature_types.empty() && !theirs.feature_types.empty() &&
               mine.feature_types[j].categories != theirs.feature_types[j].categories) {
      difference = fmt::format("column {} has other categories here", name);
    }
  }
  if (difference.empty()) return;
  say(session_, fmt::format("warning: {}: was trained on other features: {}",
                            session_.settings.text("train.init_from"), difference));
}

template <class T>
AlignedVector<T> NetworkRun<T>::no_parameters() const {
  return AlignedVector<T>(static_cast<std::size_t>(network_.arena_size()));
}

template <class T>
Training<T>& NetworkRun<T>::prepare(AlignedVector<T> theta) {
  guard(session_.team, "preparing the training", [&] {
    training_.emplace(session_.team, network_, lanes_, train_, scorer_, experiment_.options,
                      session_.threads, std::move(theta));
    if (monitor_) best_.resize(static_cast<std::size_t>(training_->segment().size()));
  });
  return *training_;
}

template <class T>
bool NetworkRun<T>::owes_line() const {
  const TrainingPosition& position = training_->position();
  if (position.all_steps == 0 || has_seen_line()) return false;
  const Index every = experiment_.validate_steps;
  return position.step == lanes_.steps() || (every > 0 && position.all_steps % every == 0);
}

template <class T>
Index NetworkRun<T>::next_line() const {
  const TrainingPosition& position = training_->position();
  const Index every = experiment_.validate_steps;
  if (every == 0) return lanes_.steps();
  return std::min(lanes_.steps(), position.step + every - position.all_steps % every);
}

template <class T>
bool NetworkRun<T>::has_seen_line() const {
  return seen_at_ == training_->position().all_steps;
}

template <class T>
bool NetworkRun<T>::see(const Evaluations& measured) {
  const TrainingPosition& position = training_->position();
  seen_at_ = position.all_steps;
  if (!monitor_ || !measured.validation) return false;
  const bool is_best = monitor_->see(*measured.validation, position.epoch, position.all_steps,
                                     experiment_.options.schedule.warms_up(position.all_steps + 1));
  training_->scale_rates(monitor_->rate_scale());
  if (is_best) {
    const Range segment = training_->segment();
    std::copy_n(training_->theta().data() + segment.begin, segment.size(), best_.data());
  }
  return is_best;
}

template <class T>
AlignedVector<T> NetworkRun<T>::best_parameters() {
  AlignedVector<T> whole = no_parameters();
  std::copy(best_.begin(), best_.end(), whole.data() + training_->segment().begin);
  training_->gather(whole.data());
  return whole;
}

template <class T>
void NetworkRun<T>::restore_sight(const std::optional<MonitorState>& monitor, AlignedVector<T> best,
                                  bool has_seen_line) {
  seen_at_ = has_seen_line ? training_->position().all_steps : 0;
  if (!monitor_ || !monitor) return;
  monitor_->restore(*monitor);
  best_ = std::move(best);
  training_->scale_rates(monitor_->rate_scale());
}

template <class T>
Evaluations NetworkRun<T>::measure(Sets sets) const {
  const TrainingPosition& position = training_->position();
  const auto falls_due = [](Index count, Index every) { return every > 0 && count % every == 0; };
  const bool is_due = sets == Sets::all ||
                      falls_due(position.all_steps, experiment_.validate_steps) ||
                      falls_due(position.epoch, experiment_.validate_epochs);
  Evaluations measured;
  const double penalty =
      penalty_value(network_.tensors(), experiment_.options.penalty, training_->theta().data());
  measured.train = scorer_.evaluation(training_->position().sums, penalty);
  const auto evaluate = [&](const std::optional<Examples<T>>& examples, const char* set) {
    std::optional<Evaluation> evaluation;
    if (!examples || !is_due) return evaluation;
    evaluation = evaluate_examples<T>(session_.team, network_, training_->theta().data(), *examples,
                                      scorer_, {penalty, experiment_.metrics, session_.threads});
    // Parameters may be finite, and so large that scores are not.
    if (std::isfinite(evaluation->loss)) return evaluation;
    throw NumericalError(fmt::format(
        "training diverged: the {} loss after epoch {} is not finite; {}", set,
        training_->position().epoch, diverged_advice(experiment_.options, train_.is_sparse)));
  };
  measured.validation = evaluate(validation_, "validation");
  measured.test = evaluate(test_, "test");
  return measured;
}

template <class T>
std::string NetworkRun<T>::line_of(const Evaluations& measured) const {
  if (!session_.is_root()) return "";
  const TrainingPosition& position = training_->position();
  const bool within = position.step < lanes_.steps();
  return metrics_line({position.epoch, within ? std::optional(position.step) : std::nullopt,
                       position.all_steps, training_->learning_rate(), measured,
                       parameters_sha256(network_, training_->theta().data())});
}

template class NetworkRun<float>;
template class NetworkRun<double>;

}  // namespace lockstep::trainer
