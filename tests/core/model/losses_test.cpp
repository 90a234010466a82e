#include "core/model/losses.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/base/error.hpp"
#include "core/calculus/differences.hpp"
#include "core/linalg/matrix.hpp"

namespace lockstep {
namespace {

constexpr Index kStride = 32;

template <class T>
struct Scored {
  std::vector<T> gradient;
  double loss = 0;
};

/// The loss of one row of scores.
template <class T>
Scored<T> score(const std::string& name, const std::vector<T>& scores, double target,
                double smoothing = 0) {
  AlignedVector<T> in(kStride);
  AlignedVector<T> out(kStride, T(9));
  std::copy(scores.begin(), scores.end(), in.begin());
  Scored<T> result;
  const auto outputs = static_cast<Index>(scores.size());
  const auto loss = make_loss<T>(name, smoothing);
  loss->value_and_gradient(1, outputs, {in.data(), kStride}, &target, {out.data(), kStride},
                           &result.loss);
  // The derivatives may take the place of the scores.
  double in_place = 0;
  loss->value_and_gradient(1, outputs, {in.data(), kStride}, &target, {in.data(), kStride},
                           &in_place);
  EXPECT_EQ(std::memcmp(&in_place, &result.loss, sizeof(double)), 0);
  const Index padded = round_up(outputs, kPanel);
  EXPECT_EQ(std::memcmp(in.data(), out.data(), static_cast<std::size_t>(padded) * sizeof(T)), 0);
  for (Index c = outputs; c < padded; ++c) EXPECT_EQ(out[static_cast<std::size_t>(c)], T(0));
  result.gradient.assign(out.begin(), out.begin() + outputs);
  return result;
}

std::vector<double> example_scores(const std::string& loss) {
  if (loss_traits(loss).scores == ClassScores::each) return {0.3, -1.2, 2.0};
  return {0.37};
}

std::vector<double> targets_of(const std::string& loss) {
  if (loss_traits(loss).scores == ClassScores::each) return {0, 1, 2};
  if (loss_traits(loss).target == TargetKind::classes) return {0, 1};
  return {-1.5, 0.2, 4};
}

TEST(Losses, DerivativesOfSeveralHingesAreCentralDifferences) {
  for (const char* name : {"hinge", "squared_hinge"}) {
    for (const double target : {0, 1, 2}) {
      const std::vector<double> scores{0.3, -1.2, 2.0};
      const Vector at = Eigen::Map<const Vector>(scores.data(), 3);
      const Scored<double> scored = score<double>(name, scores, target);
      const auto loss = [&](const Vector& s) {
        return score<double>(name, {s.begin(), s.end()}, target).loss;
      };
      const GradientCheck check =
          check_gradient(loss, Eigen::Map<const Vector>(scored.gradient.data(), 3), at);
      EXPECT_LT(check.relative_error, 1e-9) << name << " target " << target;
    }
  }
}

TEST(Losses, DerivativesAreCentralDifferences) {
  for (const std::string& name : loss_names()) {
    for (const double target : targets_of(name)) {
      const std::vector<double> scores = example_scores(name);
      const auto k = static_cast<Index>(scores.size());
      const Vector at = Eigen::Map<const Vector>(scores.data(), k);
      const Scored<double> scored = score<double>(name, scores, target);
      const auto loss = [&](const Vector& s) {
        return score<double>(name, {s.begin(), s.end()}, target).loss;
      };
      const GradientCheck check =
          check_gradient(loss, Eigen::Map<const Vector>(scored.gradient.data(), k), at);
      EXPECT_LT(check.relative_error, 1e-9)
          << name << " target " << target << " score " << check.entry << ": " << check.analytic
          << " instead of " << check.numeric;
    }
  }
}

TEST(Losses, CurvatureAtZeroIsTheDifferenceOfDerivatives) {
  for (const std::string& name : loss_names()) {
    for (const double target : targets_of(name)) {
      const std::vector<double> example = example_scores(name);
      const auto outputs = static_cast<Index>(example.size());
      const double curvature = curvature_at_zero(name, outputs);
      if (name == "absolute" || name == "hinge") {
        EXPECT_EQ(curvature, 0) << name << " has a kink";
        continue;
      }
      for (std::size_t k = 0; k < example.size(); ++k) {
        constexpr double kStep = 1e-5;
        const auto derivative = [&](double at) {
          std::vector<double> scores(example.size());
          scores[k] = at;
          return score<double>(name, scores, name == "squared" ? 0 : target).gradient[k];
        };
        EXPECT_NEAR((derivative(kStep) - derivative(-kStep)) / (2 * kStep), curvature, 1e-9)
            << name;
      }
    }
  }
}

/// As PyTorch's label_smoothing: (1 − ε)·l(y) + ε/K·Σ l(k).
TEST(Losses, SmoothedAreTheMixtureOverClasses) {
  constexpr double kSmoothing = 0.3;
  for (const char* name : {"cross_entropy", "logistic"}) {
    const std::vector<double> scores = example_scores(name);
    const auto k = static_cast<Index>(scores.size());
    const std::vector<double> classes = targets_of(name);
    const double share = kSmoothing / static_cast<double>(classes.size());
    for (const double target : classes) {
      const Scored<double> smoothed = score<double>(name, scores, target, kSmoothing);
      const Scored<double> plain = score<double>(name, scores, target);
      double loss = (1 - kSmoothing) * plain.loss;
      for (const double other : classes) loss += share * score<double>(name, scores, other).loss;
      EXPECT_NEAR(smoothed.loss, loss, 1e-14) << name;
      const auto value = [&](const Vector& s) {
        return score<double>(name, {s.begin(), s.end()}, target, kSmoothing).loss;
      };
      const Vector at = Eigen::Map<const Vector>(scores.data(), k);
      EXPECT_LT(check_gradient(value, Eigen::Map<const Vector>(smoothed.gradient.data(), k), at)
                    .relative_error,
                1e-9)
          << name << " target " << target;
    }
  }
  EXPECT_THROW(make_loss<float>("hinge", 0.1), ConfigError);
  EXPECT_THROW(make_loss<float>("cross_entropy", 1), ConfigError);
}

TEST(Losses, HaveTheirClosedForms) {
  EXPECT_DOUBLE_EQ(score<double>("squared", {3}, 1).loss, 2);  // ½·2²
  EXPECT_DOUBLE_EQ(score<double>("absolute", {3}, 5).loss, 2);
  EXPECT_DOUBLE_EQ(score<double>("logistic", {0}, 1).loss, std::log(2.0));
  EXPECT_DOUBLE_EQ(score<double>("cross_entropy", {1, 1, 1, 1}, 2).loss, std::log(4.0));
  EXPECT_DOUBLE_EQ(score<double>("hinge", {0.25}, 1).loss, 0.75);
  EXPECT_DOUBLE_EQ(score<double>("hinge", {0.25}, 0).loss, 1.25);
  EXPECT_DOUBLE_EQ(score<double>("hinge", {2}, 1).loss, 0);
  EXPECT_DOUBLE_EQ(score<double>("squared_hinge", {0.25}, 0).loss, 1.5625);
}

TEST(Losses, HingesOfSeveralClassesAreThoseOfEachVersusTheRest) {
  // Margins 1 − 0.25, 1 + 0.5 and 1 − 3 of the scores with y = +1, −1, −1.
  const Scored<double> hinge = score<double>("hinge", {0.25, 0.5, -3}, 0);
  EXPECT_DOUBLE_EQ(hinge.loss, 0.75 + 1.5 + 0);
  EXPECT_EQ(hinge.gradient, (std::vector<double>{-1, 1, 0}));
  const Scored<double> squared = score<double>("squared_hinge", {0.25, 0.5, -3}, 0);
  EXPECT_DOUBLE_EQ(squared.loss, 0.5625 + 2.25 + 0);
  EXPECT_EQ(squared.gradient, (std::vector<double>{-1.5, 3, 0}));
  for (const char* name : {"hinge", "squared_hinge"}) {
    for (const float s : {-2.0F, -0.3F, 0.0F, 0.7F, 5.0F}) {
      // A class and the rest, as two classes are told apart by one score.
      const Scored<float> both = score<float>(name, {s, 100, -100}, 1);
      EXPECT_EQ(both.loss, score<float>(name, {s}, 0).loss);
      EXPECT_EQ(both.gradient[0], score<float>(name, {s}, 0).gradient[0]);
    }
  }
}

TEST(Losses, OfSeveralNumbersAreAddedUp) {
  const std::vector<float> scores{0.25F, 0.5F, -3};
  const std::vector<double> targets{1, 0.5, 2};
  for (const char* name : {"squared", "absolute"}) {
    // Two rows, the second of other targets.
    AlignedVector<float> in(2 * kStride);
    AlignedVector<float> out(2 * kStride, 9.0F);
    std::copy(scores.begin(), scores.end(), in.begin());
    std::copy(scores.begin(), scores.end(), in.begin() + kStride);
    std::vector<double> both = targets;
    both.insert(both.end(), {7, 8, 9});
    std::vector<double> losses(2);
    make_loss<float>(name)->value_and_gradient(2, 3, {in.data(), kStride}, both.data(),
                                               {out.data(), kStride}, losses.data());
    for (std::size_t row = 0; row < 2; ++row) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k) {
        const Scored<float> alone = score<float>(name, {scores[k]}, both[row * 3 + k]);
        EXPECT_EQ(out[row * kStride + k], alone.gradient[0]) << name;
        sum += alone.loss;
      }
      EXPECT_DOUBLE_EQ(losses[row], sum) << name;
      for (std::size_t k = 3; k < kPanel; ++k) EXPECT_EQ(out[row * kStride + k], 0);
    }
  }
}

