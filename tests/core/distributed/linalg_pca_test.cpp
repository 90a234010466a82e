#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/linalg/pca.hpp"
#include "core/linalg/tsqr.hpp"
#include "tests/core/distributed/matrices.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::gathered;
using test::matrix_of;
using test::normal_matrix;
using test::Share;
using test::share_of;
using test::vector_of;

constexpr PcaMethod kMethods[] = {PcaMethod::svd, PcaMethod::covariance, PcaMethod::randomized};

PcaOptions options_of(Index components, PcaMethod method) {
  PcaOptions options;
  options.components = components;
  options.method = method;
  return options;
}

DistributedMatrix mine_of(const Team& team, const Matrix& X, const PcaOptions& options,
                          Share share = Share::even) {
  return share_of(team, X, pca_blocks(X.rows(), X.cols(), options), share);
}

Pca fit(Team& team, const Matrix& X, const PcaOptions& options) {
  return fit_pca(team, mine_of(team, X, options), options);
}

/// Correlated columns of different size, far from 0.
Matrix data(Index rows, Index columns) {
  Matrix X = normal_matrix(rows, columns) * normal_matrix(columns, columns, 2);
  for (Index j = 0; j < columns; ++j) {
    X.col(j) = X.col(j) * static_cast<double>(j + 1) +
               Vector::Constant(rows, 10 * static_cast<double>(j) - 7);
  }
  return X;
}

void expect_equal(const Pca& a, const Pca& b) {
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.components, b.components);
  EXPECT_EQ(a.explained_variance, b.explained_variance);
  EXPECT_EQ(a.explained_variance_ratio, b.explained_variance_ratio);
  EXPECT_EQ(a.singular_values, b.singular_values);
}

TEST(Pca, HandComputed) {
  // The mean is (1, 2); the deviations are ±2·(0.6, 0.8) and ±1·(0.8, −0.6).
  const Matrix X{{2.2, 3.6}, {-0.2, 0.4}, {0.2, 2.6}, {1.8, 1.4}};
  test::for_each_team({1, 2}, [&](Team& team) {
    for (const PcaMethod method : kMethods) {
      PcaOptions options = options_of(2, method);
      options.normalization = Normalization::population;
      const Pca pca = fit(team, X, options);
      EXPECT_TRUE(close(pca.mean, Vector{{1, 2}}, 1e-15));
      EXPECT_TRUE(close(pca.components, Matrix{{0.6, 0.8}, {0.8, -0.6}}, 1e-15));
      EXPECT_TRUE(close(pca.explained_variance, Vector{{2, 0.5}}, 1e-15));
      EXPECT_TRUE(close(pca.explained_variance_ratio, Vector{{0.8, 0.2}}, 1e-15));
      const Matrix scores{{2, 0}, {-2, 0}, {0, -1}, {0, 1}};
      EXPECT_TRUE(close(gathered(team, project(pca, mine_of(team, X, options))), scores, 1e-15));
      options.normalization = Normalization::sample;
      EXPECT_TRUE(
          close(fit(team, X, options).explained_variance, Vector{{8.0 / 3, 2.0 / 3}}, 1e-15));
    }
  });
}

TEST(Pca, IsThatOfScikitLearn) {
  const nlohmann::json expected = test::reference("decomposition").at("pca");
  const Matrix X = matrix_of(expected.at("x"));
  test::for_each_team({1, 3}, [&](Team& team) {
    for (const PcaMethod method : kMethods) {
      const PcaOptions options = options_of(4, method);
      const Pca pca = fit(team, X, options);
      EXPECT_TRUE(close(pca.mean, vector_of(expected.at("mean"))));
      EXPECT_TRUE(close(pca.components, matrix_of(expected.at("components"))));
      EXPECT_TRUE(close(pca.explained_variance, vector_of(expected.at("explained_variance"))));
      EXPECT_TRUE(
          close(pca.explained_variance_ratio, vector_of(expected.at("explained_variance_ratio"))));
      EXPECT_TRUE(close(pca.singular_values, vector_of(expected.at("singular_values"))));
      const DistributedMatrix mine = mine_of(team, X, options);
      const Matrix scores = gathered(team, project(pca, mine));
      EXPECT_TRUE(close(scores.topRows(5), matrix_of(expected.at("scores"))));
      const Matrix whitened = gathered(team, whiten(pca, mine));
      EXPECT_TRUE(close(whitened.topRows(5), matrix_of(expected.at("whitened"))));
      const PcaOptions two = options_of(2, method);
      const Pca of_two = fit(team, X, two);
      const Matrix from_two =
          gathered(team, reconstruct(of_two, project(of_two, mine_of(team, X, two))));
      EXPECT_TRUE(close(from_two.topRows(5), matrix_of(expected.at("from_two"))));
    }
  });
}

