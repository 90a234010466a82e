#include "core/model/batch_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "core/base/memory.hpp"

namespace lockstep {
namespace {

constexpr Index kWidth = 3;

/// Rows of three units, padded; what the padding is does not matter.
template <class T>
struct Batch {
  explicit Batch(const std::vector<std::vector<double>>& values)
      : memory(values.size() * static_cast<std::size_t>(kPanel), T(99)) {
    for (std::size_t r = 0; r < values.size(); ++r) {
      for (std::size_t c = 0; c < values[r].size(); ++c) {
        memory[r * static_cast<std::size_t>(kPanel) + c] = static_cast<T>(values[r][c]);
      }
    }
  }
  Rows<T> rows() { return {memory.data(), kPanel}; }

  AlignedVector<T> memory;
};

template <class T>
AlignedVector<T> initial(const BatchNorm<T>& layer) {
  AlignedVector<T> theta(static_cast<std::size_t>(4 * kPanel), 7);
  layer.initialize(Initialization::automatic, RandomStream(1, Purpose::initialization), 0,
                   theta.data());
  return theta;
}

const std::vector<std::vector<double>> kRows{{1, 10, 5}, {2, 20, 5}, {4, 10, 5}, {9, 40, 5}};

TEST(BatchNorm, NormalizesUnitsOverTheRowsOfAStep) {
  const BatchNorm<double> layer(kWidth);
  const AlignedVector<double> theta = initial(layer);
  Batch<double> x(kRows);
  Batch<double> y(kRows);
  AlignedVector<double> kept(static_cast<std::size_t>(layer.kept()));
  layer.begin_forward(layer.moments({0, 4}, x.rows()), kept.data());
  const TrainingRows training;
  layer.forward(4, x.rows(), theta.data(), y.rows(), {kept.data(), 0}, &training);
  // Mean 4 and variance (9 + 4 + 0 + 25)/4; mean 20 and variance (100 + 0 + 100 + 400)/4; none.
  const double first = 1 / std::sqrt(9.5 + 1e-5);
  const double second = 1 / std::sqrt(150 + 1e-5);
  const std::vector<std::vector<double>> expected{{-3 * first, -10 * second, 0},
                                                  {-2 * first, 0, 0},
                                                  {0, -10 * second, 0},
                                                  {5 * first, 20 * second, 0}};
  for (Index r = 0; r < 4; ++r) {
    for (Index c = 0; c < kPanel; ++c) {
      const double of_unit =
          c < kWidth ? expected[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] : 0;
      EXPECT_NEAR(y.rows().row(r)[c], of_unit, 1e-15) << r << ", " << c;
    }
  }
}

TEST(BatchNorm, MergesTheMomentsOfLanesOfAnySize) {
  const BatchNorm<double> layer(kWidth);
  Batch<double> x(kRows);
  const auto whole = layer.moments({0, 4}, x.rows());
  EXPECT_EQ(whole, (std::vector<double>{4, 4, 20, 5, 38, 600, 0}));
  for (Index cut = 0; cut <= 4; ++cut) {
    const auto merged = BatchNorm<double>::merge(layer.moments({0, cut}, x.rows()),
                                                 layer.moments({cut, 4}, x.rows()));
    ASSERT_EQ(merged.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(merged[i], whole[i], 1e-12) << cut;
  }
}

TEST(BatchNorm, KeepsItsDigitsFarFromZero) {
  // The variance is that of 1, 2, 3, 4: sums of squares in float would have lost it.
  const BatchNorm<float> layer(1);
  Batch<float> x({{100001}, {100002}, {100003}, {100004}});
  const auto merged =
      BatchNorm<float>::merge(layer.moments({0, 1}, x.rows()), layer.moments({1, 4}, x.rows()));
  EXPECT_EQ(merged, (std::vector<double>{4, 100002.5, 5}));
}

TEST(BatchNorm, RunningAveragesMoveTowardsTheStep) {
  const BatchNorm<double> layer(kWidth);
  AlignedVector<double> theta = initial(layer);
  const auto at = [&](Index tensor, Index unit) {
    return theta[static_cast<std::size_t>(tensor * kPanel + unit)];
  };
  Batch<double> x(kRows);
  layer.update_running(layer.moments({0, 4}, x.rows()), 0.1, theta.data());
  EXPECT_NEAR(at(2, 0), 0.1 * 4, 1e-15);
  EXPECT_NEAR(at(3, 0), 0.9 + 0.1 * 38 / 3, 1e-15);
  EXPECT_NEAR(at(2, 1), 0.1 * 20, 1e-15);
  EXPECT_NEAR(at(3, 1), 0.9 + 0.1 * 600 / 3, 1e-15);
  const AlignedVector<double> before = theta;
  layer.update_running(layer.moments({0, 1}, x.rows()), 0.1, theta.data());
  EXPECT_EQ(theta, before) << "one row has no variance";
}

TEST(BatchNorm, ScoresByRunningAverages) {
  const BatchNorm<double> layer(kWidth);
  AlignedVector<double> theta = initial(layer);
  const auto set = [&](Index tensor, const std::vector<double>& values) {
    std::copy(values.begin(), values.end(), theta.begin() + tensor * kPanel);
  };
  set(0, {2, 1, 1});
  set(1, {0.5, 0, 0});
  set(2, {3, 0, 5});
  set(3, {4, 1, 0});
  Batch<double> x(kRows);
  Batch<double> y(kRows);
  layer.forward(1, x.rows(), theta.data(), y.rows(), {}, nullptr);
  EXPECT_NEAR(y.rows().row(0)[0], (1.0 - 3) / std::sqrt(4 + 1e-5) * 2 + 0.5, 1e-15);
  EXPECT_NEAR(y.rows().row(0)[1], 10 / std::sqrt(1 + 1e-5), 1e-14);
  EXPECT_EQ(y.rows().row(0)[2], 0) << "a unit without variance";
}

TEST(BatchNorm, BeginsAsTheNormalisationAlone) {
  const AlignedVector<float> theta = initial(BatchNorm<float>(kWidth));
  for (Index c = 0; c < 4 * kPanel; ++c) {
    const bool is_unit = c % kPanel < kWidth;
    const Index tensor = c / kPanel;  // scale, shift, running mean, running variance
    EXPECT_EQ(theta[static_cast<std::size_t>(c)], is_unit && tensor % 3 == 0 ? 1 : 0) << c;
  }
}

/// Of one row nothing is left but β, and nothing goes back.
TEST(BatchNorm, TakesAStepOfASingleRow) {
  const BatchNorm<double> layer(kWidth);
  const AlignedVector<double> theta = initial(layer);
  Batch<double> x({{1, -2, 3}});
  Batch<double> y({{0, 0, 0}});
  Batch<double> dy({{1, 2, 3}});
  Batch<double> dx({{0, 0, 0}});
  AlignedVector<double> kept(static_cast<std::size_t>(layer.kept()));
  const auto moments = layer.moments({0, 1}, x.rows());
  layer.begin_forward(moments, kept.data());
  const TrainingRows training;
  layer.forward(1, x.rows(), theta.data(), y.rows(), {kept.data(), 0}, &training);
  const Forwarded<double> done{x.rows(), y.rows(), {kept.data(), 0}};
  layer.begin_backward(layer.slopes({0, 1}, done, dy.rows()), moments, kept.data());
  layer.backward(1, done, dy.rows(), theta.data(), dx.rows());
  for (Index c = 0; c < kPanel; ++c) {
    EXPECT_EQ(y.rows().row(0)[c], 0) << c;
    EXPECT_EQ(dx.rows().row(0)[c], 0) << c;
  }
}

}  // namespace
}  // namespace lockstep
