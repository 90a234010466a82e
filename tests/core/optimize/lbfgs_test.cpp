#include "core/optimize/lbfgs.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "core/linalg/matrix.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

/// f(x), with its gradient assigned to the second.
using Function = std::function<double(const Vector& x, Vector& gradient)>;

/// A function of all of whose vectors this rank has everything.
template <class T>
class WholeProblem final : public LbfgsProblem<T> {
 public:
  WholeProblem(Index size, Function f, std::vector<T> l1 = {})
      : size_(size), f_(std::move(f)), l1_(std::move(l1)) {}

  Index size() const override { return size_; }
  double evaluate(const T* x, T* gradient) override {
    ++evaluations;
    Vector at(size_);
    for (Index i = 0; i < size_; ++i) at[i] = static_cast<double>(x[i]);
    Vector found(size_);
    const double value = f_(at, found);
    for (Index i = 0; i < size_; ++i) gradient[i] = static_cast<T>(found[i]);
    return value;
  }
  bool has_l1() const override { return !l1_.empty(); }
  std::span<const T> l1() const override { return l1_; }
  bool has_curvature() const override { return !known.empty(); }
  AlignedVector<T> curvature() override { return known; }
  std::vector<double> dots(std::span<const typename LbfgsProblem<T>::Product> products) override {
    std::vector<double> sums;
    for (const auto& [a, b, weights] : products) {
      double sum = 0;
      for (Index i = 0; i < size_; ++i) {
        const double weight = weights == nullptr ? 1 : static_cast<double>(weights[i]);
        sum += weight * static_cast<double>(a[i]) * static_cast<double>(b[i]);
      }
      sums.push_back(sum);
    }
    return sums;
  }

  int evaluations = 0;
  AlignedVector<T> known;  // curvature

 private:
  Index size_;
  Function f_;
  std::vector<T> l1_;
};

double rosenbrock(const Vector& x, Vector& gradient) {
  const double a = 1 - x[0];
  const double b = x[1] - x[0] * x[0];
  gradient = Vector{{-2 * a - 400 * x[0] * b, 200 * b}};
  return a * a + 100 * b * b;
}

/// ½ Σ λᵢ(xᵢ − cᵢ)², λ from 1 to 100.
constexpr Index kSize = 40;
double curvature(Index i) { return std::pow(10.0, 2.0 * static_cast<double>(i) / (kSize - 1)); }
double center(Index i) { return std::sin(static_cast<double>(i + 1)); }
double bowl(const Vector& x, Vector& gradient) {
  double value = 0;
  for (Index i = 0; i < x.size(); ++i) {
    gradient[i] = curvature(i) * (x[i] - center(i));
    value += gradient[i] * (x[i] - center(i)) / 2;
  }
  return value;
}

using Outcome = Lbfgs<double>::Outcome;

/// Iterations until it does not go on.
template <class T>
int minimized(Lbfgs<T>& lbfgs, std::vector<T>& x, typename Lbfgs<T>::Outcome expected) {
  auto outcome = Lbfgs<T>::Outcome::went_on;
  int iterations = 0;
  for (; outcome == Lbfgs<T>::Outcome::went_on && iterations < 1000; ++iterations) {
    outcome = lbfgs.iterate(x.data());
  }
  EXPECT_EQ(outcome, expected) << "after " << iterations;
  return iterations;
}

TEST(Lbfgs, FindsTheMinimumInACurvedValley) {
  WholeProblem<double> problem(2, rosenbrock);
  Lbfgs<double> lbfgs(problem, {10, 1e-12});
  std::vector<double> x{-1.2, 1};
  EXPECT_LT(minimized(lbfgs, x, Outcome::converged), 60);
  EXPECT_NEAR(x[0], 1, 1e-6);
  EXPECT_NEAR(x[1], 1, 1e-6);
  EXPECT_EQ(lbfgs.iterate(x.data()), Outcome::converged) << "and stays there";
  EXPECT_NEAR(x[0], 1, 1e-6);
}