TEST(Losses, LogisticTreatsItsClassesAlikeHoweverSureTheScoreIs) {
  for (const float s : {0.3F, 5.0F, 10.0F, 16.0F, 40.0F}) {
    const Scored<float> second = score<float>("logistic", {s}, 1);
    const Scored<float> first = score<float>("logistic", {-s}, 0);
    EXPECT_EQ(second.loss, first.loss) << s;
    EXPECT_EQ(second.gradient[0], -first.gradient[0]) << s;
    const double expected = std::log1p(std::exp(-static_cast<double>(s)));
    EXPECT_NEAR(second.loss / expected, 1, 1e-6) << s;
  }
}

TEST(Losses, SubgradientsAtTheKinksAreZero) {
  EXPECT_EQ(score<double>("absolute", {5}, 5).gradient[0], 0);
  EXPECT_EQ(score<double>("hinge", {1}, 1).gradient[0], 0);
  EXPECT_EQ(score<double>("squared_hinge", {1}, 1).gradient[0], 0);
}

TEST(Losses, AreFiniteForLargeScoresAndKeepNaN) {
  for (const std::string& name : loss_names()) {
    for (const double target : targets_of(name)) {
      for (const float large : {1e4F, -1e4F}) {
        std::vector<float> scores(example_scores(name).size(), 0.5F);
        scores[0] = large;
        const Scored<float> at = score<float>(name, scores, target);
        EXPECT_TRUE(std::isfinite(at.loss)) << name;
        for (const float g : at.gradient) EXPECT_TRUE(std::isfinite(g)) << name;
      }
      std::vector<float> scores(example_scores(name).size(), 0.5F);
      scores.back() = std::nanf("");
      const Scored<float> at = score<float>(name, scores, target);
      EXPECT_TRUE(std::isnan(at.loss)) << name;
      EXPECT_TRUE(std::isnan(at.gradient.back())) << name;
    }
  }
}

