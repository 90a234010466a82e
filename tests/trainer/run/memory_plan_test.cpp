// What memory_of says of a training is what the training allocates.

#include "trainer/run/memory_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "comm/communicator.hpp"
#include "core/base/random.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/transform/examples.hpp"
#include "tests/support/ranks.hpp"
#include "trainer/run/training.hpp"

namespace lockstep::trainer {
namespace {

struct Case {
  std::vector<Index> hidden;
  std::string optimizer = "adam";
  std::string precision = "float";
  Index batch = 256;
  Index lanes = 8;
  bool is_sparse = false;
  Index micro_batch = 0;
};

constexpr Index kRows = 1003;
constexpr Index kFeatures = 19;

/// This rank's rows.
Table rows_in(Range rows, bool is_sparse) {
  Table table;
  table.rows = rows;
  table.total_rows = kRows;
  table.features = kFeatures;
  table.target_kind = TargetKind::number;
  table.target_names = {"y"};
  table.feature_names.resize(kFeatures);
  for (std::size_t j = 0; j < kFeatures; ++j) {
    table.feature_names[j] = 'c' + std::to_string(j);
  }
  SparseValues sparse;
  sparse.begins.push_back(0);
  Table::NumberValues numbers;
  for (Index i = rows.begin; i < rows.end; ++i) {
    for (Index j = 0; j < kFeatures; ++j) {
      const bool is_zero = (i * 7 + j) % 5 > 0;
      numbers.push_back(is_zero ? 0 : 2);
      if (is_zero) continue;
      sparse.columns.push_back(static_cast<std::uint32_t>(j));
      sparse.numbers.push_back(2);
    }
    sparse.begins.push_back(sparse.cells());
    table.target.push_back(static_cast<double>(i % 3));
  }
  if (is_sparse) {
    table.values = std::move(sparse);
  } else {
    table.values = std::move(numbers);
  }
  return table;
}

Experiment experiment_of(const Team& team, const Case& c) {
  Experiment e;
  e.train = rows_in(even_part(kRows, team.size(), team.rank()), c.is_sparse);
  e.model.schema = schema_of(e.train);
  e.model.features = FeatureTransform(e.model.schema, std::vector<ColumnTransform>(kFeatures));
  e.model.precision = c.precision;
  e.model.network.inputs = kFeatures;
  e.model.network.hidden = c.hidden;
  e.model.network.outputs = 1;
  e.model.network.activation = "relu";
  e.model.network.loss = "squared";
  e.batch = c.batch;
  e.lanes = c.lanes;
  e.options.optimizer = c.optimizer;
  e.options.micro_batch = c.micro_batch;
  return e;
}

/// Bytes that this rank of a training says it has. *Collective*.
template <class T>
Index allocated(comm::Communicator& team, const Experiment& e, const Case& c) {
  const Lanes lanes(kRows, e.lanes, e.batch);
  const Range mine = part_of(lane_boundaries(e.lanes, team.size()), team.rank());
  const Network<T> network(e.model.network);
  const Scorer scorer(loss_traits("squared"), 1, {{"y", {}}});
  const Examples<T> examples =
      make_examples<T>(rows_in(lanes.rows_of(mine), c.is_sparse), e.model.features, {}, 1);
  const Training<T> training(team, network, lanes, examples, scorer, e.options, 1,
                             AlignedVector<T>(static_cast<std::size_t>(network.arena_size())));
  return training.memory_bytes();
}

TEST(MemoryPlan, IsWhatATrainingAllocates) {
  for (const Case& c :
       {Case{{}}, Case{{64, 32}}, Case{{128, 96}, "sgd", "double"},
        Case{{256, 64}, "adam", "float", 1003, 64}, Case{{128}, "adam", "float", 100, 4, true},
        Case{{128}, "adam", "float", 1003, 8, false, 300},
        Case{{128}, "adam", "float", 1003, 8, true, 20}}) {
    test::for_each_thread_team({1, 2, 3, 4, 7}, [&](Team& team) {
      const Experiment e = experiment_of(team, c);
      const RankMemory memory = memory_of_rank(e, rows_of(team, e), team.rank(), team.size());
      auto& ranks = dynamic_cast<comm::Communicator&>(team);
      const Index expected =
          c.precision == "double" ? allocated<double>(ranks, e, c) : allocated<float>(ranks, e, c);
      // A training does not count the numbers that it has for each row beside the features: two
      // targets and the place in an order of all rows, seven numbers of those of a batch.
      const Lanes lanes(kRows, c.lanes, c.batch);
      const Range mine = part_of(lane_boundaries(c.lanes, team.size()), team.rank());
      const Index rows = lanes.rows_of(mine).size();
      const Index batch = std::min(mine.size() * lanes.most_rows_of_a_lane(), c.batch);
      // Of sparse rows, each rank has about as many cells.
      const Index slack = c.is_sparse && team.size() > 1 ? 8 * kFeatures : 0;
      const Index found = memory.while_training() - 8 * (3 * rows + 7 * batch);
      EXPECT_LE(std::abs(found - expected), slack)
          << found << " and " << expected << "rank " << team.rank() << " of " << team.size();
      const RankMemory most = memory_of(e, rows_of(team, e), team.size());
      EXPECT_EQ(most.peak(), max_over(team, memory.peak()));
    });
  }
}

TEST(MemoryPlan, HasNoFeaturesOfRowsThatStayInTheirFile) {
  test::for_each_thread_team({1, 3}, [](Team& team) {
    for (const bool is_sparse : {false, true}) {
      Experiment e = experiment_of(team, {{64}, "adam", "float", 100, 4, is_sparse});
      const RankMemory in_memory = memory_of(e, rows_of(team, e), 1);
      e.streams = true;
      const RankMemory found = memory_of(e, rows_of(team, e), 1);
      EXPECT_EQ(found.tables, kRows * 8);
      EXPECT_EQ(found.rows, kRows * 2 * 8 + (is_sparse ? 8 : 0));
      EXPECT_EQ(found.gradients, in_memory.gradients);
      if (is_sparse) {
        EXPECT_GT(found.scratch, in_memory.scratch + 100 * kFeatures / 5 * 8);
      } else {
        EXPECT_EQ(found.scratch, in_memory.scratch);
      }
      // Test rows: of a file of their own, and split off.
      e.test = e.train;
      EXPECT_EQ(memory_of(e, rows_of(team, e), 1).rows, found.rows + in_memory.rows);
      e.test->numbers_read.emplace(e.test->target.size());
      EXPECT_EQ(memory_of(e, rows_of(team, e), 1).rows, 2 * found.rows);
      EXPECT_EQ(memory_of(e, rows_of(team, e), 1).tables, kRows * (8 + 8 + 8));
    }
  });
}

TEST(MemoryPlan, IsForPowersOfTwoUpToTheLanes) {
  test::for_each_thread_team({1, 3}, [](Team& team) {
    const Experiment e = experiment_of(team, {{64}, "adam", "float", 256, 8});
    const auto plan = memory_plan(e, rows_of(team, e));
    EXPECT_EQ(plan.size(), 4U);
    EXPECT_EQ(plan.back().ranks, 8);
    EXPECT_EQ(plan.front().tables, kRows * (kFeatures + 1) * 8);
    EXPECT_EQ(plan[1], memory_of(e, rows_of(team, e), 2));
    for (std::size_t k = 1; k < plan.size(); ++k) {
      EXPECT_LT(plan[k].rows, plan[k - 1].rows);
      EXPECT_LT(plan[k].tables, plan[k - 1].tables);
      EXPECT_EQ(plan[k].parameters, plan[0].parameters);
    }
  });
}

}  // namespace
}  // namespace lockstep::trainer
