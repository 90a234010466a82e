#include "core/probability/events.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/core/probability/error_message.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::error_message;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Events, ProbabilityCountsOutcomes) {
  EXPECT_EQ(probability(3, 6), 0.5);  // an even number of a die
  EXPECT_EQ(probability(0, 6), 0);
  EXPECT_EQ(probability(6, 6), 1);
  EXPECT_EQ(error_message([] { probability(7, 6); }),
            "DataError: 7 favourable of 6 outcomes; expected at least one outcome, of which none "
            "to all are favourable");
  EXPECT_NE(error_message([] { probability(0, 0); }), "no error");
  EXPECT_NE(error_message([] { probability(-1, 6); }), "no error");
}

TEST(Events, ConditionalProbability) {
  // A die shows 2, given that it shows an even number.
  EXPECT_TRUE(close(conditional_probability(1.0 / 6, 0.5), 1.0 / 3));
  EXPECT_EQ(conditional_probability(0, 0.5), 0);
  EXPECT_EQ(conditional_probability(0.1 + 0.2, 0.3), 1);  // rounding does not exceed 1
  EXPECT_EQ(error_message([] { conditional_probability(0, 0); }),
            "DataError: P(B) is 0: a probability given an impossible event is not defined");
  EXPECT_EQ(error_message([] { conditional_probability(0.5, 0.25); }),
            "DataError: P(A and B) is 0.5, and P(B) only 0.25; expected at most that");
  EXPECT_EQ(error_message([] { conditional_probability(-0.5, 0.25); }),
            "DataError: P(A and B) is -0.5; expected a probability in [0, 1]");
  EXPECT_EQ(error_message([] { conditional_probability(0.5, 1.5); }),
            "DataError: P(B) is 1.5; expected a probability in [0, 1]");
  EXPECT_NE(error_message([] { conditional_probability(kNan, 1); }), "no error");
}

// A test finds 99 % of the ill and 5 % of the healthy; one in a thousand is ill.
TEST(Events, BayesTheorem) {
  const double evidence = 0.99 * 0.001 + 0.05 * 0.999;
  EXPECT_TRUE(close(bayes(0.99, 0.001, evidence), 0.00099 / 0.05094));
  EXPECT_EQ(error_message([] { bayes(0.5, 0.5, 0); }),
            "DataError: P(B) is 0: a probability given an impossible event is not defined");
  EXPECT_EQ(error_message([] { bayes(1, 0.5, 0.25); }),
            "DataError: P(B|A)*P(A) is 0.5, and P(B) only 0.25; expected at most that");
  EXPECT_EQ(error_message([] { bayes(2, 0.5, 0.25); }),
            "DataError: P(B|A) is 2; expected a probability in [0, 1]");
  EXPECT_EQ(error_message([] { bayes(0.5, -1, 0.25); }),
            "DataError: P(A) is -1; expected a probability in [0, 1]");
}

TEST(Events, BayesTheoremOverAPartition) {
  const Vector likelihoods{{0.99, 0.05}};
  const Vector priors{{0.001, 0.999}};
  const double evidence = total_probability(likelihoods, priors);
  EXPECT_TRUE(close(evidence, 0.05094));
  const Vector posteriors = posterior(likelihoods, priors);
  for (Index i = 0; i < 2; ++i) {
    EXPECT_TRUE(close(posteriors[i], bayes(likelihoods[i], priors[i], evidence)));
  }
  EXPECT_TRUE(close(posteriors.sum(), 1));
  // What is certain under every hypothesis teaches nothing.
  EXPECT_TRUE(close(posterior(Vector{{1, 1}}, priors), priors));
}

TEST(Events, PartitionsAreChecked) {
  const Vector priors{{0.25, 0.75}};
  EXPECT_EQ(error_message([&] {
              posterior(Vector{{0, 0}}, priors);
            }),
            "DataError: P(B) is 0: a probability given an impossible event is not defined");
  EXPECT_EQ(error_message([&] { total_probability(Vector{{0.5}}, priors); }),
            "DataError: 1 likelihoods for 2 priors; expected equally many");
  EXPECT_EQ(error_message([] {
              total_probability(Vector{{0.5, 0.5}}, Vector{{0.25, 0.5}});
            }),
            "DataError: P(A) sums to 0.75; expected 1 within 1e-09");
  EXPECT_EQ(error_message([&] {
              total_probability(Vector{{0.5, 1.25}}, priors);
            }),
            "DataError: P(B|A): entry 1 is 1.25; expected a probability in [0, 1]");
  EXPECT_EQ(error_message([] { total_probability(Vector(), Vector()); }),
            "DataError: P(A) has no entries; expected at least one");
}

TEST(Events, Independence) {
  EXPECT_TRUE(are_independent(0.5, 1.0 / 6, 1.0 / 12));  // a coin and a die
  EXPECT_FALSE(are_independent(0.5, 1.0 / 3, 1.0 / 3));  // even; 2 or 4
  EXPECT_TRUE(are_independent(0.5, 0.5, 0.26, 0.02));
  EXPECT_FALSE(are_independent(0.5, 0.5, 0.25 + 1e-8));
  EXPECT_NE(error_message([] { are_independent(0.5, kNan, 0.5); }), "no error");
}

}  // namespace
}  // namespace lockstep
