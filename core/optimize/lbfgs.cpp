#include "core/optimize/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace lockstep {
namespace {

constexpr double kDecrease = 1e-4;  // c₁
constexpr double kCurvature = 0.9;  // c₂
constexpr int kMostEvaluations = 30;

/// Where the cubic through two values and slopes is least, inside the middle 80 % between them.
double interpolated(double a, double value_a, double slope_a, double b, double value_b,
                    double slope_b) {
  const double d1 = slope_a + slope_b - 3 * (value_a - value_b) / (a - b);
  const double square = d1 * d1 - slope_a * slope_b;
  const double d2 = (b > a ? 1 : -1) * std::sqrt(std::max(square, 0.0));
  const double t = b - (b - a) * ((slope_b + d2 - d1) / (slope_b - slope_a + 2 * d2));
  const double low = std::min(a, b);
  const double width = std::fabs(b - a);
  if (!(t >= low + 0.1 * width && t <= low + 0.9 * width)) return low + width / 2;
  return t;
}

/// sign(0) = 0
template <class T>
int sign(T x) {
  return (x > T(0) ? 1 : 0) - (x < T(0) ? 1 : 0);
}

}  // namespace

template <class T>
Lbfgs<T>::Lbfgs(LbfgsProblem<T>& problem, const LbfgsOptions& options)
    : problem_(problem), options_(options) {
  const auto n = static_cast<std::size_t>(problem.size());
  const auto m = static_cast<std::size_t>(options.history);
  history_.assign(2 * m, AlignedVector<T>(n));
  gram_.resize((2 * m + 1) * (2 * m + 1));
  for (auto* vector : {&start_, &gradient_, &steepest_, &direction_, &new_gradient_}) {
    vector->resize(n);
  }
}

/// Of the vectors s₀ … sₘ₋₁, y₀ … yₘ₋₁ and the steepest ascent.
template <class T>
double& Lbfgs<T>::gram(Index i, Index j) {
  return gram_[static_cast<std::size_t>(i * (2 * options_.history + 1) + j)];
}

template <class T>
double Lbfgs<T>::dot(const AlignedVector<T>& a, const AlignedVector<T>& b) {
  const typename LbfgsProblem<T>::Pair pair{a.data(), b.data()};
  return problem_.dots({&pair, 1}).front();
}

template <class T>
double Lbfgs<T>::evaluate(const T* x, AlignedVector<T>& gradient) {
  ++evaluations_;
  double value = problem_.evaluate(x, gradient.data());
  if (!problem_.has_l1()) return value;
  AlignedVector<T> magnitudes(gradient.size());
  for (std::size_t i = 0; i < magnitudes.size(); ++i) magnitudes[i] = std::fabs(x[i]);
  const typename LbfgsProblem<T>::Pair pair{problem_.l1().data(), magnitudes.data()};
  return value + problem_.dots({&pair, 1}).front();
}

template <class T>
void Lbfgs<T>::restore(std::vector<AlignedVector<T>> history) {
  history_ = std::move(history);
  is_prepared_ = false;
  pairs_ = 0;
  while (pairs_ < options_.history && dot(s(pairs_), s(pairs_)) > 0) ++pairs_;
  unknown_ = pairs_;
}

template <class T>
void Lbfgs<T>::update_gram(const T* x) {
  const Index m = options_.history;
  const auto vector = [&](Index i) {
    return i == 2 * m ? steepest_.data() : history_[static_cast<std::size_t>(i)].data();
  };
  std::vector<Index> known;  // all that there are
  for (Index i = 0; i < pairs_; ++i) known.insert(known.end(), {i, m + i});
  known.push_back(2 * m);
  std::vector<typename LbfgsProblem<T>::Pair> wanted{{x, x}};
  std::vector<std::pair<Index, Index>> places;
  for (const Index i : known) {
    const bool is_new = i == 2 * m || i % m < unknown_;
    for (const Index j : known) {
      const bool is_other_new = j == 2 * m || j % m < unknown_;
      if (!is_new || (is_other_new && j < i)) continue;
      wanted.emplace_back(vector(i), vector(j));
      places.emplace_back(i, j);
    }
  }
  const std::vector<double> found = problem_.dots(wanted);
  x_norm_ = std::sqrt(found[0]);
  for (std::size_t k = 0; k < places.size(); ++k) {
    const auto& [i, j] = places[k];
    gram(i, j) = gram(j, i) = found[k + 1];
  }
  unknown_ = 0;
  norm_ = std::sqrt(gram(2 * m, 2 * m));
}