TEST(Losses, ARowHasTheSameBitsAnywhereInABatch) {
  for (const std::string& name : loss_names()) {
    const auto scores = example_scores(name);
    const auto outputs = static_cast<Index>(scores.size());
    const double target = targets_of(name).back();
    const Scored<float> alone =
        score<float>(name, std::vector<float>(scores.begin(), scores.end()), target);
    for (Index rows = 1; rows <= 67; rows += 6) {
      for (Index at = 0; at < std::min<Index>(rows, 17); ++at) {
        AlignedVector<float> in(static_cast<std::size_t>(rows * kStride), 0.125F);
        for (Index k = 0; k < outputs; ++k) {
          in[static_cast<std::size_t>(at * kStride + k)] =
              static_cast<float>(scores[static_cast<std::size_t>(k)]);
        }
        std::vector<double> targets(static_cast<std::size_t>(rows), 0.0);
        targets[static_cast<std::size_t>(at)] = target;
        std::vector<double> losses(targets.size());
        make_loss<float>(name)->value_and_gradient(rows, outputs, {in.data(), kStride},
                                                   targets.data(), {in.data(), kStride},
                                                   losses.data());
        EXPECT_EQ(losses[static_cast<std::size_t>(at)], alone.loss) << name;
        EXPECT_EQ(std::memcmp(in.data() + at * kStride, alone.gradient.data(),
                              static_cast<std::size_t>(outputs) * sizeof(float)),
                  0)
            << name;
      }
    }
  }
}

TEST(Losses, SoftmaxIsItsDefinition) {
  const std::vector<double> scores{0.3, -1.2, 2, 0, -7};
  double sum = 0;
  for (const double s : scores) sum += std::exp(s);
  std::vector<double> p(scores.size());
  softmax(5, scores.data(), p.data());
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_NEAR(p[i] / (std::exp(scores[i]) / sum), 1, 1e-14);
  }
}

TEST(Losses, SoftmaxSumsToOne) {
  const std::vector<double> scores{1, 2, 3};
  std::vector<double> p(3);
  softmax(3, scores.data(), p.data());
  EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-15);
  EXPECT_NEAR(p[2] / p[1], std::exp(1.0), 1e-14);
}

}  // namespace
}  // namespace lockstep
