#include "trainer/run/train_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/error.hpp"
#include "core/data/partition.hpp"
#include "core/parallel/ranges.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/naive_bayes_model.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/run_checkpoints.hpp"
#include "trainer/run/scoring_pass.hpp"
#include "trainer/run/stop_signals.hpp"

namespace lockstep::trainer {
namespace {

/// θ from train.init_from, or drawn. The model states which.
template <class T>
AlignedVector<T> initial_parameters(Session& session, Experiment& experiment,
                                    const Network<T>& network) {
  AlignedVector<T> theta;
  const std::string& path = session.settings.text("train.init_from");
  if (path.empty()) {
    guard(session.team, "drawing the initial parameters", [&] {
      theta.resize(static_cast<std::size_t>(network.arena_size()));
      network.initialize(experiment.options.seed, theta.data());
    });
    return theta;
  }
  const SafetensorsFile file = load_model_file(session, path);
  if (is_naive_bayes(file)) {
    throw DataError(fmt::format(
        "{}: a naive_bayes model, but train.init_from takes a network, such as model.type = {} "
        "trains",
        path, session.settings.text("model.type")));
  }
  guard(session.team, "reading the initial model", [&] {
    theta = read_parameters<T>(file, network);
    experiment.model.initial_parameters = parameters_sha256(network, theta.data());
  });
  return theta;
}

/// What an epoch gives: how good, and how fast.
struct EpochReport {
  Evaluations measured;
  double rows_per_second = 0;  ///< 0 where no step of it was left to do
};

/// One training run from prepared data to the written model.
template <class T>
class TrainRun {
 public:
  TrainRun(Session& session, Experiment& experiment, RunFolder& folder)
      : session_(session),
        experiment_(experiment),
        folder_(folder),
        network_(experiment.model.network),
        scorer_(scorer_of(experiment.model)),
        lanes_(experiment.train.total_rows, experiment.lanes, experiment.batch) {
    load_examples();
  }

  RunResult run() {
    const bool goes_on = RunCheckpoints<T>::has_any(session_, folder_);
    AlignedVector<T> theta = goes_on
                                 ? AlignedVector<T>(static_cast<std::size_t>(network_.arena_size()))
                                 : initial_parameters(session_, experiment_, network_);
    std::optional<Training<T>> made;
    guard(session_.team, "preparing the training", [&] {
      made.emplace(session_.team, network_, lanes_, train_, scorer_, experiment_.options,
                   session_.threads, std::move(theta));
    });
    Training<T>& training = *made;
    const std::string line = start_line(session_, experiment_, training.memory_bytes());
    say(session_, line);
    for (const std::string& warning : advice(session_, experiment_)) say(session_, warning);
    const StopSignals signals;
    claim_run(folder_);
    RunCheckpoints<T> checkpoints(session_, folder_, experiment_);
    if (goes_on) checkpoints.restore(training, lanes_.steps());
    begin_run(session_, folder_, experiment_.model.data_hash);
    if (goes_on) {
      say_where(training.position(), checkpoints);
    } else {
      begin(training, checkpoints);
    }

    try {
      return run_epochs(training, checkpoints);
    } catch (const NumericalError& error) {
      if (checkpoints.newest().empty()) throw;
      throw NumericalError(
          fmt::format("{}; the newest checkpoint is {}", error.what(), checkpoints.newest()));
    }
  }

 private:
  RunResult run_epochs(Training<T>& training, RunCheckpoints<T>& checkpoints) {
    EpochReport last;
    std::vector<double> rates;
    while (true) {
      last = run_epoch(training, checkpoints);
      if (last.rows_per_second > 0) rates.push_back(last.rows_per_second);
      const Index epoch = training.position().epoch;
      if (epoch == experiment_.epochs) return finish(training, last, rates);
      training.begin_epoch(epoch + 1);
    }
  }