TEST(Pca, HasTheSameBitsOnAnyRanksAndThreads) {
  for (const PcaMethod method : kMethods) {
    const Matrix X = data(5003, 6);
    const PcaOptions options = options_of(3, method);
    Pca one;
    Matrix scores;
    Matrix whitened;
    Matrix back;
    test::for_each_thread_team({1}, [&](Team& team) {
      const DistributedMatrix mine = mine_of(team, X, options);
      one = fit_pca(team, mine, options);
      scores = gathered(team, project(one, mine));
      whitened = gathered(team, whiten(one, mine));
      back = gathered(team, reconstruct(one, project(one, mine)));
    });
    test::for_each_team({2, 3, 4, 7}, [&](Team& team) {
      for (const int threads : {1, 2}) {
        for (const Share share : {Share::even, Share::last}) {
          const DistributedMatrix mine = mine_of(team, X, options, share);
          const Pca pca = fit_pca(team, mine, options, threads);
          expect_equal(pca, one);
          EXPECT_EQ(gathered(team, project(pca, mine, threads)), scores);
          EXPECT_EQ(gathered(team, whiten(pca, mine, threads)), whitened);
          EXPECT_EQ(gathered(team, reconstruct(pca, project(pca, mine, threads), threads)), back);
        }
      }
    });
  }
}

// Σ = (1/n)·XᵀX of the centred data, Σ = P·Λ·Pᵀ and Y = X·P_k, as the guide has them.
TEST(Pca, DiagonalizesTheCovarianceMatrixAndProjects) {
  const Matrix X = data(1100, 5);
  Matrix centred = X;
  for (Index j = 0; j < 5; ++j) centred.col(j).array() -= X.col(j).sum() / 1100;
  Matrix Sigma = Matrix::Zero(5, 5);
  for (Index r = 0; r < 1100; ++r) {
    for (Index i = 0; i < 5; ++i) {
      for (Index j = 0; j < 5; ++j) Sigma(i, j) += centred(r, i) * centred(r, j) / 1100;
    }
  }
  test::for_each_team({1, 2}, [&](Team& team) {
    for (const PcaMethod method : kMethods) {
      PcaOptions options = options_of(5, method);
      options.normalization = Normalization::population;
      const Pca pca = fit(team, X, options);
      const Matrix& P = pca.components;
      EXPECT_TRUE(close(P * pca.explained_variance.asDiagonal() * P.transpose(), Sigma, 1e-13));
      options.components = 2;
      const DistributedMatrix mine = mine_of(team, X, options);
      const Matrix Y = gathered(team, project(fit_pca(team, mine, options), mine));
      EXPECT_TRUE(close(Y, centred * P.leftCols(2), 1e-12));
    }
  });
}

