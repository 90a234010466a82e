#include "core/probability/distributions.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/probability/continuous.hpp"
#include "core/probability/expectation.hpp"
#include "tests/core/probability/error_message.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using nlohmann::json;
using test::close;
using test::error_message;
using test::number_of;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const json& reference() {
  static const json numbers = test::reference("probability")["distributions"];
  return numbers;
}

template <class Distribution>
void compare_continuous(const Distribution& law, const json& expected) {
  const json& x = reference()["x"];
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_TRUE(close(law.density(number_of(x[i])), number_of(expected["density"][i]), 1e-12));
    EXPECT_TRUE(close(law.log_density(number_of(x[i])), number_of(expected["log_density"][i])));
    EXPECT_TRUE(close(law.cumulative(number_of(x[i])), number_of(expected["cumulative"][i])));
  }
  const json& p = reference()["p"];
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_TRUE(close(law.quantile(number_of(p[i])), number_of(expected["quantile"][i])));
  }
  EXPECT_TRUE(close(law.mean(), number_of(expected["mean"])));
  EXPECT_TRUE(close(law.variance(), number_of(expected["variance"])));
}

template <class Distribution>
void compare_discrete(const Distribution& law, const json& expected) {
  const json& k = reference()["k"];
  for (std::size_t i = 0; i < k.size(); ++i) {
    const auto outcome = k[i].get<Index>();
    EXPECT_TRUE(close(law.mass(outcome), number_of(expected["mass"][i])));
    // Logarithms cancel: λ = 1234.5 has terms of 1e4.
    EXPECT_TRUE(close(law.log_mass(outcome), number_of(expected["log_mass"][i]), 1e-12, 1));
    EXPECT_TRUE(close(law.cumulative(static_cast<double>(outcome) + 0.5),
                      number_of(expected["cumulative"][i])));
  }
  const json& p = reference()["p"];
  for (std::size_t i = 2; i + 1 < p.size(); ++i) {
    EXPECT_EQ(static_cast<double>(law.quantile(number_of(p[i]))),
              number_of(expected["quantile"][i - 2]))
        << p[i];
  }
}

TEST(Distributions, GaussianAgreesWithScipy) {
  for (const json& one : reference()["gaussian"]) {
    compare_continuous(Gaussian(number_of(one["mean_parameter"]), number_of(one["deviation"])),
                       one);
  }
}

TEST(Distributions, UniformAgreesWithScipy) {
  for (const json& one : reference()["uniform"]) {
    compare_continuous(Uniform(number_of(one["low"]), number_of(one["high"])), one);
  }
}

TEST(Distributions, BernoulliAgreesWithScipy) {
  for (const json& one : reference()["bernoulli"]) {
    const Bernoulli law(number_of(one["p"]));
    compare_discrete(law, one);
    EXPECT_TRUE(close(law.mean(), number_of(one["mean"])));
    EXPECT_TRUE(close(law.variance(), number_of(one["variance"])));
  }
}

TEST(Distributions, PoissonAgreesWithScipy) {
  for (const json& one : reference()["poisson"]) {
    const Poisson law(number_of(one["rate"]));
    compare_discrete(law, one);
    EXPECT_TRUE(close(law.mean(), number_of(one["mean"])));
    EXPECT_TRUE(close(law.variance(), number_of(one["variance"])));
  }
}

TEST(Distributions, CategoricalAgreesWithScipy) {
  const json& one = reference()["categorical"];
  compare_discrete(Categorical(test::vector_of(one["weights"])), one);
}

