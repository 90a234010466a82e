#include "core/model/losses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

template <class T>
struct Point {
  T loss;
  T gradient;
};

template <class T>
struct Squared {
  static Point<T> at(T s, T y) {
    const T residual = s - y;
    return {T(0.5) * residual * residual, residual};
  }
};

template <class T>
struct Absolute {
  static Point<T> at(T s, T y) {
    const T residual = s - y;
    const T sign = residual < T(0) ? T(-1) : T(1);
    return {std::fabs(residual), residual == T(0) ? T(0) : sign * (residual / residual)};
  }
};

template <class T>
struct Logistic {
  /// ln(1 + eˢ) − y·s and σ(s) − y, without subtracting: for y = 1 they are those of −s, and near
  /// the right answer nothing cancels.
  static Point<T> at(T s, T y) {
    const T sign = T(1) - T(2) * y;
    return {kernel::softplus(sign * s), sign * kernel::sigmoid(sign * s)};
  }
};

template <class T>
struct Hinge {
  static Point<T> at(T s, T y) {
    const T sign = T(2) * y - T(1);
    const T margin = T(1) - sign * s;
    return {margin <= T(0) ? T(0) : margin, margin <= T(0) ? T(0) : margin / margin * -sign};
  }
};

template <class T>
struct SquaredHinge {
  static Point<T> at(T s, T y) {
    const T sign = T(2) * y - T(1);
    const T margin = T(1) - sign * s;
    return {margin <= T(0) ? T(0) : margin * margin, margin <= T(0) ? T(0) : T(-2) * sign * margin};
  }
};

/// The logistic loss where a row is of the other class by half of ε.
template <class T>
class SmoothedLogistic final : public Loss<T> {
 public:
  explicit SmoothedLogistic(double smoothing) : other_(static_cast<T>(smoothing / 2)) {}

  void value_and_gradient(Index n, Index, Rows<const T> scores, const double* targets,
                          Rows<T> dscores, double* losses) const override {
    for (Index r = 0; r < n; ++r) {
      const T s = *scores.row(r);
      const T y = static_cast<T>(targets[r]);
      const Point<T> own = Logistic<T>::at(s, y);
      const Point<T> other = Logistic<T>::at(s, T(1) - y);
      T* gradient = dscores.row(r);
      gradient[0] = (T(1) - other_) * own.gradient + other_ * other.gradient;
      for (Index c = 1; c < dscores.padded(1); ++c) gradient[c] = T(0);
      losses[r] = static_cast<double>((T(1) - other_) * own.loss + other_ * other.loss);
    }
  }

 private:
  T other_;
};

/// A loss of one score. Scores of some rows at a time stand side by side, so that one instruction
/// takes several of them.
template <class T, class Function>
class ScalarLoss final : public Loss<T> {
 public:
  void value_and_gradient(Index n, Index, Rows<const T> scores, const double* targets,
                          Rows<T> dscores, double* losses) const override {
    constexpr Index kRows = 64;
    std::array<T, kRows> s;
    std::array<T, kRows> y;
    std::array<T, kRows> of_row;
    std::array<T, kRows> slope;
    for (Index begin = 0; begin < n; begin += kRows) {
      const Index count = std::min(kRows, n - begin);
      for (Index i = 0; i < count; ++i) {
        s[static_cast<std::size_t>(i)] = *scores.row(begin + i);
        y[static_cast<std::size_t>(i)] = static_cast<T>(targets[begin + i]);
      }
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const Point<T> point = Function::at(s[i], y[i]);
        of_row[i] = point.loss;
        slope[i] = point.gradient;
      }
      for (Index i = 0; i < count; ++i) {
        T* gradient = dscores.row(begin + i);
        gradient[0] = slope[static_cast<std::size_t>(i)];
        for (Index c = 1; c < dscores.padded(1); ++c) gradient[c] = T(0);
        losses[begin + i] = static_cast<double>(of_row[static_cast<std::size_t>(i)]);
      }
    }
  }
};

/// The target of each score is a number of its own.
struct EachItsOwn {
  static double target(const double* targets, Index row, Index outputs, Index score) {
    return targets[row * outputs + score];
  }
};

/// Each score tells one class from all others [Rifkin, Klautau 2004].
struct OneVersusRest {
  static double target(const double* targets, Index row, Index, Index score) {
    return score == static_cast<Index>(targets[row]) ? 1 : 0;
  }
};

/// A loss of each score, added up. With one score it is that of a number, or of two classes.
template <class T, class Function, class Targets>
class SumOverScores final : public Loss<T> {
 public:
  void value_and_gradient(Index n, Index outputs, Rows<const T> scores, const double* targets,
                          Rows<T> dscores, double* losses) const override {
    if (outputs == 1) {
      of_one_score_.value_and_gradient(n, outputs, scores, targets, dscores, losses);
      return;
    }
    const Index columns = kernel::panel_count(outputs) * kPanel;
    for (Index r = 0; r < n; ++r) {
      const T* s = scores.row(r);
      T* gradient = dscores.row(r);
      T sum = T(0);
      for (Index k = 0; k < outputs; ++k) {
        const auto y = static_cast<T>(Targets::target(targets, r, outputs, k));
        const Point<T> point = Function::at(s[k], y);
        sum += point.loss;
        gradient[k] = point.gradient;
      }
      for (Index k = outputs; k < columns; ++k) gradient[k] = T(0);
      losses[r] = static_cast<double>(sum);
    }
  }

