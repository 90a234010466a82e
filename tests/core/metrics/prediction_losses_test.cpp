#include "core/metrics/prediction_losses.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/core/metrics/metric_rows.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(BinaryCrossEntropy, HandComputed) {
  EXPECT_DOUBLE_EQ(binary_cross_entropy(0.5, 1), std::log(2.0));
  EXPECT_DOUBLE_EQ(binary_cross_entropy(0.5, 0), std::log(2.0));
  EXPECT_DOUBLE_EQ(binary_cross_entropy(0.25, 1), std::log(4.0));
  EXPECT_DOUBLE_EQ(binary_cross_entropy(0.25, 0), std::log(4.0 / 3));
  EXPECT_DOUBLE_EQ(binary_cross_entropy(0.25, 0.75),
                   0.75 * std::log(4.0) + 0.25 * std::log(4 / 3.0));
}

TEST(BinaryCrossEntropy, OfCertaintyIsNothingOrInfinite) {
  EXPECT_EQ(binary_cross_entropy(1, 1), 0);
  EXPECT_EQ(binary_cross_entropy(0, 0), 0);
  EXPECT_EQ(binary_cross_entropy(0, 1), kInfinity);
  EXPECT_EQ(binary_cross_entropy(1, 0), kInfinity);
  EXPECT_EQ(binary_cross_entropy(0x1p-1073, 1), kInfinity);  // a denormal
}

// ln(1 − p) of the rounded difference would lose all digits of small p.
TEST(BinaryCrossEntropy, IsAccurateForAnyProbability) {
  for (double p = 1; p > 1e-300; p *= 0.7) {
    EXPECT_TRUE(test::close(binary_cross_entropy(p, 1), -std::log(p), 1e-15)) << p;
    if (p == 1) continue;
    EXPECT_TRUE(test::close(binary_cross_entropy(p, 0), -std::log1p(-p), 1e-15)) << p;
  }
}

TEST(CategoricalCrossEntropy, IsOfTheActualClassAlone) {
  const std::vector<double> p = {0.125, 0, 0.875};
  EXPECT_DOUBLE_EQ(categorical_cross_entropy(p, 0), std::log(8.0));
  EXPECT_EQ(categorical_cross_entropy(p, 1), kInfinity);
  EXPECT_FALSE(std::signbit(categorical_cross_entropy(std::vector<double>{1, 0}, 0)));
}

TEST(HingeLoss, OfTwoClasses) {
  EXPECT_EQ(hinge_loss(0.25, 1), 0.75);
  EXPECT_EQ(hinge_loss(1, 1), 0);
  EXPECT_EQ(hinge_loss(3, 1), 0);
  EXPECT_EQ(hinge_loss(-2, 1), 3);
  EXPECT_EQ(hinge_loss(0.25, 0), 1.25);
  EXPECT_EQ(hinge_loss(-1, 0), 0);
  EXPECT_TRUE(std::isnan(hinge_loss(kNaN, 1)));
}

TEST(HingeLoss, OfSeveralClassesIsTheMarginToTheBestRival) {
  const std::vector<double> scores = {1, 4, 3.5, -2};
  EXPECT_EQ(hinge_loss(scores, 1), 0.5);
  EXPECT_EQ(hinge_loss(scores, 2), 1.5);
  EXPECT_EQ(hinge_loss(scores, 0), 4);
  EXPECT_EQ(hinge_loss(std::vector<double>{-7, -9}, 0), 0);
}

TEST(HuberLoss, IsQuadraticThenLinear) {
  EXPECT_EQ(huber_loss(0.5, 2), 0.125);
  EXPECT_EQ(huber_loss(-2, 2), 2);
  EXPECT_EQ(huber_loss(-5, 2), 8);
  EXPECT_EQ(huber_loss(5, 2), 8);
  EXPECT_TRUE(std::isnan(huber_loss(kNaN, 2)));
  // smooth where they meet: the slopes are delta
  constexpr double kStep = 0x1p-20;
  EXPECT_NEAR((huber_loss(2 + kStep, 2) - huber_loss(2 - kStep, 2)) / (2 * kStep), 2, 1e-6);
}