TEST(Lbfgs, FindsTheMinimumOfAnIllConditionedBowl) {
  for (const Index history : {1, 3, 10}) {
    WholeProblem<double> problem(kSize, bowl);
    Lbfgs<double> lbfgs(problem, {history, 1e-9});
    std::vector<double> x(kSize);
    minimized(lbfgs, x, Outcome::converged);
    for (Index i = 0; i < kSize; ++i) {
      EXPECT_NEAR(x[static_cast<std::size_t>(i)], center(i), 1e-5) << history;
    }
    EXPECT_LT(problem.evaluations, 500) << history;
  }
}

/// −H·g by the two loops over the pairs, as [Nocedal, Wright 2006] has them in algorithm 7.4, from
/// the diagonal that stands behind them.
Vector textbook_direction(const std::vector<AlignedVector<double>>& history, Vector q) {
  const std::size_t m = history.size() / 2;
  const auto vector = [&](std::size_t i) -> Vector {
    return Eigen::Map<const Vector>(history[i].data(), static_cast<Index>(history[i].size()));
  };
  std::size_t pairs = 0;
  while (pairs < m && vector(pairs).norm() > 0) ++pairs;
  std::vector<double> alpha(pairs);
  for (std::size_t i = 0; i < pairs; ++i) {
    alpha[i] = vector(i).dot(q) / vector(i).dot(vector(m + i));
    q -= alpha[i] * vector(m + i);
  }
  const Vector scaled = vector(2 * m).cwiseProduct(vector(m));
  if (pairs > 0)
    q = vector(2 * m).cwiseProduct(q) * (vector(0).dot(vector(m)) / scaled.dot(vector(m)));
  for (std::size_t i = pairs; i-- > 0;) {
    const double beta = vector(m + i).dot(q) / vector(i).dot(vector(m + i));
    q += vector(i) * (alpha[i] - beta);
  }
  return -q;
}

TEST(Lbfgs, TakesStepsAlongTheTextbooksDirectionUnderTheStrongWolfeConditions) {
  WholeProblem<double> problem(kSize, bowl);
  Lbfgs<double> lbfgs(problem, {4, 1e-14});
  std::vector<double> x(kSize);
  for (int iteration = 0; iteration < 25; ++iteration) {
    const Vector before = Eigen::Map<Vector>(x.data(), kSize);
    Vector g(kSize);
    const double value = bowl(before, g);
    const Vector direction = textbook_direction(lbfgs.history(), g);
    ASSERT_EQ(lbfgs.iterate(x.data()), Outcome::went_on);
    const Vector step = Eigen::Map<Vector>(x.data(), kSize) - before;
    const double t = step.norm() / direction.norm();
    EXPECT_LT((step - t * direction).norm(), 1e-9 * step.norm()) << iteration;
    Vector g_after(kSize);
    const double after = bowl(before + step, g_after);
    EXPECT_LE(after, value + 1e-4 * step.dot(g));
    EXPECT_LE(std::fabs(step.dot(g_after)), 0.9 * std::fabs(step.dot(g)));
  }
}

TEST(Lbfgs, ChangesADiagonalAsBfgsWouldChangeThatOfAMatrix) {
  WholeProblem<double> problem(kSize, bowl);
  Lbfgs<double> lbfgs(problem, {4, 1e-14});
  std::vector<double> x(kSize);
  Matrix B = Matrix::Identity(kSize, kSize);
  for (int iteration = 0; iteration < 25; ++iteration) {
    ASSERT_EQ(lbfgs.iterate(x.data()), Outcome::went_on);
    const auto& history = lbfgs.history();
    const Vector s = Eigen::Map<const Vector>(history[0].data(), kSize);
    const Vector y = Eigen::Map<const Vector>(history[4].data(), kSize);
    B *= y.dot(y.cwiseQuotient(B.diagonal())) / y.dot(s);
    B += y * y.transpose() / y.dot(s) - B * s * s.transpose() * B / s.dot(B * s);
    B = Matrix(B.diagonal().asDiagonal());
    const Vector D = Eigen::Map<const Vector>(history.back().data(), kSize);
    EXPECT_LT((B.diagonal().cwiseProduct(D).array() - 1).abs().maxCoeff(), 1e-9) << iteration;
  }
}