 private:
  ScalarLoss<T, Function> of_one_score_;
};

template <class T>
class CrossEntropy final : public Loss<T> {
 public:
  explicit CrossEntropy(double smoothing) : smoothing_(smoothing) {}

  void value_and_gradient(Index n, Index outputs, Rows<const T> scores, const double* targets,
                          Rows<T> dscores, double* losses) const override {
    const Index columns = kernel::panel_count(outputs) * kPanel;
    for (Index r = 0; r < n; ++r) {
      const T* s = scores.row(r);
      T* d = dscores.row(r);
      const auto target = static_cast<Index>(targets[r]);
      T largest = s[0];
      for (Index k = 1; k < outputs; ++k) largest = s[k] > largest ? s[k] : largest;
      const T target_score = s[target] - largest;
      T below_target = T(0);  // of all scores; the derivatives may take their place
      for (Index k = 0; smoothing_ > 0 && k < outputs; ++k) {
        below_target += target_score - (s[k] - largest);
      }
      for (Index k = 0; k < columns; ++k) d[k] = kernel::exp(s[k] - largest);
      T sum = T(0);
      for (Index k = 0; k < outputs; ++k) sum += d[k];
      for (Index k = 0; k < outputs; ++k) d[k] = d[k] / sum;
      d[target] -= T(1);
      for (Index k = outputs; k < columns; ++k) d[k] = T(0);
      losses[r] = static_cast<double>(kernel::log(sum) - target_score);
      if (smoothing_ == 0) continue;
      // ε of the target's share goes to all classes alike.
      const T smoothing = static_cast<T>(smoothing_);
      const T share = smoothing / static_cast<T>(outputs);
      for (Index k = 0; k < outputs; ++k) d[k] -= share;
      d[target] += smoothing;
      losses[r] += static_cast<double>(share * below_target);
    }
  }

 private:
  double smoothing_;
};

}  // namespace

const std::vector<std::string>& loss_names() {
  static const std::vector<std::string> kNames{"absolute", "cross_entropy", "hinge",
                                               "logistic", "squared",       "squared_hinge"};
  return kNames;
}

template <class T>
std::unique_ptr<Loss<T>> make_loss(std::string_view name, double smoothing) {
  if (std::count(loss_names().begin(), loss_names().end(), name) == 0) {
    throw ConfigError("unknown loss " + quoted(name));
  }
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw ConfigError(
        fmt::format("label smoothing: expected a number from 0 to below 1, found {}", smoothing));
  }
  if (smoothing > 0 && !loss_traits(name).has_probabilities) {
    throw ConfigError(fmt::format("label smoothing: the {} loss has no probabilities", name));
  }
  if (name == "absolute") return std::make_unique<SumOverScores<T, Absolute<T>, EachItsOwn>>();
  if (name == "cross_entropy") return std::make_unique<CrossEntropy<T>>(smoothing);
  if (name == "hinge") return std::make_unique<SumOverScores<T, Hinge<T>, OneVersusRest>>();
  if (name == "squared") return std::make_unique<SumOverScores<T, Squared<T>, EachItsOwn>>();
  if (name == "squared_hinge") {
    return std::make_unique<SumOverScores<T, SquaredHinge<T>, OneVersusRest>>();
  }
  if (smoothing > 0) return std::make_unique<SmoothedLogistic<T>>(smoothing);
  return std::make_unique<ScalarLoss<T, Logistic<T>>>();
}

LossTraits loss_traits(std::string_view name) {
  if (name == "cross_entropy") return {TargetKind::classes, ClassScores::each, true};
  if (name == "logistic") return {TargetKind::classes, ClassScores::one_of_two, true};
  if (name == "hinge" || name == "squared_hinge") {
    return {TargetKind::classes, ClassScores::each_of_more_than_two, false};
  }
  return {TargetKind::number, ClassScores::none, false};
}

double curvature_at_zero(std::string_view name, Index outputs) {
  const auto classes = static_cast<double>(outputs);
  if (name == "squared") return 1;
  if (name == "logistic") return 0.25;
  if (name == "squared_hinge") return 2;
  if (name == "cross_entropy") return (classes - 1) / (classes * classes);
  return 0;
}

void softmax(Index k, const double* scores, double* probabilities) {
  double largest = scores[0];
  for (Index i = 1; i < k; ++i) largest = scores[i] > largest ? scores[i] : largest;
  double sum = 0;
  for (Index i = 0; i < k; ++i) {
    probabilities[i] = kernel::exp(scores[i] - largest);
    sum += probabilities[i];
  }
  for (Index i = 0; i < k; ++i) probabilities[i] /= sum;
}

template std::unique_ptr<Loss<float>> make_loss(std::string_view, double);
template std::unique_ptr<Loss<double>> make_loss(std::string_view, double);

}  // namespace lockstep