  /// Rows go to the ranks of their lanes; the tables are given back.
  void load_examples() {
    const auto boundaries = lane_boundaries(lanes_.count(), session_.team.size());
    std::vector<Index> rows{0};
    for (int r = 0; r < session_.team.size(); ++r) {
      rows.push_back(lanes_.rows_of(part_of(boundaries, r)).end);
    }
    Table train = move_rows(session_.team, std::move(experiment_.train), rows);
    experiment_.train.total_rows = train.total_rows;
    // One set after the other: the first row that cannot be taken is the same on any ranks.
    guard(session_.team, "transforming the data", [&] { train_ = examples_of(std::move(train)); });
    take(experiment_.validation, validation_);
    take(experiment_.test, test_);
  }

  /// *Collective*.
  void take(std::optional<Table>& table, std::optional<Examples<T>>& examples) {
    guard(session_.team, "transforming the data", [&] {
      if (table) examples = examples_of(std::move(*table));
    });
    table.reset();
  }

  Examples<T> examples_of(Table&& table) const {
    return make_examples<T>(std::move(table), experiment_.model.features,
                            experiment_.model.target_scalings, session_.threads);
  }

  void say_where(const TrainingPosition& position, const RunCheckpoints<T>& checkpoints) const {
    say(session_, fmt::format("going on from {}: epoch {}, after step {} of {}",
                              checkpoints.newest(), position.epoch, position.step, lanes_.steps()));
  }

  void begin(Training<T>& training, RunCheckpoints<T>& checkpoints) {
    if (folder_.directory().is_resumed()) {
      checkpoints.begin_anew();
      say(session_, fmt::format("{}: no checkpoint yet; begun anew", folder_.directory().path()));
    }
    training.begin_epoch(1);
  }

  /// What this rank wants.
  Wishes wishes(const RunCheckpoints<T>& checkpoints) const {
    Wishes mine = 0;
    if (StopSignals::received() != 0) mine |= kWishToStop;
    if (!session_.is_root()) return mine;
    if (checkpoints.is_due_by_time()) mine |= kWishToSave;
    constexpr const char* kLimit = "train.max_hours";
    constexpr double kSecondsOfHour = 3600;
    const Settings& settings = session_.settings;
    const bool is_over = !settings.is_word(kLimit, "none") &&
                         seconds_now() - started_at_ >= settings.real(kLimit) * kSecondsOfHour;
    return is_over ? mine | kOutOfTime : mine;
  }

  /// The steps of an epoch that are left, with the checkpoints that are due.
  void take_steps(Training<T>& training, RunCheckpoints<T>& checkpoints) {
    const TrainingPosition& position = training.position();
    const Index steps = lanes_.steps();
    Progress progress(session_, position.epoch, experiment_.epochs, steps);
    while (position.step < steps) {
      const Wishes agreed = training.run_steps(
          checkpoints.next_step(position, steps), [&] { return wishes(checkpoints); },
          [&](Index steps_done) { progress.step_done(steps_done); });
      const bool is_last = position.epoch == experiment_.epochs && position.step == steps;
      const bool stops = (agreed & (kWishToStop | kOutOfTime)) != 0 && !is_last;
      const bool saves = agreed != 0 || checkpoints.is_due(position, steps);
      if (saves) checkpoints.save(training);
      if (stops) throw Interrupted(stop_line(position, agreed, checkpoints));
    }
  }

  std::string stop_line(const TrainingPosition& position, Wishes agreed,
                        const RunCheckpoints<T>& checkpoints) const {
    std::string why = "a signal to another rank";
    if (const int signal = StopSignals::received(); signal != 0) {
      why = StopSignals::name_of(signal);
    } else if ((agreed & kOutOfTime) != 0) {
      why = fmt::format("train.max_hours = {}", session_.settings.text("train.max_hours"));
    }
    const std::string& run = folder_.directory().path();
    return fmt::format(
        "stopped by {} in epoch {}, after step {} of {}; the newest checkpoint is {}; go on with: "
        "lockstep train --resume {}",
        why, position.epoch, position.step, lanes_.steps(),
        checkpoints.newest().empty() ? "none" : checkpoints.newest(), run);
  }