TEST(Pca, ScoresAreUncorrelatedAndAllOfThemGiveTheDataBack) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Matrix X = data(3000, 5);
    for (const PcaMethod method : kMethods) {
      const PcaOptions options = options_of(5, method);
      const DistributedMatrix mine = mine_of(team, X, options);
      const Pca pca = fit_pca(team, mine, options);
      const DistributedMatrix scores = project(pca, mine);
      const Matrix Y = gathered(team, scores);
      EXPECT_TRUE(close(Y.transpose() * Y / 2999,
                        pca.explained_variance.asDiagonal().toDenseMatrix(), 1e-13));
      EXPECT_TRUE(close(gathered(team, reconstruct(pca, scores)), X, 1e-14));
      EXPECT_TRUE(close(pca.explained_variance_ratio.sum(), 1, 1e-14));
      const Matrix Z = gathered(team, whiten(pca, mine));
      EXPECT_TRUE(close(Z.transpose() * Z / 2999, Matrix::Identity(5, 5), 1e-12));
      EXPECT_TRUE(close(Z.colwise().mean(), Vector::Zero(5).transpose(), 1e-13, 1));
    }
  });
}

// Deviations of 1 around 10⁹, and of 10⁻⁷ beside them: what is squared first is lost.
TEST(Pca, BySvdKeepsWhatTheCovarianceLoses) {
  Matrix X = normal_matrix(4000, 3);
  X.col(1) = X.col(0) + 1e-9 * X.col(1);
  const PcaOptions by_svd = options_of(3, PcaMethod::svd);
  const PcaOptions by_covariance = options_of(3, PcaMethod::covariance);
  // The smallest deviation is along (1, −1, 0)/√2: 10⁻⁹/√2.
  test::for_each_team({1, 2}, [&](Team& team) {
    const double expected = 1e-9 / std::sqrt(2) * std::sqrt(4000);
    EXPECT_TRUE(close(fit(team, X, by_svd).singular_values[2], expected, 0.05));
    EXPECT_FALSE(close(fit(team, X, by_covariance).singular_values[2], expected, 0.5));
  });
}

TEST(Pca, FarFromZeroKeepsItsDigits) {
  const Matrix near = normal_matrix(3000, 3);
  const Matrix far = near.array() + 0x1p30;
  const Matrix moved = far.array() - 0x1p30;  // what rounding left of it
  test::for_each_team({1, 2}, [&](Team& team) {
    for (const PcaMethod method : kMethods) {
      const PcaOptions options = options_of(3, method);
      EXPECT_TRUE(close(fit(team, far, options).singular_values,
                        fit(team, moved, options).singular_values, 1e-12));
    }
  });
}

TEST(Pca, OfMoreColumnsThanRows) {
  const Matrix X = data(6, 15);
  test::for_each_team({1, 2, 3}, [&](Team& team) {
    for (const PcaMethod method : kMethods) {
      const PcaOptions options = options_of(6, method);
      const DistributedMatrix mine = mine_of(team, X, options);
      const Pca pca = fit_pca(team, mine, options);
      // Six points lie in five directions around their mean.
      EXPECT_LT(pca.explained_variance_ratio[5], 1e-12);
      EXPECT_TRUE(close(gathered(team, reconstruct(pca, project(pca, mine))), X, 1e-12));
    }
  });
}

TEST(Pca, OfConstantColumnsHasNoVariance) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Matrix X = Matrix::Constant(1500, 3, 0.1);
    for (const PcaMethod method : kMethods) {
      const Pca pca = fit(team, X, options_of(2, method));
      EXPECT_EQ(pca.mean, Vector::Constant(3, 0.1));
      EXPECT_EQ(pca.explained_variance, Vector::Zero(2));
      EXPECT_TRUE(std::isnan(pca.explained_variance_ratio[0]));
      EXPECT_TRUE(
          close(pca.components.transpose() * pca.components, Matrix::Identity(2, 2), 1e-14));
    }
  });
}

template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    const std::string message = error.what();
    return message.substr(0, message.find(" (rank"));
  }
  return "no error";
}