TEST(Distributions, ByHand) {
  EXPECT_TRUE(close(Gaussian(1, 2).density(1), 1 / (2 * std::sqrt(2 * M_PI))));
  EXPECT_TRUE(close(Gaussian(1, 2).density(4), std::exp(-9.0 / 8) / (2 * std::sqrt(2 * M_PI))));
  EXPECT_EQ(Gaussian(1, 2).cumulative(1), 0.5);
  EXPECT_EQ(Uniform(2, 4).density(3), 0.5);
  EXPECT_EQ(Uniform(2, 4).density(5), 0);
  EXPECT_EQ(Uniform(2, 4).cumulative(2.5), 0.25);
  EXPECT_EQ(Uniform(2, 4).quantile(0.25), 2.5);
  EXPECT_EQ(Bernoulli(0.25).mass(1), 0.25);
  EXPECT_EQ(Bernoulli(0.25).mass(0), 0.75);
  EXPECT_TRUE(close(Poisson(2).mass(3), 8 * std::exp(-2.0) / 6));
  const Categorical law(Vector{{0.25, 0, 0.75}});
  EXPECT_EQ(law.categories(), 3);
  EXPECT_EQ(law.mass(2), 0.75);
  EXPECT_EQ(law.cumulative(1), 0.25);
  EXPECT_EQ(law.quantile(0.25), 0);
  EXPECT_EQ(law.quantile(0.26), 2);
}

TEST(Distributions, QuantileInvertsCumulative) {
  for (const double p : {1e-12, 0.01, 0.3, 0.5, 0.9, 1 - 1e-9}) {
    EXPECT_TRUE(close(Gaussian(3, 0.5).cumulative(Gaussian(3, 0.5).quantile(p)), p, 1e-12));
    EXPECT_TRUE(close(Uniform(3, 5).cumulative(Uniform(3, 5).quantile(p)), p, 1e-12, 1));
  }
  for (const double rate : {0.5, 7.5, 1234.5}) {
    const Poisson law(rate);
    for (const double p : {1e-300, 1e-12, 0.01, 0.3, 0.5, 0.9, 1 - 1e-9}) {
      const double k = law.quantile(p);
      EXPECT_GE(law.cumulative(k), p);
      EXPECT_LT(law.cumulative(k - 1), p);
    }
  }
}

TEST(Distributions, MomentsAreThoseOfTheirDensities) {
  const Gaussian normal(3, 2);
  const ContinuousVariable X([&](double x) { return normal.density(x); });
  EXPECT_TRUE(close(X.expectation(), normal.mean()));
  EXPECT_TRUE(close(X.variance(), normal.variance()));
  Vector counts = Vector::LinSpaced(100, 0, 99);
  Vector masses(100);
  for (Index k = 0; k < 100; ++k) masses[k] = Poisson(6.5).mass(k);
  EXPECT_TRUE(close(expectation(counts, masses), 6.5));
  EXPECT_TRUE(close(variance(counts, masses), 6.5));
}

TEST(Distributions, AtTheEnds) {
  EXPECT_EQ(Gaussian(0, 1).quantile(0), -kInfinity);
  EXPECT_EQ(Gaussian(0, 1).quantile(1), kInfinity);
  EXPECT_EQ(Gaussian(0, 1).density(kInfinity), 0);
  EXPECT_EQ(Gaussian(0, 1).log_density(-kInfinity), -kInfinity);
  EXPECT_EQ(Gaussian(0, 1).cumulative(kInfinity), 1);
  EXPECT_EQ(Gaussian(0, 1).cumulative(-kInfinity), 0);
  EXPECT_EQ(Uniform(2, 4).density(kInfinity), 0);
  EXPECT_EQ(Uniform(2, 4).log_density(5), -kInfinity);
  EXPECT_EQ(Uniform(2, 4).cumulative(kInfinity), 1);
  EXPECT_EQ(Uniform(2, 4).cumulative(-kInfinity), 0);
  EXPECT_EQ(Uniform(2, 4).quantile(0), 2);
  EXPECT_EQ(Uniform(2, 4).quantile(1), 4);
  EXPECT_EQ(Bernoulli(0).log_mass(1), -kInfinity);
  EXPECT_EQ(Bernoulli(1).quantile(0.5), 1);
  EXPECT_EQ(Bernoulli(0.5).mass(2), 0);
  EXPECT_EQ(Bernoulli(0.5).cumulative(kInfinity), 1);
  EXPECT_EQ(Poisson(3).quantile(0), 0);
  EXPECT_EQ(Poisson(3).quantile(1), kInfinity);
  EXPECT_EQ(Poisson(3).mass(-1), 0);
  EXPECT_EQ(Poisson(3).log_mass(-1), -kInfinity);
  EXPECT_EQ(Poisson(3).cumulative(kInfinity), 1);
  EXPECT_EQ(Poisson(3).cumulative(-0.5), 0);
  const Categorical law(Vector{{0.1, 0.2, 0.7, 0}});
  EXPECT_EQ(law.mass(-1), 0);
  EXPECT_EQ(law.mass(4), 0);
  EXPECT_EQ(law.log_mass(3), -kInfinity);
  EXPECT_EQ(law.cumulative(-1), 0);
  EXPECT_EQ(law.cumulative(1e300), 1);
  EXPECT_EQ(law.quantile(0), 0);
  EXPECT_EQ(law.quantile(1), 2);
}

