#pragma once

#include <algorithm>
#include <vector>

#include "core/base/types.hpp"
#include "trainer/run/experiment.hpp"

namespace lockstep::trainer {

/// Bytes that a training takes of a rank, from the sizes of what it would allocate; without the
/// program itself, MPI, and what is freed before the rows are transformed.
struct RankMemory {
  int ranks = 0;
  Index tables = 0;       ///< the rows as they were read, which are freed once they are transformed
  bool in_place = false;  ///< or already while they are: they are numbers, and not sparse
  Index rows = 0;         ///< the rows transformed: of training, validation and test
  Index parameters = 0;   ///< θ
  Index gradients = 0;    ///< a canonical node each
  Index optimizer = 0;    ///< its state of the segment
  Index scratch = 0;      ///< activations and derivatives of a batch, orders of rows
  Index exchange = 0;     ///< buffers of messages

  Index while_loading() const { return in_place ? std::max(tables, rows) : tables + rows; }
  Index while_training() const {
    return rows + parameters + gradients + optimizer + scratch + exchange;
  }
  Index peak() const { return std::max(while_loading(), while_training()); }

  friend bool operator==(const RankMemory&, const RankMemory&) = default;
};

/// What the rows of an experiment are, over all ranks.
struct RowsOfExperiment {
  Index tables = 0;  ///< bytes as they were read
  Index train_rows = 0;
  Index train_cells = 0;  ///< of sparse rows
  Index other_rows = 0;   ///< of validation and test
  Index other_cells = 0;  ///< of those in memory
  Index other_rows_in_file = 0;
  bool is_sparse = false;  ///< after the transform
  bool in_place = false;   ///< RankMemory::in_place
  bool in_file = false;    ///< the features of the training rows stay there
};
/// *Collective*; sends some integers.
RowsOfExperiment rows_of(Team& team, const Experiment& experiment);

/// The memory of one rank of a training on so many, whatever runs here; rows are taken to have
/// equally many cells. A pure function.
RankMemory memory_of_rank(const Experiment& experiment, const RowsOfExperiment& rows, int rank,
                          int ranks);

/// That of the rank that needs most.
RankMemory memory_of(const Experiment& experiment, const RowsOfExperiment& rows, int ranks);

/// The same for 1, 2, 4, … ranks, up to the lanes and at most 1024: beyond the lanes, ranks are
/// idle.
std::vector<RankMemory> memory_plan(const Experiment& experiment, const RowsOfExperiment& rows);

}  // namespace lockstep::trainer
