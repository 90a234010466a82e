#include "core/statistics/covariance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/kernel/product.hpp"
#include "core/statistics/central_moments.hpp"
#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::matrix_of;
using test::message_of;
using Values = std::vector<double>;
constexpr auto kPopulation = Normalization::population;
constexpr auto kSample = Normalization::sample;

/// Σ(x − mean)(x − mean)ᵀ as it stands, in extended precision.
Matrix naive_scatter(const Matrix& X) {
  const Index d = X.cols();
  std::vector<long double> mean(static_cast<std::size_t>(d));
  for (Index j = 0; j < d; ++j) {
    for (Index i = 0; i < X.rows(); ++i) mean[static_cast<std::size_t>(j)] += X(i, j);
    mean[static_cast<std::size_t>(j)] /= static_cast<long double>(X.rows());
  }
  Matrix S(d, d);
  for (Index a = 0; a < d; ++a) {
    for (Index b = 0; b < d; ++b) {
      long double sum = 0;
      for (Index i = 0; i < X.rows(); ++i) {
        sum += (X(i, a) - mean[static_cast<std::size_t>(a)]) *
               (X(i, b) - mean[static_cast<std::size_t>(b)]);
      }
      S(a, b) = static_cast<double>(sum);
    }
  }
  return S;
}

TEST(Covariance, HandComputed) {
  // means 2 and 4; deviations (−1, 0, 1) and (−2, −1, 3)
  const Matrix X{{1, 2}, {2, 3}, {3, 7}};
  const CoMoments moments = co_moments(X);
  EXPECT_EQ(moments.count, 3);
  EXPECT_TRUE(close(moments.mean, Vector{{2, 4}}));
  EXPECT_TRUE(close(moments.scatter, Matrix{{2, 5}, {5, 14}}));
  EXPECT_TRUE(close(covariance(moments, kPopulation), Matrix{{2, 5}, {5, 14}} / 3));
  EXPECT_TRUE(close(covariance(moments, kSample), Matrix{{1, 2.5}, {2.5, 7}}));
  const double rho = 5 / std::sqrt(28);
  EXPECT_TRUE(close(correlation(moments), Matrix{{1, rho}, {rho, 1}}));
}

TEST(Covariance, IsThatOfNumpy) {
  const auto reference = test::reference("statistics");
  const CoMoments moments = co_moments(matrix_of(reference["X"]));
  EXPECT_TRUE(close(covariance(moments, kPopulation), matrix_of(reference["covariance"])));
  EXPECT_TRUE(close(covariance(moments, kSample), matrix_of(reference["covariance_sample"])));
  EXPECT_TRUE(close(correlation(moments), matrix_of(reference["correlation"])));
  const Matrix many = test::matrix_by(test::formula, 3000, 3);
  EXPECT_TRUE(
      close(covariance(co_moments(many), kSample), matrix_of(reference["covariance_many"])));
}

// Widths around the panels of 16 columns, and heights around slabs of 256 rows and blocks of 1024.
TEST(Covariance, IsTheDefinitionForAnyShape) {
  for (const Index columns : {1, 2, 15, 16, 17, 33, 50}) {
    for (const Index rows : {1, 2, 255, 256, 257, 1024, 1100}) {
      const Matrix X = test::matrix_by(test::formula, rows, columns);
      const Matrix S = naive_scatter(X);
      const CoMoments moments = co_moments(X);
      EXPECT_EQ(moments.count, rows);
      EXPECT_TRUE(close(moments.scatter, S, 1e-13)) << rows << "×" << columns;
      EXPECT_EQ(moments.scatter, moments.scatter.transpose());
    }
  }
}

TEST(Covariance, DiagonalsAreVariances) {
  const Matrix X = test::matrix_by(test::formula, 1500, 3);
  const Matrix C = covariance(co_moments(X), kSample);
  for (Index j = 0; j < 3; ++j) {
    EXPECT_TRUE(close(C(j, j), central_moments(test::column_of(X, j)).variance(kSample), 1e-13));
  }
}