TEST(Distributions, NanStaysNan) {
  EXPECT_TRUE(std::isnan(Gaussian(0, 1).density(kNan)));
  EXPECT_TRUE(std::isnan(Gaussian(0, 1).log_density(kNan)));
  EXPECT_TRUE(std::isnan(Gaussian(0, 1).cumulative(kNan)));
  EXPECT_TRUE(std::isnan(Uniform(0, 1).density(kNan)));
  EXPECT_TRUE(std::isnan(Uniform(0, 1).log_density(kNan)));
  EXPECT_TRUE(std::isnan(Uniform(0, 1).cumulative(kNan)));
  EXPECT_TRUE(std::isnan(Bernoulli(0.5).cumulative(kNan)));
  EXPECT_TRUE(std::isnan(Poisson(1).cumulative(kNan)));
  EXPECT_TRUE(std::isnan(Categorical(Vector{{1}}).cumulative(kNan)));
}

TEST(Distributions, ParametersAreChecked) {
  EXPECT_EQ(error_message([] { Gaussian(0, 0); }),
            "DataError: Gaussian with mean 0 and deviation 0; expected a finite mean and a finite "
            "deviation above 0");
  EXPECT_NE(error_message([] { Gaussian(kNan, 1); }), "no error");
  EXPECT_NE(error_message([] { Gaussian(0, kInfinity); }), "no error");
  EXPECT_EQ(error_message([] { Uniform(1, 1); }),
            "DataError: uniform distribution on [1, 1]; expected finite, ascending ends");
  EXPECT_NE(error_message([] { Uniform(0, kInfinity); }), "no error");
  EXPECT_NE(error_message([] { Uniform(-1.7e308, 1.7e308); }), "no error");
  EXPECT_EQ(error_message([] { Bernoulli(1.5); }),
            "DataError: Bernoulli with p = 1.5; expected a probability in [0, 1]");
  EXPECT_EQ(error_message([] { Poisson(0); }),
            "DataError: Poisson with rate 0; expected a finite rate above 0");
  EXPECT_NE(error_message([] { Poisson{kInfinity}; }), "no error");
  EXPECT_EQ(error_message([] {
              Categorical(Vector{{0.5, 0.25}});
            }),
            "DataError: categorical distribution: P(k) sums to 0.75; expected 1 within 1e-09");
}

TEST(Distributions, LevelsOfQuantilesAreChecked) {
  const std::string message = "DataError: quantile of 1.25; expected a probability in [0, 1]";
  EXPECT_EQ(error_message([] { Gaussian(0, 1).quantile(1.25); }), message);
  EXPECT_EQ(error_message([] { Uniform(0, 1).quantile(1.25); }), message);
  EXPECT_EQ(error_message([] { Bernoulli(0.5).quantile(1.25); }), message);
  EXPECT_EQ(error_message([] { Poisson(1).quantile(1.25); }), message);
  EXPECT_EQ(error_message([] { Categorical(Vector{{1}}).quantile(1.25); }), message);
  EXPECT_NE(error_message([] { Gaussian(0, 1).quantile(kNan); }), "no error");
}

}  // namespace
}  // namespace lockstep
