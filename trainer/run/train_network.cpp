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
#include "trainer/run/scoring_pass.hpp"

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
  double rows_per_second = 0;
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
    AlignedVector<T> theta = initial_parameters(session_, experiment_, network_);
    std::optional<Training<T>> made;
    guard(session_.team, "preparing the training", [&] {
      made.emplace(session_.team, network_, lanes_, train_, scorer_, experiment_.options,
                   session_.threads, std::move(theta));
    });
    Training<T>& training = *made;
    const std::string line = start_line(session_, experiment_, training.memory_bytes());
    say(session_, line);
    for (const std::string& warning : advice(session_, experiment_)) say(session_, warning);
    begin_run(session_, folder_, experiment_.model.data_hash);

    EpochReport last;
    std::vector<double> rates;
    for (Index epoch = 1; epoch <= experiment_.epochs; ++epoch) {
      last = run_epoch(training, epoch);
      rates.push_back(last.rows_per_second);
    }
    return finish(training, last, rates);
  }

 private:
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

  EpochReport run_epoch(Training<T>& training, Index epoch) {
    Progress progress(session_, epoch, experiment_.epochs, lanes_.steps());
    const double start = seconds_now();
    const ScoreSums sums =
        training.run_epoch(epoch, [&](Index steps_done) { progress.step_done(steps_done); });
    const double seconds = seconds_now() - start;
    const double penalty =
        penalty_value(network_.tensors(), experiment_.options.penalty, training.theta().data());

    EpochReport report;
    report.measured.train = scorer_.evaluation(sums, penalty);
    report.rows_per_second = static_cast<double>(lanes_.rows()) / seconds;
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
    say(session_, fmt::format("{}  {:.0f} rows/s", line, report.rows_per_second));

    folder_.append(kMetricsFile,
                   metrics_line(epoch, epoch * lanes_.steps(), learning_rate, report.measured));
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
    result.rows_per_second = (rates[(rates.size() - 1) / 2] + rates[rates.size() / 2]) / 2;
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
