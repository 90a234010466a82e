#pragma once

#include <optional>
#include <string>

#include "core/model/network.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/lanes.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/monitor.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/session.hpp"
#include "trainer/run/training.hpp"

namespace lockstep::trainer {

/// A network in training, and the rows that it is trained and measured on: what training and
/// verifying a training have in common. Writes nothing.
template <class T>
class NetworkRun {
 public:
  /// Moves the rows to the ranks of their lanes; the tables of the experiment are given back.
  /// *Collective*.
  NetworkRun(Session& session, Experiment& experiment);

  /// θ from train.init_from, or drawn; the model states which. *Collective*.
  AlignedVector<T> initial_parameters() const;
  /// Some that are overwritten, where the run goes on.
  AlignedVector<T> no_parameters() const;

  /// Once, before what follows. *Collective*.
  Training<T>& prepare(AlignedVector<T> theta);

  /// Bytes that this rank allocated for it, rows included.
  Index memory_bytes() const {
    return training_->memory_bytes() + static_cast<Index>(best_.size() * sizeof(T));
  }

  const Network<T>& network() const { return network_; }
  const Lanes& lanes() const { return lanes_; }
  Training<T>& training() { return *training_; }
  const Training<T>& training() const { return *training_; }

  /// A line of metrics.jsonl is due where the training is, and has not been seen yet: at the end of
  /// an epoch, and where validation.every_steps says so.
  bool owes_line() const;
  /// The step of the epoch at which the next one is due; requires that some are left.
  Index next_line() const;
  /// How good θ is on the rows that are to be measured now, or on all. Throws NumericalError.
  /// *Collective*.
  enum class Sets { due, all };
  Evaluations measure(Sets sets) const;
  /// All were measured.
  bool has_all_sets(const Evaluations& measured) const {
    return (!validation_ || measured.validation) && (!test_ || measured.test);
  }
  /// That, as a line of metrics.jsonl; of rank 0, "" on the others.
  std::string line_of(const Evaluations& measured) const;
  /// Takes the line that was due, and says whether θ is the best so far.
  bool see(const Evaluations& measured);

  /// What the validations say, where train.monitor is set.
  const std::optional<Monitor>& monitor() const { return monitor_; }
  /// They say that it is enough, or the optimizer has come to rest.
  bool is_stopped() const {
    return training_->position().rest != Rest::none || (monitor_ && monitor_->is_out_of_patience());
  }
  /// This rank's segment of the parameters for which it was best; empty without a monitor.
  const AlignedVector<T>& best_segment() const { return best_; }
  /// All of them. *Collective*.
  AlignedVector<T> best_parameters();

  /// The line that is due has been seen.
  bool has_seen_line() const;
  /// The training stands where another run was, with what that had seen.
  /// @param best  this rank's segment of its best parameters, where there is a monitor
  void restore_sight(const std::optional<MonitorState>& monitor, AlignedVector<T> best,
                     bool has_seen_line);

 private:
  void warn_of_other_features(const SafetensorsFile& file) const;
  void take(std::optional<Table>& table, std::optional<Examples<T>>& examples);
  Examples<T> examples_of(Table&& table) const;

  Session& session_;
  Experiment& experiment_;
  Network<T> network_;
  Scorer scorer_;
  Lanes lanes_;
  Examples<T> train_;
  std::optional<Examples<T>> validation_;
  std::optional<Examples<T>> test_;
  std::optional<Training<T>> training_;
  std::optional<Monitor> monitor_;
  AlignedVector<T> best_;
  Index seen_at_ = 0;  // steps of all epochs at the last line
};

}  // namespace lockstep::trainer