/// The two loops, over coefficients of the vectors.
template <class T>
void Lbfgs<T>::choose_direction() {
  const Index m = options_.history;
  std::vector<double> of(static_cast<std::size_t>(2 * m + 1));
  const auto coefficient = [&](Index i) -> double& { return of[static_cast<std::size_t>(i)]; };
  const auto product_with = [&](Index j) {
    double sum = 0;
    for (Index i = 0; i < pairs_; ++i) {
      sum += coefficient(i) * gram(i, j) + coefficient(m + i) * gram(m + i, j);
    }
    return sum + coefficient(2 * m) * gram(2 * m, j);
  };
  coefficient(2 * m) = -1;
  std::vector<double> alphas;
  for (Index i = 0; i < pairs_; ++i) {
    alphas.push_back(product_with(i) / gram(i, m + i));
    coefficient(m + i) -= alphas.back();
  }
  if (pairs_ > 0) {
    const double scale = gram(0, m) / gram(m, m);
    for (double& c : of) c *= scale;
  }
  for (Index i = pairs_ - 1; i >= 0; --i) {
    const double beta = product_with(m + i) / gram(i, m + i);
    coefficient(i) += alphas[static_cast<std::size_t>(i)] - beta;
  }
  const T of_steepest = static_cast<T>(coefficient(2 * m));
  for (std::size_t e = 0; e < direction_.size(); ++e) direction_[e] = of_steepest * steepest_[e];
  for (Index i = 0; i < pairs_; ++i) {
    const T a = static_cast<T>(coefficient(i));
    const T b = static_cast<T>(coefficient(m + i));
    const T* step = s(i).data();
    const T* change = y(i).data();
    for (std::size_t e = 0; e < direction_.size(); ++e) {
      direction_[e] += a * step[e] + b * change[e];
    }
  }
  if (!problem_.has_l1()) return;
  for (std::size_t e = 0; e < direction_.size(); ++e) {
    if (direction_[e] * steepest_[e] >= T(0)) direction_[e] = T(0);
  }
}

/// All that is to be known of x before a step; false where F is not finite.
template <class T>
bool Lbfgs<T>::prepare(const T* x) {
  if (is_prepared_) return true;
  value_ = evaluate(x, gradient_);
  is_prepared_ = std::isfinite(value_) && look(x);
  return is_prepared_;
}

/// From F and the gradient of f at x: where to go. False where the gradient is not finite.
template <class T>
bool Lbfgs<T>::look(const T* x) {
  std::copy_n(x, start_.size(), start_.begin());
  steepest_ = gradient_;
  const std::span<const T> l1 = problem_.l1();
  for (std::size_t e = 0; problem_.has_l1() && e < l1.size(); ++e) {
    const T g = gradient_[e];
    if (x[e] != T(0)) {
      steepest_[e] = x[e] > T(0) ? g + l1[e] : g - l1[e];
    } else {
      steepest_[e] = g + l1[e] < T(0) ? g + l1[e] : g - l1[e] > T(0) ? g - l1[e] : T(0);
    }
  }
  update_gram(x);
  if (!std::isfinite(norm_)) return false;
  choose_direction();
  slope_ = dot(steepest_, direction_);
  if (!(slope_ < 0) && norm_ > 0) go_straight();  // rounding, or an orthant that leaves nothing
  return true;
}

/// Forgets the history, and takes the steepest descent.
template <class T>
void Lbfgs<T>::go_straight() {
  for (auto& vector : history_) std::fill(vector.begin(), vector.end(), T(0));
  pairs_ = 0;
  unknown_ = 0;
  choose_direction();
  slope_ = dot(steepest_, direction_);
}

/// The point at t along the direction; of OWL-QN its slope is of no use.
template <class T>
typename Lbfgs<T>::Point Lbfgs<T>::at(double t, T* x) {
  const T step = static_cast<T>(t);
  const bool in_orthant = problem_.has_l1();
  for (std::size_t e = 0; e < start_.size(); ++e) {
    x[e] = start_[e] + step * direction_[e];
    if (!in_orthant || problem_.l1()[e] == T(0)) continue;
    const int orthant = start_[e] != T(0) ? sign(start_[e]) : -sign(steepest_[e]);
    if (sign(x[e]) != orthant) x[e] = T(0);
  }
  Point point{t, evaluate(x, new_gradient_), 0};
  new_value_ = point.value;
  if (!in_orthant && std::isfinite(point.value)) point.slope = dot(new_gradient_, direction_);
  if (!std::isfinite(point.value) || !std::isfinite(point.slope)) {
    point.value = std::numeric_limits<double>::infinity();
  }
  return point;
}

/// F has not decreased enough; differences that are rounding do not count.
template <class T>
bool Lbfgs<T>::is_too_high(const Point& p) const {
  const double rounding =
      static_cast<double>(std::numeric_limits<T>::epsilon()) * std::fabs(value_);
  return !(p.value <= value_ + kDecrease * p.t * slope_ + rounding);
}

