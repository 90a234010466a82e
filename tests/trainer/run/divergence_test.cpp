#include "trainer/run/divergence.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <regex>
#include <set>

#include "comm/communicator.hpp"
#include "comm/thread_transport.hpp"

namespace lockstep::trainer {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const DivergenceWatch::Names kNames{
    [](Index number) { return "a.csv:" + std::to_string(number); },
    [](Index layer) { return "layers." + std::to_string(layer); },
    [](Index block) { return "tensor of block " + std::to_string(block); }};

/// What all ranks say, but for who saw it, of what `see` shows each of them.
template <class See>
std::set<std::string> told(int ranks, Index step_of_loss, const See& see) {
  std::mutex mutex;
  std::set<std::string> all;
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    comm::Communicator team(transport, std::chrono::seconds(20));
    DivergenceWatch watch(team.rank());
    see(watch, team.rank());
    const std::string text = watch.describe(team, 3, step_of_loss, kNames);
    const std::lock_guard lock(mutex);
    all.insert(std::regex_replace(text, std::regex("; rank [0-9]+ on [^)]*"), ""));
  });
  return all;
}

/// Rows of three steps, dealt out to the ranks.
auto rows_of(const std::vector<std::vector<double>>& losses, int ranks, Index bad_block = -1) {
  return [&losses, ranks, bad_block](DivergenceWatch& watch, int rank) {
    for (std::size_t s = 0; s < losses.size(); ++s) {
      watch.begin_step(static_cast<Index>(s) + 1);
      for (std::size_t i = 0; i < losses[s].size(); ++i) {
        if (static_cast<int>(i) % ranks != rank) continue;
        const double loss = losses[s][i];
        if (!watch.is_among_the_worst(loss)) continue;
        watch.add_row(loss, static_cast<Index>(i), std::isfinite(loss) ? -1 : 2);
      }
      if (s == 1 && bad_block >= 0 && rank == ranks - 1) {
        watch.add_block(bad_block + 5);
        watch.add_block(bad_block);
        watch.add_block(bad_block + 1);
      }
      watch.end_step();
    }
  };
}

TEST(Divergence, NamesTheFirstBadStepAndItsRows) {
  const std::vector<std::vector<double>> losses{
      {1, 2, 3, 4, 5}, {1, kNan, 9, 8, kInfinity, 7}, {kNan, kNan, kNan, kNan, kNan}};
  for (const int ranks : {1, 2, 3, 7}) {
    EXPECT_EQ(told(ranks, 2, rows_of(losses, ranks)),
              std::set<std::string>{"step 2 of epoch 3: the loss is not finite for a.csv:1 "
                                    "(layers.2 overflows), a.csv:4 (layers.2 overflows)"})
        << ranks;
  }
}

TEST(Divergence, NamesTheTensorOfABadGradientAndTheLargestLosses) {
  const std::vector<std::vector<double>> losses{{1, 2, 3}, {1, 6, 9, 8, 0.5, 1e30}, {1, 2}};
  for (const int ranks : {1, 2, 3, 7}) {
    EXPECT_EQ(told(ranks, 0, rows_of(losses, ranks, 4)),
              std::set<std::string>{
                  "step 2 of epoch 3: the gradient of tensor of block 4 is not finite; the largest "
                  "losses are those of a.csv:5 (1e+30), a.csv:2 (9), a.csv:3 (8)"})
        << ranks;
  }
}

TEST(Divergence, SaysThatOnlyTheSumOverflows) {
  const std::vector<std::vector<double>> losses{{1e308, 1e308}};
  EXPECT_EQ(told(2, 1, rows_of(losses, 2)),
            std::set<std::string>{"step 1 of epoch 3: the loss is not finite in sum; the largest "
                                  "losses are those of a.csv:0 (1e+308), a.csv:1 (1e+308)"});
}

TEST(Divergence, IsSeenOnlyWhereItIs) {
  DivergenceWatch watch(0);
  rows_of({{1, 2}, {3, 4}}, 1)(watch, 0);
  EXPECT_FALSE(watch.has_seen_any());
  rows_of({{1, kNan}}, 1)(watch, 0);
  EXPECT_TRUE(watch.has_seen_any());
  watch.forget();
  EXPECT_FALSE(watch.has_seen_any());
  rows_of({{1}, {2}}, 1, 0)(watch, 0);
  EXPECT_TRUE(watch.has_seen_any());
}

}  // namespace
}  // namespace lockstep::trainer
