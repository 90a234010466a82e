#include "trainer/run/train_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/network_run.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/run_checkpoints.hpp"
#include "trainer/run/stop_signals.hpp"

namespace lockstep::trainer {
namespace {

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
      : session_(session), experiment_(experiment), folder_(folder), run_(session, experiment) {}

  RunResult run() {
    if (folder_.directory().is_resumed()) claim_run(folder_);
    const bool goes_on = RunCheckpoints<T>::has_any(session_, folder_);
    Training<T>& training =
        run_.prepare(goes_on ? run_.no_parameters() : run_.initial_parameters());
    const std::string line = start_line(session_, experiment_, training.memory_bytes());
    say(session_, line);
    for (const std::string& warning : advice(session_, experiment_)) say(session_, warning);

    claim_run(folder_);
    RunCheckpoints<T> checkpoints(session_, folder_, experiment_);
    if (goes_on) checkpoints.restore(training, steps());
    begin_run(session_, folder_, experiment_.model.data_hash);
    if (goes_on) {
      say_where(checkpoints);
    } else {
      begin(checkpoints);
    }
    try {
      return run_epochs(checkpoints);
    } catch (const NumericalError& error) {
      if (checkpoints.newest().empty()) throw;
      throw NumericalError(
          fmt::format("{}; the newest checkpoint is {}", error.what(), checkpoints.newest()));
    }
  }

 private:
  Index steps() const { return run_.lanes().steps(); }

  void say_where(const RunCheckpoints<T>& checkpoints) {
    const TrainingPosition& position = run_.training().position();
    say(session_, fmt::format("going on from {}: epoch {}, after step {} of {}",
                              checkpoints.newest(), position.epoch, position.step, steps()));
  }

  void begin(RunCheckpoints<T>& checkpoints) {
    if (folder_.directory().is_resumed()) {
      checkpoints.begin_anew();
      say(session_, fmt::format("{}: no checkpoint yet; begun anew", folder_.directory().path()));
    }
    run_.training().begin_epoch(1);
  }

  RunResult run_epochs(RunCheckpoints<T>& checkpoints) {
    EpochReport last;
    std::vector<double> rates;
    while (true) {
      last = run_epoch(checkpoints);
      if (last.rows_per_second > 0) rates.push_back(last.rows_per_second);
      const Index epoch = run_.training().position().epoch;
      if (epoch >= experiment_.epochs) return finish(last, rates);
      run_.training().begin_epoch(epoch + 1);
    }
  }

  EpochReport run_epoch(RunCheckpoints<T>& checkpoints) {
    const Index left = steps() - run_.training().position().step;
    const double start = seconds_now();
    const double saving = take_steps(checkpoints);
    const double seconds = seconds_now() - start - saving;
    EpochReport report{run_.measure()};
    const double rows = static_cast<double>(run_.lanes().rows()) * static_cast<double>(left) /
                        static_cast<double>(steps());
    report.rows_per_second = rows / seconds;
    describe(report, seconds, saving);
    return report;
  }

  /// The steps of an epoch that are left, with the checkpoints that are due. Returns the seconds
  /// that these took.
  double take_steps(RunCheckpoints<T>& checkpoints) {
    double saving = 0;
    Training<T>& training = run_.training();
    const TrainingPosition& position = training.position();
    Progress progress(session_, position.epoch, experiment_.epochs, steps());
    while (position.step < steps()) {
      const Wishes agreed = training.run_steps(
          checkpoints.next_step(position, steps()), [&] { return wishes(checkpoints); },
          [&](Index steps_done) { progress.step_done(steps_done); });
      const bool is_last = position.epoch == experiment_.epochs && position.step == steps();
      const bool stops = (agreed & (kWishToStop | kOutOfTime)) != 0 && !is_last;
      const double start = seconds_now();
      if (agreed != 0 || checkpoints.is_due(position, steps())) checkpoints.save(training);
      saving += seconds_now() - start;
      if (stops) throw Interrupted(stop_line(agreed, checkpoints));
    }
    return saving;
  }

  /// What this rank wants.
  Wishes wishes(const RunCheckpoints<T>& checkpoints) const {
    Wishes mine = stop_wishes(session_);
    if (session_.is_root() && checkpoints.is_due_by_time()) mine |= kWishToSave;
    return mine;
  }

  std::string stop_line(Wishes agreed, const RunCheckpoints<T>& checkpoints) {
    const TrainingPosition& position = run_.training().position();
    return fmt::format(
        "stopped by {} in epoch {}, after step {} of {}; the newest checkpoint is {}; go on with: "
        "{}",
        stop_reason(session_, agreed), position.epoch, position.step, steps(),
        checkpoints.newest().empty() ? "none" : checkpoints.newest(),
        resume_command(folder_.directory().path()));
  }

  void describe(const EpochReport& report, double seconds, double saving) {
    const Index epoch = run_.training().position().epoch;
    std::string line = fmt::format("epoch {}/{}  train {}", epoch, experiment_.epochs,
                                   evaluation_line(report.measured.train));
    if (report.measured.validation)
      line += "  validation " + evaluation_line(*report.measured.validation);
    if (report.measured.test) line += "  test " + evaluation_line(*report.measured.test);
    const bool is_timed = report.rows_per_second > 0;
    if (is_timed) line += fmt::format("  {:.0f} rows/s", report.rows_per_second);
    say(session_, line);

    folder_.append(kMetricsFile, run_.line_of(report.measured));
    if (is_timed)
      folder_.append(kTimingsFile, timings_line({epoch, seconds, report.rows_per_second, saving}));
  }

  RunResult finish(const EpochReport& last, std::vector<double> rates) {
    const T* theta = run_.training().theta().data();
    const std::string model_path = folder_.file(kModelFile);
    guard(session_.team, "writing the model", [&] {
      if (session_.is_root()) save_network(model_path, experiment_.model, run_.network(), theta);
    });
    if (rates.size() > 1) rates.erase(rates.begin());  // the first epoch warms up
    std::sort(rates.begin(), rates.end());
    RunResult result{last.measured};
    if (!rates.empty()) {
      result.rows_per_second = (rates[(rates.size() - 1) / 2] + rates[rates.size() / 2]) / 2;
    }
    result.epochs = experiment_.epochs;
    result.steps = experiment_.epochs * steps();
    result.parameters = run_.network().parameter_count();
    result.parameters_sha256 = parameters_sha256(run_.network(), theta);
    folder_.write(kResultFile, result_json(result));
    say(session_, model_line(model_path, result));
    return result;
  }

  Session& session_;
  Experiment& experiment_;
  RunFolder& folder_;
  NetworkRun<T> run_;
};

}  // namespace

RunResult train_network(Session& session, TrainingData data, RunFolder& folder) {
  Experiment experiment = prepare_experiment(session, std::move(data));
  return experiment.model.precision == "double"
             ? TrainRun<double>(session, experiment, folder).run()
             : TrainRun<float>(session, experiment, folder).run();
}

}  // namespace lockstep::trainer
