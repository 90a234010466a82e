#include "core/statistics/histogram.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::message_of;
using Values = std::vector<double>;
using Counts = std::vector<std::int64_t>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Histogram, HandComputed) {
  const Histogram h =
      histogram(Values{0, 0.5, 1, 1.5, 2, 2.5, 3, -1, 3.5, test::kMissing}, Values{0, 1, 2, 3});
  EXPECT_EQ(h.counts, (Counts{2, 2, 3}));  // [0, 1), [1, 2), [2, 3]
  EXPECT_EQ(h.below, 1);
  EXPECT_EQ(h.above, 1);
  EXPECT_EQ(h.missing, 1);
}

TEST(Histogram, IsThatOfNumpy) {
  const auto reference = test::reference("statistics");
  const Matrix X = test::matrix_of(reference["X"]);
  const Values values(X.data(), X.data() + X.size());
  const Histogram of_edges = histogram(values, reference["edges"].get<Values>());
  EXPECT_EQ(of_edges.counts, reference["histogram_of_edges"].get<Counts>());
  const Values edges = equal_width_edges(X.minCoeff(), X.maxCoeff(), 7);
  EXPECT_TRUE(test::close(Vector(Eigen::Map<const Vector>(edges.data(), 8)),
                          test::vector_of(reference["equal_edges"]), 1e-15));
  EXPECT_EQ(histogram(values, edges).counts, reference["histogram_of_equal"].get<Counts>());
}

TEST(Histogram, EveryEdgeDecidesWithoutRounding) {
  const Values edges = equal_width_edges(0.1, 0.7, 60);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const Histogram h = histogram(Values{edges[i]}, edges);
    Counts expected(60, 0);
    expected[std::min<std::size_t>(i, 59)] = 1;
    EXPECT_EQ(h.counts, expected);
  }
}

TEST(Histogram, OfZerosInfinitiesAndNothing) {
  const Histogram h = histogram(Values{-0.0, 0.0, kInfinity, -kInfinity}, Values{0, 1});
  EXPECT_EQ(h, (Histogram{{0, 1}, {2}, 1, 1, 0}));
  EXPECT_EQ(histogram(Values{kInfinity, 5}, Values{0, kInfinity}).counts, (Counts{2}));
  EXPECT_EQ(histogram(Values{}, Values{0, 1}), (Histogram{{0, 1}, {0}, 0, 0, 0}));
}

TEST(Histogram, MergesByAdding) {
  const Values edges{0, 1, 2};
  const Values left{0.5, 1.5, 3, test::kMissing};
  const Values right{1, -4, 2};
  Values both = left;
  both.insert(both.end(), right.begin(), right.end());
  EXPECT_EQ(merge(histogram(left, edges), histogram(right, edges)), histogram(both, edges));
  EXPECT_EQ(message_of([&] {
              merge(histogram(left, edges), histogram(right, {0, 1, 3}));
            }),
            "histogram: expected equal edges of the two that are merged");
}

TEST(EqualWidthEdges, EndWhereTheyShould) {
  EXPECT_EQ(equal_width_edges(0, 1, 4), (Values{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(equal_width_edges(0.1, 0.7, 3).back(), 0.7);
  EXPECT_EQ(equal_width_edges(5, 5, 2), (Values{4.5, 5, 5.5}));
}

TEST(Histogram, RefusesOtherEdges) {
  const auto error = [](const Values& edges) {
    return message_of([&] { histogram(Values{1}, edges); });
  };
  EXPECT_EQ(error({}), "histogram: expected at least 2 edges, found 0");
  EXPECT_EQ(error({1}), "histogram: expected at least 2 edges, found 1");
  EXPECT_EQ(error({0, 2, 1}), "histogram: expected ascending edges, found 1 as edge 2 behind 2");
  EXPECT_EQ(error({0, test::kMissing}),
            "histogram: expected ascending edges, found nan as edge 1 behind 0");
  EXPECT_EQ(error({test::kMissing, 1}), "histogram: expected ascending edges, found nan as edge 0");
}

TEST(EqualWidthEdges, RefuseWhatIsNoRange) {
  const auto error = [](double lower, double upper, Index bins) {
    return message_of([&] { equal_width_edges(lower, upper, bins); });
  };
  EXPECT_EQ(error(0, 1, 0), "histogram: expected at least 1 bin, found 0");
  const std::string range = "histogram: expected a finite range, its lower end first, found ";
  EXPECT_EQ(error(1, 0, 3), range + "1 to 0");
  EXPECT_EQ(error(0, kInfinity, 3), range + "0 to inf");
  EXPECT_EQ(error(test::kMissing, 1, 3), range + "nan to 1");
  EXPECT_EQ(error(-1.7e308, 1.7e308, 3), range + "-1.7e+308 to 1.7e+308");
}

}  // namespace
}  // namespace lockstep