template <class T>
bool Lbfgs<T>::search(T* x) {
  Point previous{0, value_, slope_};
  double t = pairs_ > 0 ? 1 : std::min(1.0, 1 / norm_);
  for (bool is_first = true; evaluations_ < kMostEvaluations; is_first = false) {
    const Point point = at(t, x);
    if (is_too_high(point) || (!is_first && point.value >= previous.value)) {
      return zoom(previous, point, x);
    }
    if (std::fabs(point.slope) <= -kCurvature * slope_) return true;
    if (point.slope >= 0) return zoom(point, previous, x);
    previous = point;
    t *= 2;
  }
  return new_value_ < value_;
}

template <class T>
bool Lbfgs<T>::zoom(Point low, Point high, T* x) {
  double last = -1;  // where it was evaluated last
  while (evaluations_ < kMostEvaluations) {
    const double t = std::isfinite(high.value)
                         ? interpolated(low.t, low.value, low.slope, high.t, high.value, high.slope)
                         : (low.t + high.t) / 2;
    if (t == low.t || t == high.t) break;
    const Point point = at(t, x);
    last = t;
    if (is_too_high(point) || point.value >= low.value) {
      high = point;
      continue;
    }
    if (std::fabs(point.slope) <= -kCurvature * slope_) return true;
    if (point.slope * (high.t - low.t) >= 0) high = low;
    low = point;
  }
  if (low.t == 0 || !(low.value < value_)) return false;
  if (low.t != last) at(low.t, x);
  return true;
}

/// Of OWL-QN: F decreases by c₁ of what the pseudo-gradient says of the step that was taken.
template <class T>
bool Lbfgs<T>::backtrack(T* x) {
  double t = pairs_ > 0 ? 1 : std::min(1.0, 1 / norm_);
  AlignedVector<T> step(start_.size());
  for (; evaluations_ < kMostEvaluations; t /= 2) {
    const Point point = at(t, x);
    for (std::size_t e = 0; e < step.size(); ++e) step[e] = x[e] - start_[e];
    const double expected = dot(steepest_, step);
    if (point.value <= value_ + kDecrease * expected && point.value < value_) return true;
  }
  return false;
}

/// The step to x becomes the newest pair, where the gradient has grown along it.
template <class T>
void Lbfgs<T>::remember(const T* x) {
  const Index m = options_.history;
  AlignedVector<T>& step = start_;
  AlignedVector<T>& change = gradient_;
  for (std::size_t e = 0; e < step.size(); ++e) {
    step[e] = x[e] - step[e];
    change[e] = new_gradient_[e] - change[e];
  }
  const std::vector<typename LbfgsProblem<T>::Pair> wanted{{step.data(), change.data()},
                                                           {change.data(), change.data()}};
  const std::vector<double> products = problem_.dots(wanted);
  const double least = static_cast<double>(std::numeric_limits<T>::epsilon()) * products[1];
  if (!(products[0] > least)) return;
  const auto behind = [&](Index i) { return history_.begin() + i; };
  std::rotate(behind(0), behind(m - 1), behind(m));
  std::rotate(behind(m), behind(2 * m - 1), behind(2 * m));
  s(0).swap(step);
  y(0).swap(change);
  for (Index i = std::min(pairs_, m - 1); i > 0; --i) {
    for (Index j = std::min(pairs_, m - 1); j > 0; --j) {
      gram(i, j) = gram(i - 1, j - 1);
      gram(i, m + j) = gram(i - 1, m + j - 1);
      gram(m + i, j) = gram(m + i - 1, j - 1);
      gram(m + i, m + j) = gram(m + i - 1, m + j - 1);
    }
  }
  pairs_ = std::min(pairs_ + 1, m);
  unknown_ = 1;
}

template <class T>
typename Lbfgs<T>::Outcome Lbfgs<T>::iterate(T* x) {
  const auto has_converged = [&] {
    return norm_ <= options_.tolerance * std::max(1.0, x_norm_) ||
           -slope_ / 2 <= options_.tolerance * std::fabs(value_);
  };
  if (!prepare(x)) return Outcome::not_finite;
  if (pairs_ > 0 ? has_converged() : norm_ == 0) return Outcome::converged;
  evaluations_ = 0;
  bool has_step = problem_.has_l1() ? backtrack(x) : search(x);
  if (!has_step && pairs_ > 0) {  // once more, along the steepest descent
    go_straight();
    evaluations_ = 0;
    has_step = problem_.has_l1() ? backtrack(x) : search(x);
  }
  if (!has_step) {
    std::copy(start_.begin(), start_.end(), x);
    evaluate(x, gradient_);
    return Outcome::stuck;
  }
  remember(x);
  value_ = new_value_;
  gradient_.swap(new_gradient_);
  is_prepared_ = look(x);
  return pairs_ > 0 && has_converged() ? Outcome::converged : Outcome::went_on;
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace lockstep
