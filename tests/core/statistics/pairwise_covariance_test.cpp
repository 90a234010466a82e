#include "core/statistics/pairwise_covariance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <variant>
#include <vector>

#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::kMissing;
using test::matrix_of;
constexpr auto kPopulation = Normalization::population;
constexpr auto kSample = Normalization::sample;

/// The rows where columns i and j are both present, as a matrix of two columns.
Matrix present_rows(const Matrix& X, Index i, Index j) {
  std::vector<Index> rows;
  for (Index r = 0; r < X.rows(); ++r) {
    if (!std::isnan(X(r, i)) && !std::isnan(X(r, j))) rows.push_back(r);
  }
  Matrix both(static_cast<Index>(rows.size()), 2);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    both(static_cast<Index>(r), 0) = X(rows[r], i);
    both(static_cast<Index>(r), 1) = X(rows[r], j);
  }
  return both;
}

Matrix naive(const Matrix& X, const std::function<double(const CoMoments&)>& of_pair) {
  Matrix result(X.cols(), X.cols());
  for (Index j = 0; j < X.cols(); ++j) {
    for (Index i = 0; i < X.cols(); ++i) result(i, j) = of_pair(co_moments(present_rows(X, i, j)));
  }
  return result;
}

void expect_naive(const Matrix& X, double tolerance = 1e-12) {
  const PairwiseCoMoments moments = pairwise_co_moments(X);
  const Matrix C = covariance(moments, kSample);
  EXPECT_EQ((C.array() == C.transpose().array() || C.array().isNaN()).all(), true);
  EXPECT_TRUE(close(C,
                    naive(X, [](const CoMoments& pair) { return covariance(pair, kSample)(0, 1); }),
                    tolerance));
  EXPECT_TRUE(close(correlation(moments),
                    naive(X, [](const CoMoments& pair) { return correlation(pair)(0, 1); }),
                    tolerance));
}

TEST(PairwiseCovariance, IsThatOfNumpy) {
  const auto reference = test::reference("statistics");
  const PairwiseCoMoments moments = pairwise_co_moments(matrix_of(reference["missing"]));
  EXPECT_FALSE(moments.is_complete());
  EXPECT_TRUE(close(covariance(moments, kSample), matrix_of(reference["covariance_missing"])));
  EXPECT_TRUE(close(correlation(moments), matrix_of(reference["correlation_missing"])));
}

TEST(PairwiseCovariance, IsTheDefinitionForAnyShape) {
  for (const Index columns : {1, 2, 17, 33}) {
    for (const Index rows : {1030, 1300, 3000}) {
      expect_naive(test::matrix_by(test::formula_with_holes, rows, columns));
    }
  }
}

TEST(PairwiseCovariance, WithoutHolesHasTheBitsOfThePlain) {
  const Matrix X = test::matrix_by(test::formula, 1500, 5);
  const PairwiseCoMoments moments = pairwise_co_moments(X);
  ASSERT_TRUE(moments.is_complete());
  EXPECT_EQ(std::get<CoMoments>(moments.moments), co_moments(X));
  EXPECT_EQ(covariance(moments, kPopulation), covariance(co_moments(X), kPopulation));
  EXPECT_EQ(correlation(moments), correlation(co_moments(X)));
}

TEST(PairwiseCovariance, KeepsTenDigitsFarFromZero) {
  const Matrix near = test::matrix_by(test::formula_with_holes, 3000, 4);
  const Matrix far = near.array() + 1e9;
  const Matrix back = far.array() - 1e9;
  EXPECT_TRUE(close(covariance(pairwise_co_moments(far), kSample),
                    covariance(pairwise_co_moments(back), kSample), 1e-13));
}

// Sums about the first value would keep no digit of the pairs here: their means are 10⁶ deviations
// away from it, in a block of one slab and in blocks of many.
TEST(PairwiseCovariance, KeepsItsDigitsWhereTheFirstValueIsAnOutlier) {
  for (const Index rows : {200, 3000}) {
    Matrix X = test::matrix_by(test::formula, rows, 4);
    X(0, 0) = 1e6;
    X(0, 1) = kMissing;
    X(1, 2) = -1e6;
    X(1, 3) = kMissing;
    expect_naive(X);
  }
}

