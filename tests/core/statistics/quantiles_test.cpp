#include "core/statistics/quantiles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::message_of;
using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Values list_of(const nlohmann::json& json) {
  Values values;
  for (const auto& x : json) values.push_back(test::number_of(x));
  return values;
}

/// The definition: sort, then interpolate.
double naive_quantile(Values values, double p) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double x) { return x != x; }),
               values.end());
  std::sort(values.begin(), values.end());
  const double h = p * static_cast<double>(values.size() - 1);
  const auto k = static_cast<std::size_t>(h);
  const double t = h - static_cast<double>(k);
  const double a = values[k];
  const double b = values[std::min(k + 1, values.size() - 1)];
  if (t == 0 || a == b) return a;
  return t < 0.5 ? a + t * (b - a) : b - (1 - t) * (b - a);
}

TEST(Quantiles, HandComputed) {
  EXPECT_EQ(quantiles(Values{7, 1, 3}, Values{0, 0.25, 0.5, 0.75, 1}), (Values{1, 2, 3, 5, 7}));
  EXPECT_EQ(median(Values{4, 1, 2, 3}), 2.5);
  EXPECT_EQ(quartiles(Values{5, 1, 4, 2, 3}), (Quartiles{2, 3, 4}));
  EXPECT_EQ(quartiles(Values{5, 1, 4, 2, 3}).interquartile_range(), 2);
  EXPECT_EQ(quartiles(Values{-8}), (Quartiles{-8, -8, -8}));
}

TEST(Quantiles, BetweenValuesWhoseDifferenceOverflows) {
  EXPECT_EQ(quartiles(Values{-0x1p1023, 0x1p1023}), (Quartiles{-0x1p1022, 0, 0x1p1022}));
  EXPECT_EQ(quartiles(Values{-1e308, 1e308, 1.5e308}), (Quartiles{0, 1e308, 1.25e308}));
}

TEST(Quantiles, AreThoseOfNumpy) {
  const auto reference = test::reference("statistics");
  const Values probabilities = list_of(reference["probabilities"]);
  for (const auto& [name, expected_name] :
       {std::pair{"X", "quantiles"}, std::pair{"missing", "quantiles_missing"}}) {
    const Matrix X = test::matrix_of(reference[name]);
    const auto& expected = reference[expected_name];
    for (Index j = 0; j < X.cols(); ++j) {
      const Values q = quantiles(test::column_of(X, j), probabilities);
      EXPECT_EQ(q, list_of(expected[static_cast<std::size_t>(j)])) << name << ", column " << j;
    }
  }
}

TEST(Quantiles, AreTheDefinition) {
  const Values probabilities{0, 0.01, 0.25, 0.3, 0.5, 0.77, 0.99, 1};
  for (const Index rows : {1, 2, 3, 100, 1003}) {
    for (const Index column : {0, 1}) {
      Values values = test::column_of(test::matrix_by(test::formula, rows, 2), column);
      for (double& x : values) x = column == 0 ? x - 0.4 : std::floor(x * 10) * 1e200;
      const Values q = quantiles(values, probabilities);
      for (std::size_t k = 0; k < q.size(); ++k) {
        EXPECT_EQ(q[k], naive_quantile(values, probabilities[k])) << rows << " rows";
      }
    }
  }
}

TEST(Quantiles, KeysThatDifferInTheLastBitsAreToldApart) {
  Values values;
  for (int i = 0; i < 101; ++i) values.push_back(1 + (i * 37 % 101) * 0x1p-52);
  const Values q = quantiles(values, Values{0, 0.25, 0.5, 1});
  EXPECT_EQ(q, (Values{1, 1 + 25 * 0x1p-52, 1 + 50 * 0x1p-52, 1 + 100 * 0x1p-52}));
}

TEST(Quantiles, OfZerosDenormalsAndInfinities) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const Values values{kInfinity, 0.0, -tiny, -kInfinity, tiny, -0.0, kInfinity};
  const Values q = quantiles(values, Values{0, 1.0 / 6, 2.0 / 6, 0.5, 4.0 / 6, 5.0 / 6, 1});
  EXPECT_EQ(q, (Values{-kInfinity, -tiny, 0, 0, tiny, kInfinity, kInfinity}));
  EXPECT_FALSE(std::signbit(median(Values{-0.0, -0.0, -0.0})));
  EXPECT_EQ(quantiles(Values{kInfinity, kInfinity}, Values{0.4})[0], kInfinity);
  EXPECT_TRUE(std::isnan(median(Values{-kInfinity, kInfinity})));
}

TEST(Quantiles, OfNothingAreNaN) {
  EXPECT_TRUE(std::isnan(median(Values{})));
  EXPECT_TRUE(std::isnan(median(Values(3, test::kMissing))));
  EXPECT_TRUE(quantiles(Values{1, 2}, Values{}).empty());
}

TEST(Quantiles, RefuseWhatIsNoProbability) {
  EXPECT_EQ(message_of([] {
              quantiles(Values{1}, Values{0.5, 1.5});
            }),
            "quantiles: expected probabilities from 0 to 1, found 1.5");
  EXPECT_EQ(message_of([] { quantiles(Values{1}, Values{-0.1}); }),
            "quantiles: expected probabilities from 0 to 1, found -0.1");
  EXPECT_EQ(message_of([] { quantiles(Values{1}, Values{test::kMissing}); }),
            "quantiles: expected probabilities from 0 to 1, found nan");
}

}  // namespace
}  // namespace lockstep
