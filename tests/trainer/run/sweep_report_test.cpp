#include "trainer/run/sweep_report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;

TrialResult result(Index number, const std::string& metric, std::vector<double> scores,
                   Index rung = 0) {
  return {number, "a=1", 10, rung, metric, std::move(scores)};
}

std::vector<Index> order(std::vector<TrialResult> results) {
  sort_results(results);
  std::vector<Index> numbers;
  for (const TrialResult& r : results) numbers.push_back(r.number);
  return numbers;
}

TEST(SweepReport, SortsByTheMetricsSenseAndThenByNumber) {
  EXPECT_EQ(order({result(1, "loss", {3}), result(2, "loss", {1}), result(3, "loss", {2}),
                   result(4, "loss", {1})}),
            (std::vector<Index>{2, 4, 3, 1}));
  EXPECT_EQ(order({result(1, "accuracy", {0.5, 0.7}), result(2, "accuracy", {0.8, 0.6}),
                   result(3, "", {})}),
            (std::vector<Index>{2, 1, 3}));
  EXPECT_EQ(order({result(1, "accuracy", {0.9}, 0), result(2, "accuracy", {0.1}, 2),
                   result(3, "accuracy", {0.5}, 1), result(4, "", {}, 2)}),
            (std::vector<Index>{2, 3, 1, 4}))
      << "who came further under halving is before";
}

TEST(SweepReport, HasMeanAndDeviationOfTheFolds) {
  const TrialResult of_folds = result(1, "rmse", {1, 2, 3});
  EXPECT_EQ(score_text(of_folds), "rmse 2 ± 1");
  EXPECT_EQ(score_text(result(1, "rmse", {0.5})), "rmse 0.5");
  EXPECT_EQ(score_text(result(1, "", {})), "diverged");
}

SweepOutcome outcome() {
  SweepOutcome all;
  for (const char* value : {"64", "64,32", "8"}) all.trials.push_back({{"model.hidden", value}});
  all.results = {result(2, "accuracy", {0.75, 0.5}), result(1, "accuracy", {0.25, 0.5}),
                 result(3, "", {})};
  all.test = corrected_paired_test(all.results[0].scores, all.results[1].scores);
  return all;
}

TEST(SweepReport, IsATableCsvAndJson) {
  EXPECT_EQ(sweep_table(outcome()),
            "trial  model.hidden  epochs  accuracy     ±\n"
            "2             64,32      10     0.625  0.18\n"
            "1                64      10     0.375  0.18\n"
            "3                 8      10  diverged      \n");
  EXPECT_EQ(sweep_csv(outcome()),
            "trial,model.hidden,epochs,accuracy_mean,accuracy_std\n"
            "2,\"64,32\",10,0.625,0.1767766952966369\n"
            "1,64,10,0.375,0.1767766952966369\n"
            "3,8,10,,\n");
  const json all = json::parse(sweep_json(outcome()));
  EXPECT_EQ(all["metric"], "accuracy");
  EXPECT_EQ(all["measured_on"], "folds");
  EXPECT_EQ(all["trials"][0],
            json::parse(R"({"trial": 2, "values": {"model.hidden": "64,32"}, "epochs": 10,
                            "mean": 0.625, "std": 0.1767766952966369, "scores": [0.75, 0.5]})"));
  EXPECT_EQ(all["trials"][2]["mean"], nullptr);
  EXPECT_EQ(all["paired_test"]["trial"], 2);
  EXPECT_EQ(all["paired_test"]["against"], 1);
  EXPECT_EQ(all["paired_test"]["p"], outcome().test->p);
}

TEST(SweepReport, SaysWhatTheTestFoundOrWhyThereIsNone) {
  // Differences 0.5 and 0: t = 0.25/(0.3535·√1.5), with one degree of freedom p = 1 − 2·atan(t)/π.
  EXPECT_EQ(test_line(outcome()),
            "trial 2 against trial 1: accuracy 0.25 higher, p = 0.67 (corrected paired t-test over "
            "2 folds)");
  SweepOutcome one = outcome();
  one.test.reset();
  EXPECT_EQ(test_line(one), "the trials have different folds (train.seed): no paired test");
  for (TrialResult& r : one.results) {
    if (!r.has_diverged()) r.scores.pop_back();
  }
  EXPECT_EQ(test_line(one), "one set of validation rows: no paired test; data.folds makes one");
  one.results[0].rung = 1;
  EXPECT_EQ(test_line(one), "trial 2 alone has had 10 epochs: nothing to compare it with");
  one.results[1].scores.clear();
  EXPECT_EQ(test_line(one), "one trial has a result: nothing to compare it with");
}

TEST(SweepReport, ReadsAResultBack) {
  const TrialResult written = result(7, "loss", {0.1, 1e-300, 3});
  EXPECT_EQ(read_result(result_text(written)), written);
  EXPECT_EQ(read_result(result_text(result(7, "", {}))), result(7, "", {}));
  for (const char* text : {"", "{}", "[1]", R"({"trial": "x"})"}) {
    EXPECT_THROW(read_result(text), DataError) << text;
  }
}

}  // namespace
}  // namespace lockstep::trainer