TEST(Lbfgs, TakesTheCurvatureThatIsKnownWhereItFits) {
  const auto evaluations_with = [](const AlignedVector<double>& known) {
    WholeProblem<double> problem(kSize, bowl);
    problem.known = known;
    Lbfgs<double> lbfgs(problem, {20, 1e-9});
    std::vector<double> x(kSize);
    minimized(lbfgs, x, Outcome::converged);
    for (Index i = 0; i < kSize; ++i) {
      EXPECT_NEAR(x[static_cast<std::size_t>(i)], center(i), 1e-4);
    }
    return problem.evaluations;
  };
  AlignedVector<double> right;
  AlignedVector<double> wrong;
  for (Index i = 0; i < kSize; ++i) {
    right.push_back(3 * curvature(i));  // a factor does not matter
    wrong.push_back(1 / curvature(i));
  }
  const int without = evaluations_with({});
  EXPECT_LT(evaluations_with(right), 8);
  EXPECT_GT(without, 20);
  EXPECT_LT(evaluations_with(wrong), 2 * without);
}

/// A line fitted to points far from 0, in any unit: a valley along which little is known at first.
TEST(Lbfgs, IsNotDoneWhereItsFirstModelPromisesLittle) {
  for (const bool is_known : {false, true}) {
    for (const double unit : {1e-10, 1.0, 1e8}) {
      for (const double far : {10.0, 2000.0}) {
        const Function f = [&](const Vector& x, Vector& gradient) {
          double value = 0;
          gradient.setZero();
          for (int i = 0; i < 20; ++i) {
            const double at = far + i;
            const double error = x[0] * at + x[1] - unit * (3 + i * 0.5 + (i % 3));
            value += error * error / 2;
            gradient += error * Vector{{at, 1}};
          }
          return value;
        };
        WholeProblem<double> problem(2, f);
        if (is_known) problem.known = {20 * far * far, 20};
        Lbfgs<double> lbfgs(problem, {10, 1e-9});
        std::vector<double> x(2);
        minimized(lbfgs, x, Outcome::converged);
        EXPECT_NEAR(x[0] / unit, 0.5, 0.05) << is_known << " " << unit << " " << far;
      }
    }
  }
}

/// f = ½c·Σ(xᵢ − u)².
Function bowl_of(double c, double u) {
  return [=](const Vector& x, Vector& gradient) {
    gradient = c * (x.array() - u).matrix();
    return c / 2 * (x.array() - u).square().sum();
  };
}

TEST(Lbfgs, InFloatKeepsPairsHoweverLargeTheCurvature) {
  WholeProblem<float> problem(2, bowl_of(1e9, 1));
  Lbfgs<float> lbfgs(problem, {5, 1e-9});
  std::vector<float> x{0.5F, 2};
  ASSERT_EQ(lbfgs.iterate(x.data()), Lbfgs<float>::Outcome::went_on);
  EXPECT_NE(lbfgs.history().front()[0], 0);
}

/// A step of length 1 would change nothing in this precision.
TEST(Lbfgs, InFloatBeginsWithTheStepOfTheKnownCurvature) {
  WholeProblem<float> problem(2, bowl_of(2, 1e10));
  problem.known = {2, 2};
  Lbfgs<float> lbfgs(problem, {5, 1e-9});
  std::vector<float> x(2);
  lbfgs.iterate(x.data());
  EXPECT_NEAR(static_cast<double>(x[0]) / 1e10, 1, 1e-6);
}

TEST(Lbfgs, WithAnL1PenaltyFindsExactZeros) {
  std::vector<double> l1(kSize, 3.0);
  l1[kSize - 1] = 0;  // a bias, say
  WholeProblem<double> problem(kSize, bowl, l1);
  Lbfgs<double> lbfgs(problem, {10, 1e-13});
  std::vector<double> x(kSize, 0.5);
  minimized(lbfgs, x, Outcome::converged);
  int zeros = 0;
  for (Index i = 0; i < kSize; ++i) {
    const double l = l1[static_cast<std::size_t>(i)];
    const double c = center(i);
    const double rest = std::max(0.0, std::fabs(c) - l / curvature(i));
    const double expected = c < 0 ? -rest : rest;
    EXPECT_NEAR(x[static_cast<std::size_t>(i)], expected, rest == 0 ? 0 : 1e-5) << i;
    zeros += rest == 0 ? 1 : 0;
  }
  EXPECT_GT(zeros, 5);
}