TEST(Covariance, KeepsTenDigitsFarFromZero) {
  const Matrix near = test::matrix_by(test::formula, 3000, 5);
  Matrix far(near.rows(), near.cols());
  Matrix back(near.rows(), near.cols());  // the numbers that are left of them, near zero
  for (Index j = 0; j < near.cols(); ++j) {
    for (Index i = 0; i < near.rows(); ++i) {
      far(i, j) = near(i, j) + 1e9;
      back(i, j) = far(i, j) - 1e9;
    }
  }
  EXPECT_TRUE(close(co_moments(far).scatter, co_moments(back).scatter, 1e-13));
  EXPECT_TRUE(close(co_moments(far).scatter, naive_scatter(back), 1e-13));
}

// The first rows of a block say nothing of the rest here.
TEST(Covariance, KeepsItsDigitsWhereTheFirstRowsLieApart) {
  Matrix X = test::matrix_by(test::formula, 1024, 3);
  for (Index i = 0; i < 256; ++i) X(i, 1) += 1e6;
  EXPECT_TRUE(close(co_moments(X).scatter, naive_scatter(X), 1e-13));
}

TEST(Covariance, MergeOfPartsIsTheWhole) {
  const Matrix X = test::matrix_by(test::formula, 300, 3);
  const CoMoments whole = co_moments(X);
  for (const Index cut : {0, 1, 150, 299, 300}) {
    const CoMoments merged = merge(co_moments(X.topRows(cut)), co_moments(X.bottomRows(300 - cut)));
    EXPECT_EQ(merged.count, 300);
    EXPECT_TRUE(close(merged.mean, whole.mean, 1e-15));
    EXPECT_TRUE(close(merged.scatter, whole.scatter, 1e-13));
  }
  EXPECT_EQ(merge(whole, CoMoments()), whole);
  EXPECT_EQ(merge(CoMoments(), whole), whole);
}

TEST(Covariance, TravelsAsBytes) {
  const CoMoments moments = co_moments(test::matrix_by(test::formula, 300, 3));
  const Bytes bytes = FoldCodec<CoMoments>::encode(moments);
  EXPECT_EQ(bytes.size(), 8U * (9 + 6 + 2));
  EXPECT_EQ(FoldCodec<CoMoments>::decode(bytes), moments);
}

TEST(Covariance, HasTheSameBitsOnAnyInstructionSet) {
  const Matrix X = test::matrix_by(test::formula, 1100, 19);
  const kernel::InstructionSet before = kernel::instruction_set();
  const CoMoments moments = co_moments(X);
  for (const auto set : kernel::available_instruction_sets()) {
    kernel::use_instruction_set(set);
    EXPECT_EQ(co_moments(X), moments) << kernel::name_of(set);
  }
  kernel::use_instruction_set(before);
}

TEST(Covariance, OfNoRowsAndOfOne) {
  const CoMoments none = co_moments(Matrix(0, 2));
  EXPECT_EQ(none.count, 0);
  EXPECT_TRUE(covariance(none, kPopulation).array().isNaN().all());
  EXPECT_TRUE(correlation(none).array().isNaN().all());
  EXPECT_EQ(correlation(none).rows(), 2);
  const CoMoments one = co_moments(Matrix{{3, 4}});
  EXPECT_EQ(covariance(one, kPopulation), Matrix::Zero(2, 2));
  EXPECT_TRUE(covariance(one, kSample).array().isNaN().all());
  EXPECT_EQ(covariance(co_moments(Matrix(5, 0)), kSample).size(), 0);
}

TEST(Covariance, ANaNStaysInItsColumn) {
  Matrix X = test::matrix_by(test::formula, 1500, 3);
  const Matrix clean = covariance(co_moments(X), kSample);
  for (const double bad : {test::kMissing, std::numeric_limits<double>::infinity()}) {
    X(700, 1) = bad;
    const Matrix C = covariance(co_moments(X), kSample);
    for (Index j = 0; j < 3; ++j) {
      EXPECT_TRUE(std::isnan(C(1, j)));
      EXPECT_TRUE(std::isnan(C(j, 1)));
    }
    EXPECT_EQ(C(0, 2), clean(0, 2));
    EXPECT_TRUE(std::isnan(correlation(co_moments(X))(1, 1)));
  }
}

