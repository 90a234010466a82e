#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "comm/transport.hpp"
#include "core/base/memory.hpp"
#include "core/model/network.hpp"
#include "core/model/penalty.hpp"
#include "core/optimize/schedule.hpp"
#include "core/parallel/lanes.hpp"
#include "trainer/run/training.hpp"

namespace lockstep::test {

/// A small training run on made-up rows, to be repeated with other ranks and threads.
struct TrainingCase {
  std::string loss = "cross_entropy";
  std::string optimizer = "adam";
  std::string activation = "relu";
  std::vector<Index> hidden{13};
  double momentum = 0;
  bool nesterov = false;
  bool bias_correction = true;
  Shuffle shuffle = Shuffle::rows;
  Penalty penalty;
  double learning_rate = 0.01;
  ScheduleOptions schedule{};
  std::optional<double> clip_value{};
  std::optional<double> clip_norm{};
  double magnitude = 1;  ///< of the features
  double density = 1;    ///< share of the features that are not 0
  bool sparse = false;   ///< the zeros are left out
  Index rows = 203;
  Index batch = 40;
  Index lanes = 8;
  Index features = 7;
  Index classes = 3;
  Index targets = 1;  ///< of the losses that take numbers
  Index epochs = 4;
  std::uint64_t seed = 3;
  double label_smoothing = 0;  ///< of the losses that take it
  std::string normalization{kNoNormalization};
  bool residual = false;
  Index embedded = 0;  ///< features that are indices of categories, some of none; dense rows only
  double dropout = 0;
  double input_noise = 0;  ///< of rows that are not sparse
  Index micro_batch = 0;
  bool weighted = false;  ///< rows have weights, some of them 0
};

/// One line that tells the case from others in a failure.
std::string describe(const TrainingCase& c);

/// Any loss, optimizer, activation and shuffle of the registries with odd shapes: widths, rows and
/// batches that fit nothing, empty lanes, features so small that products underflow and so large
/// that training diverges. A pure function of (seed, number).
TrainingCase random_training_case(std::uint64_t seed, std::uint64_t number);

/// Trains on this rank of the transport. *Collective*.
/// @return what must depend on neither ranks nor threads, as bytes: the sums of every epoch, θ, and
///         the optimizer's state put together from all segments; or, from a run that diverges, the
///         epochs before and the error
template <class T>
std::string train(comm::Transport& transport, const TrainingCase& c, int threads);

/// A run of a case between two steps: all that another one, of other ranks, needs to go on.
template <class T>
struct Interruption {
  trainer::TrainingPosition position;
  AlignedVector<T> theta;
  std::vector<AlignedVector<T>> states;
  std::string bytes;  ///< of the results of the epochs before
};

/// Runs on ranks that are threads until so many steps are done, of all epochs.
template <class T>
Interruption<T> interrupt_on_threads(const TrainingCase& c, int ranks, Index steps);
/// The different results of ranks that go on from there, as train_on_threads has them.
template <class T>
std::set<std::string> resume_on_threads(const TrainingCase& c, int ranks, int threads,
                                        const Interruption<T>& from);

/// The different results of ranks that are threads of this process: one where the promise holds.
template <class T>
std::set<std::string> train_on_threads(const TrainingCase& c, int ranks, int threads);

}  // namespace lockstep::test