TEST(Lbfgs, GoesOnFromItsHistoryWithTheSameBits) {
  for (const int kind : {0, 1, 2, 3}) {
    const std::vector<double> l1(kind % 2 == 1 ? kSize : 0, 1.0);
    AlignedVector<double> known;
    for (Index i = 0; kind >= 2 && i < kSize; ++i) known.push_back(i < 9 ? 1 : curvature(i));
    WholeProblem<double> problem(kSize, bowl, l1);
    problem.known = known;
    Lbfgs<double> whole(problem, {3, 1e-14});
    std::vector<double> x(kSize);
    std::vector<double> in_parts(kSize);
    std::vector<AlignedVector<double>> history = whole.history();
    LbfgsProgress progress;
    for (int iteration = 0; iteration < 20; ++iteration) {
      WholeProblem<double> same(kSize, bowl, l1);
      same.known = known;
      Lbfgs<double> part(same, {3, 1e-14});
      part.restore(history, progress);
      const Outcome outcome = whole.iterate(x.data());
      EXPECT_EQ(part.iterate(in_parts.data()), outcome);
      history = part.history();
      progress = part.progress();
      ASSERT_EQ(std::memcmp(x.data(), in_parts.data(), kSize * sizeof(double)), 0) << iteration;
    }
  }
}

TEST(Lbfgs, ComesBackFromWhereTheFunctionIsNot) {
  // x − ln x, which no negative x has; from 10⁻³ the first steps go far beyond.
  const Function f = [](const Vector& x, Vector& gradient) {
    gradient[0] = 1 - 1 / x[0];
    return x[0] - std::log(x[0]);
  };
  WholeProblem<double> problem(1, f);
  Lbfgs<double> lbfgs(problem, {5, 1e-12});
  for (const double start : {1e-3, 20.0}) {
    std::vector<double> x{start};
    lbfgs.restore(std::vector<AlignedVector<double>>(11, AlignedVector<double>(1)), {});
    minimized(lbfgs, x, Outcome::converged);
    EXPECT_NEAR(x[0], 1, 1e-5);
  }
  std::vector<double> outside{-1};
  lbfgs.restore(std::vector<AlignedVector<double>>(11, AlignedVector<double>(1)), {});
  EXPECT_EQ(lbfgs.iterate(outside.data()), Outcome::not_finite);
  EXPECT_EQ(outside[0], -1);
}

TEST(Lbfgs, StopsWhereThePrecisionEnds) {
  WholeProblem<float> problem(kSize, bowl);
  Lbfgs<float> lbfgs(problem, {10, 0});
  std::vector<float> x(kSize);
  auto outcome = Lbfgs<float>::Outcome::went_on;
  int iterations = 0;
  for (; outcome == Lbfgs<float>::Outcome::went_on && iterations < 2000; ++iterations) {
    outcome = lbfgs.iterate(x.data());
  }
  EXPECT_NE(outcome, Lbfgs<float>::Outcome::not_finite);
  EXPECT_LT(iterations, 2000);
  for (Index i = 0; i < kSize; ++i) {
    EXPECT_NEAR(x[static_cast<std::size_t>(i)], center(i), 1e-3);
  }
}

TEST(Lbfgs, StaysAtAMinimum) {
  WholeProblem<double> problem(kSize, bowl);
  Lbfgs<double> lbfgs(problem, {});
  std::vector<double> x;
  for (Index i = 0; i < kSize; ++i) x.push_back(center(i));
  const std::vector<double> before = x;
  EXPECT_EQ(lbfgs.iterate(x.data()), Outcome::converged);
  EXPECT_EQ(x, before);
}

}  // namespace
}  // namespace lockstep
