// What scoring holds in memory does not grow with the rows.

#include "trainer/run/scoring_pass.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <vector>

#include "core/base/memory.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/naive_bayes_model.hpp"

namespace lockstep::trainer {
namespace {

/// Small blocks, and what the heap keeps for later of those that were given back.
constexpr std::size_t kNoise = 200000;

/// Bytes that the program has taken from the heap, large blocks included.
std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// The most that the heap holds while `source` is visited, beyond what it held before.
std::size_t bytes_while_visiting(const ScoreSource& source) {
  const std::size_t before = heap_bytes();
  std::size_t most = before;
  source([&](Index row, const double*, double) {
    if (row % 64 == 0) most = std::max(most, heap_bytes());
  });
  return most - before;
}

/// Rows of two numbers, with the last of the classes as target.
Table table_of(Index rows, Index classes) {
  Table table;
  table.rows = {0, rows};
  table.total_rows = rows;
  table.features = 2;
  table.feature_names = {"a", "b"};
  table.values = Table::NumberValues(static_cast<std::size_t>(2 * rows), 0.5);
  table.target_kind = TargetKind::classes;
  table.target_names = {"y"};
  table.target.assign(static_cast<std::size_t>(rows), static_cast<double>(classes - 1));
  for (Index k = 0; k < classes; ++k) table.class_names.push_back(std::to_string(k));
  return table;
}

NaiveBayesModel classifier_of(const Table& table) {
  const auto classes = table.class_names.size();
  NaiveBayes::Parameters parameters;
  parameters.log_prior.assign(classes, -1);
  parameters.mean.assign(2 * classes, 0);
  parameters.variance.assign(2 * classes, 1);
  ModelDescription description;
  description.schema = schema_of(table);
  return {description, {}, NaiveBayes(std::vector<ColumnType>(2), std::move(parameters))};
}

std::size_t bytes_of_naive_bayes(Index rows, Index classes) {
  const Table table = table_of(rows, classes);
  const NaiveBayesModel model = classifier_of(table);
  return bytes_while_visiting(
      [&](const ScoreVisitor& visit) { model.visit_scores(table, 1, visit); });
}

TEST(ScoringPass, OfNaiveBayesHoldsAMillionScoresWhateverTheRows) {
  // Scores and their derivatives: two numbers of 8 bytes each; the rest is small.
  constexpr std::size_t kMost = (std::size_t{2} << 20) * 8 + kNoise;
  for (const Index classes : {2, 1000, 10000}) {
    const std::size_t bytes = bytes_of_naive_bayes(5000, classes);
    EXPECT_LE(bytes, kMost) << classes;
    EXPECT_LE(bytes_of_naive_bayes(20000, classes), bytes + kNoise) << classes;
  }
}

TEST(ScoringPass, OfANetworkHoldsSomeThousandRows) {
  NetworkSpec spec;
  spec.inputs = 2;
  spec.hidden = {50};
  spec.outputs = 100;
  spec.loss = "cross_entropy";
  const Network<float> network(spec);
  AlignedVector<float> theta(static_cast<std::size_t>(network.arena_size()));
  network.initialize(1, theta.data());
  const auto bytes_of = [&](Index rows) {
    const Table table = table_of(rows, spec.outputs);
    const FeatureTransform as_they_are(schema_of(table), std::vector<ColumnTransform>(2));
    const Examples<float> examples = make_examples<float>(table, as_they_are, {}, 1);
    return bytes_while_visiting([&](const ScoreVisitor& visit) {
      visit_scores<float>(network, theta.data(), examples, 1, visit);
    });
  };
  const std::size_t bytes = bytes_of(5000);
  // Of 4096 rows: what the layers hold in float (padded to 16 + 64 + 64 + 112 numbers, at most
  // twice for derivatives), the scores in double.
  EXPECT_LE(bytes, std::size_t{4096} * (2 * 256 * 4 + 100 * 8 + 16) + kNoise);
  EXPECT_LE(bytes_of(20000), bytes + kNoise);
}

}  // namespace
}  // namespace lockstep::trainer