// Column 1 is 0.1 wherever column 0 is present, but varies elsewhere.
TEST(PairwiseCovariance, ConstantOverTheRowsOfAPairIsNaN) {
  Matrix X = test::matrix_by(test::formula, 3000, 3);
  for (Index i = 0; i < X.rows(); ++i) {
    if (i % 3 == 0) {
      X(i, 0) = kMissing;
    } else {
      X(i, 1) = 0.1;
    }
  }
  const PairwiseCoMoments moments = pairwise_co_moments(X);
  EXPECT_EQ(std::get<PairMoments>(moments.moments).m2(1, 0), 0);
  const Matrix R = correlation(moments);
  EXPECT_TRUE(std::isnan(R(0, 1)));
  EXPECT_TRUE(std::isnan(R(1, 0)));
  EXPECT_EQ(R(0, 0), 1);
  EXPECT_EQ(R(1, 1), 1);
  EXPECT_FALSE(std::isnan(R(1, 2)));
}

TEST(PairwiseCovariance, OfPairsWithFewRowsOrNone) {
  const Matrix X{{1, kMissing, 5}, {2, kMissing, 7}, {kMissing, 3, 8}, {kMissing, 5, kMissing}};
  const PairwiseCoMoments moments = pairwise_co_moments(X);
  const auto& pairs = std::get<PairMoments>(moments.moments);
  EXPECT_EQ(pairs.count, (Matrix{{2, 0, 2}, {0, 2, 1}, {2, 1, 3}}));
  const Matrix C = covariance(moments, kSample);
  EXPECT_TRUE(close(C(0, 2), 1));
  EXPECT_TRUE(std::isnan(C(0, 1)));
  EXPECT_TRUE(std::isnan(C(1, 2)));
  EXPECT_EQ(covariance(moments, kPopulation)(1, 2), 0);
  const Matrix R = correlation(moments);
  EXPECT_TRUE(close(R(0, 2), 1, 1e-15));
  EXPECT_TRUE(std::isnan(R(0, 1)));
  EXPECT_TRUE(std::isnan(R(1, 2)));
  EXPECT_TRUE(correlation(pairwise_co_moments(Matrix(0, 2))).array().isNaN().all());
  const Matrix nothing = Matrix::Constant(3, 2, kMissing);
  EXPECT_TRUE(correlation(pairwise_co_moments(nothing)).array().isNaN().all());
}

TEST(PairwiseCovariance, MergeOfPartsIsTheWhole) {
  const Matrix X = test::matrix_by(test::formula_with_holes, 1300, 4);
  const Matrix whole = covariance(pairwise_co_moments(X), kSample);
  for (const Index cut : {0, 1, 700, 1024, 1027, 1030, 1300}) {
    const auto merged = merge(pairwise_co_moments(X.topRows(cut)),
                              pairwise_co_moments(X.bottomRows(X.rows() - cut)));
    EXPECT_TRUE(close(covariance(merged, kSample), whole, 1e-13)) << cut;
  }
}

// Where one part has no row of a pair, the other's moments stay as they are, to the last bit.
TEST(PairwiseCovariance, MergeWithoutRowsOfAPairChangesNothing) {
  Matrix X = test::matrix_by(test::formula, 400, 2).array() + 1e9;
  X.block(0, 0, 200, 1).setConstant(kMissing);
  X(300, 1) = kMissing;
  const auto top = pairwise_co_moments(X.topRows(200));
  const auto bottom = pairwise_co_moments(X.bottomRows(200));
  const auto& expected = std::get<PairMoments>(bottom.moments);
  for (const auto& both : {merge(top, bottom), merge(bottom, top)}) {
    const auto& merged = std::get<PairMoments>(both.moments);
    EXPECT_EQ(merged.count(0, 1), 199);
    EXPECT_EQ(merged.mean(0, 1), expected.mean(0, 1));
    EXPECT_EQ(merged.mean_rest(0, 1), expected.mean_rest(0, 1));
    EXPECT_NE(merged.mean_rest(0, 1), 0);
    EXPECT_EQ(merged.m2(0, 1), expected.m2(0, 1));
    EXPECT_EQ(merged.scatter(0, 1), expected.scatter(0, 1));
  }
}

TEST(PairwiseCovariance, TravelsAsBytes) {
  for (const auto formula : {test::formula, test::formula_with_holes}) {
    const PairwiseCoMoments moments = pairwise_co_moments(test::matrix_by(formula, 1100, 3));
    using Codec = FoldCodec<PairwiseCoMoments>;
    EXPECT_EQ(Codec::decode(Codec::encode(moments)), moments);
  }
}

}  // namespace
}  // namespace lockstep