// Cov(X, Y) = E[XY] − E[X]E[Y]
TEST(Covariance, IsTheMeanProductLessTheProductOfMeans) {
  const Matrix X = test::matrix_by(test::formula, 1500, 2);
  const Values x = test::column_of(X, 0);
  const Values y = test::column_of(X, 1);
  Values products;
  for (std::size_t i = 0; i < x.size(); ++i) products.push_back(x[i] * y[i]);
  const double expected =
      central_moments(products).mean() - central_moments(x).mean() * central_moments(y).mean();
  EXPECT_TRUE(close(covariance(x, y, kPopulation), expected, 1e-12, 0.1));
}

// Var(X + Y) = Var(X) + Var(Y) + 2·Cov(X, Y)
TEST(Covariance, OfASum) {
  const Matrix X = test::matrix_by(test::formula, 1500, 2);
  const Values x = test::column_of(X, 0);
  const Values y = test::column_of(X, 1);
  Values sums;
  for (std::size_t i = 0; i < x.size(); ++i) sums.push_back(x[i] + y[i]);
  for (const Normalization normalization : {kPopulation, kSample}) {
    EXPECT_TRUE(close(central_moments(sums).variance(normalization),
                      central_moments(x).variance(normalization) +
                          central_moments(y).variance(normalization) +
                          2 * covariance(x, y, normalization)));
  }
}

// Cov(aX + b, cY + d) = a·c·Cov(X, Y), and ρ keeps its size: linear dependence is ±1.
TEST(Covariance, OfAffineFunctions) {
  const Matrix X = test::matrix_by(test::formula, 1500, 2);
  const Values x = test::column_of(X, 0);
  const Values y = test::column_of(X, 1);
  Values scaled_x;
  Values scaled_y;
  for (const double value : x) scaled_x.push_back(-3 * value + 1);
  for (const double value : y) scaled_y.push_back(0.5 * value - 8);
  EXPECT_TRUE(close(covariance(scaled_x, scaled_y, kSample), -1.5 * covariance(x, y, kSample)));
  EXPECT_TRUE(close(correlation(scaled_x, scaled_y), -correlation(x, y)));
  EXPECT_TRUE(close(correlation(x, scaled_x), -1, 1e-15));
  EXPECT_GE(correlation(x, scaled_x), -1);
}

TEST(Correlation, IsExactlySymmetricAndBounded) {
  Matrix X = test::matrix_by(test::formula, 1003, 20);
  for (Index j = 10; j < 20; ++j) {
    for (Index i = 0; i < X.rows(); ++i) X(i, j) = X(i, j - 10) * (0.1 + 0.37 * double(j)) + 3;
  }
  const Matrix R = correlation(co_moments(X));
  EXPECT_EQ(R, R.transpose());
  for (Index j = 0; j < 20; ++j) {
    EXPECT_EQ(R(j, j), 1);
    for (Index i = 0; i < 20; ++i) EXPECT_LE(std::fabs(R(i, j)), 1);
  }
}

TEST(Correlation, OfAConstantColumnIsNaN) {
  Matrix X = test::matrix_by(test::formula, 1500, 3);
  for (Index i = 0; i < X.rows(); ++i) X(i, 1) = 0.1;
  const CoMoments moments = co_moments(X);
  EXPECT_EQ(moments.scatter(1, 1), 0);
  const Matrix R = correlation(moments);
  for (Index j = 0; j < 3; ++j) {
    EXPECT_TRUE(std::isnan(R(1, j)));
    EXPECT_TRUE(std::isnan(R(j, 1)));
  }
  EXPECT_EQ(R(0, 0), 1);
  EXPECT_FALSE(std::isnan(R(0, 2)));
  EXPECT_TRUE(std::isnan(correlation(Values{1, 1}, Values{1, 2})));
}

TEST(Correlation, OfTinyAndOfHugeNumbers) {
  EXPECT_TRUE(close(correlation(Values{1e-150, 2e-150, 3e-150}, Values{2e150, 3e150, 7e150}),
                    5 / std::sqrt(28), 1e-15));
}

TEST(Correlation, RefusesVectorsOfDifferentLengths) {
  EXPECT_EQ(message_of([] {
              correlation(Values{1, 2, 3}, Values{1, 2, 3, 4});
            }),
            "correlation: expected two vectors of equal length, found 3 and 4 values");
  EXPECT_EQ(message_of([] { covariance(Values{1}, Values{}, kSample); }),
            "covariance: expected two vectors of equal length, found 1 and 0 values");
}

}  // namespace
}  // namespace lockstep
