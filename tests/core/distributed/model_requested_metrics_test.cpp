#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/metrics/classification.hpp"
#include "core/model/requested_metrics.hpp"
#include "tests/core/metrics/metric_rows.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::for_each_team;

constexpr Index kRows = 2000;

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const EvaluationMetric& metric : evaluation_metrics()) names.push_back(metric.name);
  return names;
}

std::vector<std::string> names_for(Index classes, bool has_probabilities) {
  std::vector<std::string> names;
  for (const EvaluationMetric& metric : evaluation_metrics()) {
    if (metric.applies_to(classes, has_probabilities)) names.push_back(metric.name);
  }
  return names;
}

/// Scores and classes of made-up rows, which the scores tell something of.
struct Row {
  std::vector<double> scores;
  double actual = 0;
};

Row row(Index number, Index outputs, Index classes) {
  RandomSequence draws(RandomStream(3, Purpose::synthetic), static_cast<std::uint64_t>(number));
  Row made;
  made.actual = static_cast<double>(draws.below(static_cast<std::uint64_t>(classes)));
  for (Index k = 0; k < outputs; ++k) {
    const bool is_it = outputs == 1 ? made.actual == 1 : made.actual == static_cast<double>(k);
    // Few different ones, so that some are equal.
    made.scores.push_back(std::round(4 * (draws.normal() + (is_it ? 1 : 0))) / 4);
  }
  return made;
}

std::map<std::string, double> values(Team& team, const Scorer& scorer, Index classes,
                                     const std::vector<std::string>& names, int threads) {
  const RowShare share = test::share_of_rank(team, kRows);
  RequestedMetrics metrics(scorer, names);
  ScoreSums sums;
  sums.classes.rows = kRows;
  sums.classes.loss = 1;
  for (Index r = share.rows.begin; r < share.rows.end; ++r) {
    const Row made = row(r, scorer.outputs(), classes);
    double predicted = 0;
    scorer.predict(made.scores.data(), &predicted);
    metrics.add(made.scores.data(), &predicted, &made.actual);
  }
  std::map<std::string, double> found;
  for (const auto& [name, value] : metrics.values(team, share, sums, threads)) found[name] = value;
  return found;
}

/// Of one score y·s, of several that of the class before that of the best of the others.
double mean_hinge(const std::vector<Row>& rows) {
  double sum = 0;
  for (const Row& r : rows) {
    const auto actual = static_cast<std::size_t>(r.actual);
    double margin = r.scores.size() == 1 ? (2 * r.actual - 1) * r.scores[0] : 1e300;
    for (std::size_t k = 0; k < r.scores.size() && r.scores.size() > 1; ++k) {
      if (k != actual) margin = std::min(margin, r.scores[actual] - r.scores[k]);
    }
    sum += std::max(0.0, 1 - margin);
  }
  return sum / kRows;
}

/// Over fifteenths of the probability of the class that is predicted.
double calibration_error(const Scorer& scorer, const std::vector<Row>& rows) {
  std::map<int, double> surplus;  // hits less probabilities
  for (const Row& r : rows) {
    const std::vector<double> p = scorer.probabilities(r.scores.data());
    const auto best = std::max_element(p.begin(), p.end());
    const bool is_hit = best - p.begin() == static_cast<std::ptrdiff_t>(r.actual);
    surplus[static_cast<int>(std::ceil(15 * *best))] += (is_hit ? 1 : 0) - *best;
  }
  double sum = 0;
  for (const auto& [bin, difference] : surplus) sum += std::fabs(difference);
  return sum / kRows;
}

double part_in_top(std::size_t k, const std::vector<Row>& rows) {
  double hits = 0;
  for (const Row& r : rows) {
    const auto actual = static_cast<std::size_t>(r.actual);
    std::size_t before = 0;
    for (std::size_t other = 0; other < r.scores.size(); ++other) {
      const bool is_better = r.scores[other] > r.scores[actual];
      if (is_better || (r.scores[other] == r.scores[actual] && other < actual)) ++before;
    }
    hits += before < k ? 1 : 0;
  }
  return hits / kRows;
}