TEST(Pca, RefusesBadInput) {
  test::for_each_team({1, 2}, [](Team& team) {
    for (const PcaMethod method : kMethods) {
      const auto error_with = [&](const Matrix& X, Index components) {
        const PcaOptions options = options_of(components, method);
        return error_of([&] { fit(team, X, options); });
      };
      const Matrix X = normal_matrix(5, 3);
      EXPECT_EQ(error_with(X, 0),
                "pca: components must be from 1 to 3 for a matrix of 5×3, but are 0");
      EXPECT_EQ(error_with(X, 4),
                "pca: components must be from 1 to 3 for a matrix of 5×3, but are 4");
      EXPECT_EQ(error_with(X.topRows(1), 1), "pca: one row has no variance to divide by m − 1");
      EXPECT_EQ(error_with(Matrix(0, 3), 1), "expected a matrix with rows and columns, found 0×3");
      Matrix with_nan = X;
      with_nan(3, 1) = std::numeric_limits<double>::quiet_NaN();
      EXPECT_EQ(error_with(with_nan, 1),
                "row 3, column 1 of the matrix, counted from 0: expected a finite number, "
                "found nan");
    }
  });
}

TEST(Pca, RefusesDeviationsWhoseNormOverflows) {
  test::for_each_team({1, 2}, [](Team& team) {
    for (const PcaMethod method : kMethods) {
      const auto error_with = [&](const Matrix& X) {
        const PcaOptions options = options_of(2, method);
        return error_of([&] { fit(team, X, options); });
      };
      const std::string too_large =
          "its values are too large: the norm of the deviations from the means is not finite";
      EXPECT_EQ(error_with(Matrix{{1e308, -1e308}, {-1e308, 1e308}, {1.7e308, 1}}),
                "column 0, counted from 0: " + too_large);
      EXPECT_EQ(error_with(Matrix{{1, 1.7e308}, {2, -1.7e308}, {3, 0}}),
                "column 1, counted from 0: " + too_large);
      EXPECT_EQ(error_with(Matrix{{1e308, 1e308}, {-1e308, 1e308}, {0, -1e308}}),
                "column 1, counted from 0: " + too_large);
    }
  });
}

// Scaled by a power of two, the components and ratios keep their bits.
TEST(Pca, TakesDataOfAnyMagnitude) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Matrix X = data(200, 3);
    for (const PcaMethod method : kMethods) {
      const PcaOptions options = options_of(2, method);
      const Pca pca = fit(team, X, options);
      for (const double scale : {0x1p1010, 0x1p600, 0x1p490, 0x1p-490, 0x1p-600, 0x1p-1000}) {
        const Pca scaled = fit(team, X * scale, options);
        EXPECT_TRUE(close(scaled.mean / scale, pca.mean));
        EXPECT_TRUE(close(scaled.components, pca.components));
        EXPECT_TRUE(close(scaled.explained_variance_ratio, pca.explained_variance_ratio));
        EXPECT_TRUE(close(scaled.singular_values / scale, pca.singular_values));
        EXPECT_TRUE(close(scaled.explained_variance, pca.explained_variance * scale * scale));
      }
    }
  });
}

TEST(Pca, RefusesOtherShapesThanItWasFittedTo) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Matrix X = data(50, 3);
    const PcaOptions options = options_of(2, PcaMethod::svd);
    const Pca pca = fit(team, X, options);
    const DistributedMatrix two = mine_of(team, X.leftCols(2), options);
    EXPECT_EQ(error_of([&] { project(pca, two); }),
              "pca: the matrix to project must have 3 columns, but has 2");
    EXPECT_EQ(error_of([&] { whiten(pca, two); }),
              "pca: the matrix to whiten must have 3 columns, but has 2");
    EXPECT_EQ(error_of([&] { reconstruct(pca, mine_of(team, X, options)); }),
              "pca: the projection must have 2 columns, but has 3");
    Matrix flat = X;
    flat.col(1) = 2 * flat.col(0);
    flat.col(2) = -flat.col(0);
    const Pca of_flat = fit(team, flat, options);
    EXPECT_EQ(error_of([&] { whiten(of_flat, mine_of(team, flat, options)); }),
              "pca: component 1, counted from 0, has no variance to divide by; whiten with fewer");
  });
}

}  // namespace
}  // namespace lockstep