  EpochReport run_epoch(Training<T>& training, RunCheckpoints<T>& checkpoints) {
    const TrainingPosition& position = training.position();
    const Index epoch = position.epoch;
    const double part =
        static_cast<double>(lanes_.steps() - position.step) / static_cast<double>(lanes_.steps());
    const double start = seconds_now();
    take_steps(training, checkpoints);
    const double seconds = seconds_now() - start;
    const double penalty =
        penalty_value(network_.tensors(), experiment_.options.penalty, training.theta().data());

    EpochReport report;
    report.measured.train = scorer_.evaluation(position.sums, penalty);
    report.rows_per_second = part * static_cast<double>(lanes_.rows()) / seconds;
    const auto measure = [&](const std::optional<Examples<T>>& examples, const char* set) {
      std::optional<Evaluation> evaluation;
      if (!examples) return evaluation;
      evaluation =
          scorer_.evaluation(score_examples<T>(session_.team, network_, training.theta().data(),
                                               *examples, scorer_, session_.threads),
                             penalty);
      check_finite(*evaluation, set, epoch);
      return evaluation;
    };
    report.measured.validation = measure(validation_, "validation");
    report.measured.test = measure(test_, "test");
    describe(report, epoch, training.learning_rate(), seconds);
    return report;
  }

  /// Parameters may be finite, and so large that scores are not.
  void check_finite(const Evaluation& evaluation, const char* set, Index epoch) const {
    if (std::isfinite(evaluation.loss)) return;
    throw NumericalError(
        fmt::format("training diverged: the {} loss after epoch {} is not finite; {}", set, epoch,
                    diverged_advice(experiment_.options.learning_rate, train_.is_sparse)));
  }

  void describe(const EpochReport& report, Index epoch, double learning_rate, double seconds) {
    std::string line = fmt::format("epoch {}/{}  train {}", epoch, experiment_.epochs,
                                   evaluation_line(report.measured.train));
    if (report.measured.validation)
      line += "  validation " + evaluation_line(*report.measured.validation);
    if (report.measured.test) line += "  test " + evaluation_line(*report.measured.test);
    const bool is_timed = report.rows_per_second > 0;
    if (is_timed) line += fmt::format("  {:.0f} rows/s", report.rows_per_second);
    say(session_, line);

    folder_.append(kMetricsFile,
                   metrics_line(epoch, epoch * lanes_.steps(), learning_rate, report.measured));
    if (!is_timed) return;
    folder_.append(kTimingsFile, timings_line(epoch, seconds, report.rows_per_second));
  }

  RunResult finish(const Training<T>& training, const EpochReport& last,
                   std::vector<double> rates) {
    const T* theta = training.theta().data();
    const std::string model_path = folder_.file(kModelFile);
    guard(session_.team, "writing the model", [&] {
      if (session_.is_root()) save_network(model_path, experiment_.model, network_, theta);
    });
    if (rates.size() > 1) rates.erase(rates.begin());  // the first epoch warms up
    std::sort(rates.begin(), rates.end());
    RunResult result{last.measured};
    if (!rates.empty()) {
      result.rows_per_second = (rates[(rates.size() - 1) / 2] + rates[rates.size() / 2]) / 2;
    }
    result.epochs = experiment_.epochs;
    result.steps = experiment_.epochs * lanes_.steps();
    result.parameters = network_.parameter_count();
    result.parameters_sha256 = parameters_sha256(network_, theta);
    folder_.write(kResultFile, result_json(result));
    say(session_, model_line(model_path, result));
    return result;
  }

  Session& session_;
  Experiment& experiment_;
  RunFolder& folder_;
  Network<T> network_;
  Scorer scorer_;
  Lanes lanes_;
  double started_at_ = seconds_now();
  Examples<T> train_;
  std::optional<Examples<T>> validation_;
  std::optional<Examples<T>> test_;
};

}  // namespace

RunResult train_network(Session& session, TrainingData data, RunFolder& folder) {
  Experiment experiment = prepare_experiment(session, std::move(data));
  return experiment.model.precision == "double"
             ? TrainRun<double>(session, experiment, folder).run()
             : TrainRun<float>(session, experiment, folder).run();
}

}  // namespace lockstep::trainer