TEST(MeanLosses, AsScikitLearnAndScipy) {
  const nlohmann::json all = test::reference("metrics");
  const auto numbers = [](const nlohmann::json& json) { return json.get<std::vector<double>>(); };
  test::for_each_thread_team({1}, [&](Team& team) {
    const nlohmann::json& binary = all["binary"];
    const RowShare share = test::share_of_rank(team, 60);
    EXPECT_TRUE(test::close(mean_binary_cross_entropy(team, share, numbers(binary["probabilities"]),
                                                      numbers(binary["labels"])),
                            binary["log_loss"]));
    EXPECT_TRUE(test::close(
        mean_hinge_loss(team, share, numbers(binary["scores"]), numbers(binary["labels"])),
        binary["hinge"]));
    const nlohmann::json& several = all["multiclass"];
    const std::vector<double> classes = numbers(several["classes"]);
    const DistributedMatrix p = test::all_rows(test::matrix_of(several["probabilities"]));
    const DistributedMatrix scores = test::all_rows(test::matrix_of(several["scores"]));
    EXPECT_TRUE(test::close(mean_categorical_cross_entropy(team, p, classes), several["log_loss"]));
    EXPECT_TRUE(test::close(mean_hinge_loss(team, scores, classes), several["hinge"]));
    const nlohmann::json& regression = all["regression"];
    EXPECT_TRUE(test::close(
        mean_huber_loss(team, test::share_of_rank(team, 40), numbers(regression["predictions"]),
                        numbers(regression["targets"]), regression["huber_delta"]),
        regression["huber"]));
  });
}

TEST(MeanLosses, OfNoRowsHaveNoValue) {
  test::for_each_thread_team({1}, [](Team& team) {
    EXPECT_TRUE(std::isnan(mean_binary_cross_entropy(team, {}, {}, {})));
    EXPECT_TRUE(std::isnan(mean_hinge_loss(team, RowShare{}, {}, {})));
    EXPECT_TRUE(std::isnan(mean_huber_loss(team, {}, {}, {}, 1)));
    DistributedMatrix none;
    none.columns = 3;
    EXPECT_TRUE(std::isnan(mean_categorical_cross_entropy(team, none, {})));
    EXPECT_TRUE(std::isnan(mean_hinge_loss(team, none, {})));
  });
}

TEST(MeanLosses, RefuseWhatTheyCannotMean) {
  test::for_each_thread_team({1}, [](Team& team) {
    const RowShare share{{0, 2}, 2};
    const std::vector<double> good = {0.5, 1};
    const std::vector<double> labels = {0, 1};
    const std::vector<double> one = {1};
    const std::vector<double> above = {0.5, 1.5};
    const std::vector<double> none = {kNaN, 0.5};
    const std::vector<double> two = {0, 2};
    EXPECT_EQ(test::error_of([&] { mean_binary_cross_entropy(team, share, good, one); }),
              "1 labels for 2 rows: expected one for each");
    EXPECT_EQ(test::error_of([&] { mean_binary_cross_entropy(team, share, one, labels); }),
              "1 probabilities for 2 rows: expected one for each");
    EXPECT_EQ(test::error_of([&] { mean_binary_cross_entropy(team, share, above, labels); }),
              "row 1: probability 1.5 is not in [0, 1]");
    EXPECT_EQ(test::error_of([&] { mean_binary_cross_entropy(team, share, none, labels); }),
              "row 0: probability nan is not in [0, 1]");
    EXPECT_EQ(test::error_of([&] { mean_binary_cross_entropy(team, share, good, two); }),
              "row 1: label 2; expected 0 or 1");
    EXPECT_EQ(test::error_of([&] { mean_hinge_loss(team, share, none, labels); }),
              "row 0: the score is NaN, which has no place in an order");
    EXPECT_EQ(test::error_of([&] { mean_huber_loss(team, share, good, labels, 0); }),
              "Huber's delta is 0; expected a positive number");
    EXPECT_EQ(test::error_of([&] { mean_huber_loss(team, share, good, one, 1); }),
              "1 targets for 2 rows: expected one for each");
  });
}

TEST(MeanLosses, RefuseRowsThatAreNoDistributions) {
  test::for_each_thread_team({1}, [](Team& team) {
    Matrix p(2, 2);
    p << 0.5, 0.5, 0.75, 0.5;
    const std::vector<double> classes = {0, 1};
    const auto error = [&](const std::vector<double>& actual) {
      return test::error_of(
          [&] { mean_categorical_cross_entropy(team, test::all_rows(p), actual); });
    };
    EXPECT_EQ(error(classes), "row 1: the probabilities sum to 1.25; expected 1");
    p << 0.5, 0.5, 1.5, -0.5;
    EXPECT_EQ(error(classes), "row 1: probability 1.5 is not in [0, 1]");
    p << 0.5, 0.5, 0.75, 0.25;
    EXPECT_EQ(error({0, 2}), "row 1: class 2; expected a class from 0 to 1");
    EXPECT_EQ(error({0.5, 1}), "row 0: class 0.5; expected a class from 0 to 1");
    EXPECT_EQ(error({kNaN, 1}), "row 0: class nan; expected a class from 0 to 1");
    EXPECT_EQ(error({1}), "1 classes for 2 rows: expected one for each");
    EXPECT_EQ(error(classes), "");
    const DistributedMatrix narrow = test::all_rows(Matrix::Zero(2, 1));
    EXPECT_EQ(test::error_of([&] { mean_hinge_loss(team, narrow, classes); }),
              "1 columns of scores; expected one for each of two or more classes");
  });
}

}  // namespace
}  // namespace lockstep
