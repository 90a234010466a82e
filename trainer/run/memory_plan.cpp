#include "trainer/run/memory_plan.hpp"

#include <variant>

#include "comm/exchange.hpp"
#include "core/base/memory.hpp"
#include "core/model/blocks.hpp"
#include "core/model/network_pass.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/parallel/lanes.hpp"
#include "core/parallel/ranges.hpp"
#include "trainer/run/batch_gradient.hpp"
#include "trainer/run/full_batch.hpp"

namespace lockstep::trainer {
namespace {

constexpr Index kDouble = sizeof(double);

Index cells_of(const Table& table) {
  return table.sparse() == nullptr ? 0 : table.sparse()->cells();
}

/// Elements of a pass through the network: a part for each row, and one whatever the rows.
struct PassSize {
  Index for_each_row = 0;
  Index fixed = 0;
};

template <class T>
PassSize size_of_pass(const Network<T>& network, bool is_sparse) {
  const auto elements = [&](Index capacity) {
    return NetworkPass<T>(network, capacity, true, is_sparse).elements();
  };
  const Index of_one = elements(1);
  const Index for_each_row = elements(2) - of_one;
  return {for_each_row, of_one - for_each_row};
}

/// Bytes of examples (Examples<T>): their features, also those that are all 1 and left out once
/// they are made, targets and weights.
/// @param held  rows whose features are in memory, with so many cells
template <class T>
Index example_bytes(const Experiment& e, const RowsOfExperiment& all, Index rows, Index held,
                    Index cells) {
  constexpr Index kElement = sizeof(T);
  const Index stride = round_up(e.model.features.width(), kPanel);
  const Index numbers = 2 * e.train.targets() + (e.train.weights ? 1 : 0);
  Index bytes = rows * numbers * kDouble;
  if (all.is_sparse) {
    constexpr Index kColumn = sizeof(std::uint32_t);
    constexpr Index kBegin = sizeof(Index);
    return bytes + cells * (kElement + kColumn) + (held + 1) * kBegin;
  }
  return bytes + held * stride * kElement;
}

/// Bytes of what a batch of sparse rows is made of that stay in their file (SparseBatch<T>).
template <class T>
Index made_bytes(Index rows, Index cells) {
  constexpr auto kOfRow = static_cast<Index>(sizeof(MappedSparseRows::Cells) + 2 * sizeof(Index));
  return rows * kOfRow + cells * static_cast<Index>(sizeof(std::uint32_t) + sizeof(T));
}

/// As many of `cells` as these rows have on average.
Index share_of(Index cells, Index part, Index rows) {
  return rows == 0 ? 0 : (cells * part + rows - 1) / rows;
}

/// Of the optimizers that keep them for each element.
template <class T>
Index states_of(const TrainingOptions& options) {
  if (options.is_full_batch()) return 0;
  return make_optimizer<T>(options.optimizer, options.optimizer_options)->states();
}

/// What the ranks of a training have in common.
template <class T>
class MemoryModel {
 public:
  MemoryModel(const Experiment& experiment, const RowsOfExperiment& rows, int ranks)
      : e_(experiment),
        all_(rows),
        ranks_(ranks),
        network_(experiment.model.network),
        lanes_(rows.train_rows, experiment.lanes, experiment.batch),
        pass_(size_of_pass(network_, rows.is_sparse)),
        states_(states_of<T>(experiment.options) + (experiment.monitor ? 1 : 0)) {
    plan_.blocks = blocks_of(network_.tensors());
    plan_.lane_boundaries = lane_boundaries(experiment.lanes, ranks);
    plan_.lanes = experiment.lanes;
  }

