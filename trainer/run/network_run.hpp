#pragma once

#include <optional>
#include <string>

#include "core/model/network.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/lanes.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/experiment.hpp"
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

  const Network<T>& network() const { return network_; }
  const Lanes& lanes() const { return lanes_; }
  Training<T>& training() { return *training_; }

  /// When the last step of an epoch is done: how good θ is. Throws NumericalError. *Collective*.
  Evaluations measure() const;
  /// That, as a line of metrics.jsonl; of rank 0, "" on the others.
  std::string line_of(const Evaluations& measured) const;

 private:
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
};

}  // namespace lockstep::trainer
