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

/// Of the part of an epoch that this process has taken.
struct Times {
  Index taken = 0;    ///< steps
  double steps = 0;   ///< seconds of them
  double saving = 0;  ///< seconds
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
    run_.prepare(goes_on ? run_.no_parameters() : run_.initial_parameters());
    const std::string line = start_line(session_, experiment_, run_.memory_bytes());
    say(session_, line);
    for (const std::string& warning : advice(session_, experiment_)) say(session_, warning);

    claim_run(folder_);
    RunCheckpoints<T> checkpoints(session_, folder_, experiment_);
    if (goes_on) restore(checkpoints);
    begin_run(session_, folder_,
              {experiment_.model.data_hash, experiment_.model.initial_parameters});
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

  void restore(RunCheckpoints<T>& checkpoints) {
    checkpoints.restore(run_);
    if (run_.monitor() && run_.monitor()->state().best) write_best(run_.best_parameters());
  }

  RunResult run_epochs(RunCheckpoints<T>& checkpoints) {
    const TrainingPosition& position = run_.training().position();
    std::vector<double> rates;
    while (true) {
      const double rate = run_epoch(checkpoints);
      if (rate > 0) rates.push_back(rate);
      if (run_.is_stopped()) {
        checkpoints.save(run_);
        say(session_, rest_line());
        break;
      }
      if (position.epoch >= experiment_.epochs) break;
      run_.training().begin_epoch(position.epoch + 1);
    }
    return finish(rates);
  }

  /// What is left of an epoch: its steps, and the lines and checkpoints that are due. Returns rows
  /// a second, or 0 where no step was left.
  double run_epoch(RunCheckpoints<T>& checkpoints) {
    const TrainingPosition& position = run_.training().position();
    const Index first = position.step;
    Times times;
    Progress progress(session_, position, experiment_.epochs, steps());
    while (true) {
      times.taken = position.step - first;
      if (run_.owes_line()) write_line(times);
      if (run_.is_stopped() || position.step == steps()) break;
      take_steps(checkpoints, times, progress);
    }
    if (times.taken == 0) return 0;
    const double rate = rows_per_second(times);
    folder_.append(kTimingsFile, timings_line({position.epoch, times.steps, rate, times.saving}));
    return rate;
  }

  double rows_per_second(const Times& times) const {
    const double part = static_cast<double>(times.taken) / static_cast<double>(steps());
    return static_cast<double>(run_.lanes().rows()) * part / times.steps;
  }