  RankMemory of_rank(int rank) const {
    constexpr Index kElement = sizeof(T);
    constexpr Index kNumbersOfARow =
        7;  // its source, number, target, weight, loss, prediction, layer
    const Range mine = part_of(plan_.lane_boundaries, rank);
    const Index rows = lanes_.rows_of(mine).size();
    const Index batch = std::min(mine.size() * lanes_.most_rows_of_a_lane(), lanes_.batch());
    const comm::ExchangeSize size = comm::exchange_size(plan_, rank, ranks_);
    RankMemory memory{ranks_};
    memory.tables = (all_.tables + ranks_ - 1) / ranks_;
    memory.in_place = all_.in_place;
    const Index held_rows = all_.in_file ? 0 : rows;
    memory.rows = example_bytes<T>(e_, all_, rows, held_rows,
                                   share_of(all_.train_cells, held_rows, all_.train_rows));
    if (all_.other_rows > 0) {
      const Index others = even_part(all_.other_rows, ranks_, 0).size();
      const Index held = even_part(all_.other_rows - all_.other_rows_in_file, ranks_, 0).size();
      memory.rows += example_bytes<T>(
          e_, all_, others, held,
          share_of(all_.other_cells, held, all_.other_rows - all_.other_rows_in_file));
    }
    memory.parameters = network_.arena_size() * kElement;
    const GradientPlan plan = gradient_plan(mine, plan_.lanes, lanes_.most_rows_of_a_lane(), batch,
                                            e_.options.micro_batch);
    memory.gradients = (size.nodes + plan.arenas) * network_.arena_size() * kElement;
    memory.optimizer = states_ * size.segment * kElement;
    if (e_.options.is_full_batch()) {
      memory.optimizer +=
          full_batch_vectors(e_.options, known_curvature(network_) > 0) *
          share_of(network_.parameter_count(), size.segment, network_.arena_size()) * kElement;
    }
    memory.exchange = size.elements * kElement;
    memory.scratch =
        (pass_.fixed + std::max<Index>(plan.rows_at_once, 1) * pass_.for_each_row) * kElement +
        batch * kNumbersOfARow * kDouble + rows * static_cast<Index>(sizeof(Index));
    if (all_.in_file && all_.is_sparse) {
      memory.scratch += made_bytes<T>(
          plan.rows_at_once, share_of(all_.train_cells, plan.rows_at_once, all_.train_rows));
    }
    return memory;
  }

  RankMemory of_largest() const {
    RankMemory largest;
    for (int rank = 0; rank < ranks_; ++rank) {
      const RankMemory memory = of_rank(rank);
      if (memory.peak() > largest.peak()) largest = memory;
    }
    return largest;
  }

 private:
  const Experiment& e_;
  const RowsOfExperiment& all_;
  int ranks_;
  Network<T> network_;
  Lanes lanes_;
  PassSize pass_;
  Index states_;  // of the optimizer; the best parameters are kept like one
  comm::ExchangePlan plan_;
};

/// Bytes of the rows of a table that are held here. Rank-local.
/// @param in_file  the features will not be
Index table_bytes(const Table& table, bool in_file) {
  const Index rows = table.rows.size();
  Index bytes = static_cast<Index>(table.target.size()) * kDouble;
  if (table.weights) bytes += rows * kDouble;
  if (table.numbers_read) bytes += rows * static_cast<Index>(sizeof(Index));
  if (in_file) return bytes;
  if (const SparseValues* sparse = table.sparse()) {
    return bytes + sparse->cells() * static_cast<Index>(kDouble + sizeof(std::uint32_t)) +
           rows * static_cast<Index>(sizeof(Index));
  }
  const bool is_bytes = std::holds_alternative<Table::ByteValues>(table.values);
  return bytes + rows * table.features * (is_bytes ? 1 : kDouble);
}

}  // namespace

RowsOfExperiment rows_of(Team& team, const Experiment& e) {
  RowsOfExperiment all;
  all.train_rows = e.train.total_rows;
  all.is_sparse = is_sparse(e);
  all.in_file = e.streams;
  all.in_place = std::holds_alternative<Table::NumberValues>(e.train.values);
  std::vector<std::int64_t> sums{table_bytes(e.train, e.streams), cells_of(e.train), 0};
  for (const auto* table : {&e.validation, &e.test}) {
    if (!*table) continue;
    const bool in_file = e.streams && (*table)->numbers_read.has_value();  // split off
    all.other_rows += (*table)->total_rows;
    if (in_file) all.other_rows_in_file += (*table)->total_rows;
    sums[0] += table_bytes(**table, in_file);
    sums[2] += in_file ? 0 : cells_of(**table);
  }
  team.all_reduce(sums, IntegerReduction::sum);
  all.tables = sums[0];
  all.train_cells = sums[1];
  all.other_cells = sums[2];
  return all;
}

RankMemory memory_of_rank(const Experiment& experiment, const RowsOfExperiment& rows, int rank,
                          int ranks) {
  return experiment.model.precision == "double"
             ? MemoryModel<double>(experiment, rows, ranks).of_rank(rank)
             : MemoryModel<float>(experiment, rows, ranks).of_rank(rank);
}

RankMemory memory_of(const Experiment& experiment, const RowsOfExperiment& rows, int ranks) {
  return experiment.model.precision == "double"
             ? MemoryModel<double>(experiment, rows, ranks).of_largest()
             : MemoryModel<float>(experiment, rows, ranks).of_largest();
}

std::vector<RankMemory> memory_plan(const Experiment& experiment, const RowsOfExperiment& rows) {
  constexpr int kMostRanks = 1024;
  std::vector<RankMemory> plan;
  for (int ranks = 1; ranks <= std::min<Index>(experiment.lanes, kMostRanks); ranks *= 2) {
    plan.push_back(memory_of(experiment, rows, ranks));
  }
  return plan;
}

}  // namespace lockstep::trainer