/// Of all rows in one place, by definition.
std::map<std::string, double> expected(const Scorer& scorer, Index classes) {
  ConfusionMatrix confusion(classes);
  std::vector<Row> rows;
  double brier = 0;
  for (Index r = 0; r < kRows; ++r) {
    rows.push_back(row(r, scorer.outputs(), classes));
    double predicted = 0;
    scorer.predict(rows.back().scores.data(), &predicted);
    confusion.add(static_cast<Index>(predicted), static_cast<Index>(rows.back().actual));
    const std::vector<double> p = scorer.probabilities(rows.back().scores.data());
    for (Index k = classes == 2 ? 1 : 0; k < classes; ++k) {
      const double is_it = rows.back().actual == static_cast<double>(k) ? 1 : 0;
      const double error = p[static_cast<std::size_t>(k)] - is_it;
      brier += error * error / kRows;
    }
  }
  std::map<std::string, double> all{{"balanced_accuracy", confusion.balanced_accuracy()},
                                    {"f1", confusion.f1(Average::macro)},
                                    {"kappa", confusion.cohens_kappa()},
                                    {"mcc", confusion.matthews()},
                                    {"precision", confusion.precision(Average::macro)},
                                    {"recall", confusion.recall(Average::macro)},
                                    {"brier", brier},
                                    {"hinge", mean_hinge(rows)},
                                    {"calibration_error", calibration_error(scorer, rows)}};
  if (classes > 3) all["top_3_accuracy"] = part_in_top(3, rows);
  if (classes > 5) all["top_5_accuracy"] = part_in_top(5, rows);
  if (classes > 2) return all;
  const auto score = [&](const Row& r) {
    return scorer.outputs() == 1 ? r.scores[0] : r.scores[1] - r.scores[0];
  };
  double pairs = 0;
  double in_order = 0;
  for (const Row& a : rows) {
    for (const Row& b : rows) {
      if (a.actual != 1 || b.actual != 0) continue;
      ++pairs;
      in_order += score(a) > score(b) ? 1 : score(a) == score(b) ? 0.5 : 0;
    }
  }
  all["auc"] = in_order / pairs;
  return all;
}

void expect_definitions(Index outputs, Index classes) {
  LossTraits traits = loss_traits(outputs == 1 ? "logistic" : "cross_entropy");
  const Scorer scorer(traits, outputs, {});
  const std::map<std::string, double> all = expected(scorer, classes);
  std::map<std::string, double> first;
  for_each_team({1, 2, 3, 5, 8}, [&](Team& team) {
    const auto found = values(team, scorer, classes, names_for(classes, true), 1 + team.rank() % 2);
    for (const auto& [name, value] : all) {
      EXPECT_NEAR(found.at(name), value, 1e-12) << name << ' ' << team.size();
    }
    EXPECT_EQ(found.count("average_precision"), classes == 2 ? 1U : 0U);
    EXPECT_EQ(found.count("accuracy"), 0U) << "which every evaluation has";
    if (team.rank() != 0) return;
    if (first.empty()) first = found;
    EXPECT_EQ(found, first) << "the same bits on " << team.size() << " ranks";
  });
}

TEST(RequestedMetrics, AreTheirDefinitionsOnAnyRanks) {
  expect_definitions(1, 2);
  expect_definitions(2, 2);
  expect_definitions(5, 5);
  expect_definitions(8, 8);
}

TEST(RequestedMetrics, HaveNoValueWithoutBothClassesOrFiniteScores) {
  for_each_team({1, 3}, [](Team& team) {
    const Scorer scorer(loss_traits("logistic"), 1, {});
    RequestedMetrics metrics(scorer, {"auc", "average_precision", "mcc"});
    const RowShare share{{team.rank() == 0 ? 0 : 4, 4}, 4};
    ScoreSums sums;
    sums.classes.rows = 4;
    for (Index r = share.rows.begin; r < share.rows.end; ++r) {
      const double score = static_cast<double>(r) - 1;
      const double predicted = score > 0 ? 1 : 0;
      const double actual = 1;
      metrics.add(&score, &predicted, &actual);
    }
    for (const double loss : {1.0, std::nan("")}) {
      sums.classes.loss = loss;
      const auto found = metrics.values(team, share, sums, 1);
      ASSERT_EQ(found.size(), 3U);
      EXPECT_TRUE(std::isnan(found[0].second));
      EXPECT_TRUE(std::isnan(found[1].second));
      EXPECT_EQ(found[2].second, 0) << "of one class";
    }
  });
}

TEST(RequestedMetrics, OfNumbersAreMeansOverTheTargets) {
  for_each_team({1}, [](Team& team) {
    const Scorer scorer(loss_traits("squared"), 2, {{"a", {}}, {"b", {}}});
    RequestedMetrics metrics(scorer, all_names());
    ScoreSums sums;
    const double scores[2] = {0, 0};
    const double predicted[2][2] = {{1, 3}, {4, 5}};
    const double actual[2][2] = {{2, 6}, {4, 5}};
    for (int r = 0; r < 2; ++r) {
      metrics.add(scores, predicted[r], actual[r]);
      scorer.add(sums, {predicted[r], actual[r], 0});
    }
    const auto found = metrics.values(team, {{0, 2}, 2}, sums, 1);
    std::map<std::string, double> all(found.begin(), found.end());
    EXPECT_EQ(all.at("mape"), (0.25 + 0.25) / 2);
    EXPECT_EQ(all.at("max_error"), 3) << "the largest of all";
    EXPECT_EQ(all.at("huber"), (0.5 / 2 + 2.5 / 2) / 2);
    ScoreSums broken = sums;
    broken.numbers[0].add(std::nan(""), 4, 0);
    for (const auto& [name, value] : metrics.values(team, {{0, 2}, 2}, broken, 1)) {
      EXPECT_TRUE(std::isnan(value)) << name;
    }
    EXPECT_EQ(all.at("explained_variance"),
              (sums.numbers[0].explained_variance() + sums.numbers[1].explained_variance()) / 2);
  });
}

}  // namespace
}  // namespace lockstep