  /// The steps to the next line or checkpoint.
  void take_steps(RunCheckpoints<T>& checkpoints, Times& times, Progress& progress) {
    Training<T>& training = run_.training();
    const TrainingPosition& position = training.position();
    const double start = seconds_now();
    const Index last = std::min(run_.next_line(), checkpoints.next_step(position, steps()));
    const Wishes agreed = training.run_steps(
        last, [&] { return wishes(checkpoints); },
        [&](Index steps_done) { progress.step_done(steps_done); });
    const double stepped = seconds_now();
    times.steps += stepped - start;
    const bool is_last = position.epoch == experiment_.epochs && position.step == steps();
    const bool stops = (agreed & (kWishToStop | kOutOfTime)) != 0 && !is_last;
    if (agreed != 0 || checkpoints.is_due(position, steps())) checkpoints.save(run_);
    times.saving += seconds_now() - stepped;
    if (stops) throw Interrupted(stop_line(agreed, checkpoints));
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

  /// What validation says of where the training stands, for people and in metrics.jsonl.
  void write_line(const Times& times) {
    const TrainingPosition& position = run_.training().position();
    const bool at_end = position.step == steps();
    const Evaluations measured = run_.measure(NetworkRun<T>::Sets::due);
    std::string line = fmt::format("epoch {}/{}", position.epoch, experiment_.epochs);
    if (!at_end) line += fmt::format("  step {}/{}", position.step, steps());
    line += "  train " + evaluation_line(measured.train);
    if (measured.validation) line += "  validation " + evaluation_line(*measured.validation);
    if (measured.test) line += "  test " + evaluation_line(*measured.test);
    if (at_end && times.taken > 0) line += fmt::format("  {:.0f} rows/s", rows_per_second(times));
    const std::string text = run_.line_of(measured);
    if (run_.see(measured)) {
      keep_best();
      line += "  best";
    }
    say(session_, line);
    folder_.append(kMetricsFile, text);
    last_ = measured;
  }

  /// A failure is told, and training goes on: checkpoints have the best, and it is written again at
  /// the end.
  void keep_best() {
    try {
      best_is_written_ = false;
      write_best(run_.training().theta());
    } catch (const CollectiveError& error) {
      say(session_, fmt::format("warning: {}", error.what()));
    }
  }

  void write_best(const AlignedVector<T>& theta) {
    NetworkDescription description = experiment_.model;
    description.best = best();
    guard(session_.team, "writing the best model", [&] {
      if (!session_.is_root()) return;
      save_network(folder_.file(kBestFile), description, run_.network(), theta.data());
    });
    best_is_written_ = true;
  }

  std::optional<BestValidation> best() const {
    if (!run_.monitor() || !run_.monitor()->state().best) return std::nullopt;
    const MonitorState& state = run_.monitor()->state();
    return BestValidation{run_.monitor()->options().metric, *state.best, state.epoch, state.steps};
  }

  /// Why training ends before the last epoch.
  std::string rest_line() const {
    const TrainingPosition& position = run_.training().position();
    if (position.rest != Rest::none) {
      return fmt::format("{} {} after iteration {} of {}", kLbfgsName,
                         position.rest == Rest::converged
                             ? "has converged"
                             : "can make no progress in this precision",
                         position.all_steps, experiment_.epochs);
    }
    const Index waited = run_.monitor()->state().waited;
    return fmt::format("no better validation {} in {} validations: training ends in epoch {} of {}",
                       run_.monitor()->options().metric, waited, run_.training().position().epoch,
                       experiment_.epochs);
  }

  RunResult finish(std::vector<double> rates) {
    const Training<T>& training = run_.training();
    const T* theta = training.theta().data();
    const std::string model_path = folder_.file(kModelFile);
    guard(session_.team, "writing the model", [&] {
      if (session_.is_root()) save_network(model_path, experiment_.model, run_.network(), theta);
    });
    if (!best_is_written_) write_best(run_.best_parameters());
    if (rates.size() > 1) rates.erase(rates.begin());  // the first epoch warms up
    std::sort(rates.begin(), rates.end());
    const bool is_measured = last_ && run_.has_all_sets(*last_);
    RunResult result{is_measured ? *last_ : run_.measure(NetworkRun<T>::Sets::all), best()};
    if (!rates.empty()) {
      result.rows_per_second = (rates[(rates.size() - 1) / 2] + rates[rates.size() / 2]) / 2;
    }
    result.epochs = training.position().epoch;
    result.steps = training.position().all_steps;
    result.parameters = run_.network().parameter_count();
    result.parameters_sha256 = parameters_sha256(run_.network(), theta);
    folder_.write(kResultFile, result_json(result));
    say(session_, model_line(model_path, result));
    if (result.best) say(session_, best_line(folder_.file(kBestFile), *result.best));
    return result;
  }

  Session& session_;
  Experiment& experiment_;
  RunFolder& folder_;
  NetworkRun<T> run_;
  std::optional<Evaluations> last_;  // of the last line of this process
  bool best_is_written_ = true;      // or there is none
};

}  // namespace

RunResult train_network(Session& session, TrainingData data, RunFolder& folder) {
  Experiment experiment = prepare_experiment(session, std::move(data));
  return experiment.model.precision == "double"
             ? TrainRun<double>(session, experiment, folder).run()
             : TrainRun<float>(session, experiment, folder).run();
}

}  // namespace lockstep::trainer
