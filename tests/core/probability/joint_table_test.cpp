#include "core/probability/joint_table.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/probability/events.hpp"
#include "tests/core/probability/error_message.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::error_message;

const Matrix kDependent{{0.125, 0.25, 0.125}, {0.375, 0, 0.125}};

TEST(JointTable, Marginals) {
  EXPECT_EQ(row_marginal(kDependent), (Vector{{0.5, 0.5}}));
  EXPECT_EQ(column_marginal(kDependent), (Vector{{0.5, 0.25, 0.25}}));
  EXPECT_EQ(column_marginal(kDependent), row_marginal(kDependent.transpose()));
}

TEST(JointTable, ConditionalsAreConditionalProbabilities) {
  const Matrix conditional = conditional_given_rows(kDependent);
  EXPECT_EQ(conditional, (Matrix{{0.25, 0.5, 0.25}, {0.75, 0, 0.25}}));
  const Vector marginal = row_marginal(kDependent);
  for (Index i = 0; i < 2; ++i) {
    EXPECT_EQ(conditional.row(i).sum(), 1);
    for (Index j = 0; j < 3; ++j) {
      EXPECT_EQ(conditional(i, j), conditional_probability(kDependent(i, j), marginal[i]));
    }
  }
}

TEST(JointTable, NothingFollowsFromTheImpossible) {
  const Matrix conditional = conditional_given_rows(Matrix{{0.25, 0.75}, {0, 0}});
  EXPECT_EQ(conditional.row(0), (Matrix{{0.25, 0.75}}));
  EXPECT_TRUE(std::isnan(conditional(1, 0)));
  EXPECT_TRUE(std::isnan(conditional(1, 1)));
}

TEST(JointTable, Independence) {
  EXPECT_FALSE(are_independent(kDependent));
  const Matrix independent = Vector{{0.3, 0.7}} * Vector{{0.1, 0.2, 0.7}}.transpose();
  EXPECT_TRUE(are_independent(independent));
  Matrix nearly = independent;
  nearly(0, 0) += 1e-6;
  nearly(1, 0) -= 1e-6;
  EXPECT_FALSE(are_independent(nearly));
  EXPECT_TRUE(are_independent(nearly, 1e-5));
}

TEST(JointTable, IsCheckedByAll) {
  const Matrix unnormalised{{0.25, 0.25}, {0.25, 0.5}};
  const std::string message = "DataError: P(X, Y) sums to 1.25; expected 1 within 1e-09";
  EXPECT_EQ(error_message([&] { row_marginal(unnormalised); }), message);
  EXPECT_EQ(error_message([&] { column_marginal(unnormalised); }), message);
  EXPECT_EQ(error_message([&] { conditional_given_rows(unnormalised); }), message);
  EXPECT_EQ(error_message([&] { are_independent(unnormalised); }), message);
  EXPECT_EQ(error_message([] {
              row_marginal(Matrix{{0.5, 0.25}, {-0.25, 0.5}});
            }),
            "DataError: P(X, Y): entry (1, 0) is -0.25; expected a probability in [0, 1]");
  EXPECT_EQ(error_message([] { row_marginal(Matrix(0, 3)); }),
            "DataError: P(X, Y) is a table of 0 x 3; expected at least one entry");
  EXPECT_NE(error_message([] { row_marginal(Matrix{{0.5, std::nan("")}}); }), "no error");
}

}  // namespace
}  // namespace lockstep
