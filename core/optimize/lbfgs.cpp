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
constexpr Index kCompared = 4;  // pairs by which one of two diagonals is chosen
constexpr double kMistrust = 1000;

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
  history_.assign(2 * m + 1, AlignedVector<T>(n));
  sy_.resize(m * m);
  s_g_.resize(m);
  for (auto* vector :
       {&changed_inverse_, &start_, &gradient_, &steepest_, &direction_, &new_gradient_}) {
    vector->resize(n);
  }
  forget();
}

/// s of pair i times y of pair j.
template <class T>
double& Lbfgs<T>::sy(Index i, Index j) {
  return sy_[static_cast<std::size_t>(i * options_.history + j)];
}

template <class T>
double Lbfgs<T>::dot(const AlignedVector<T>& a, const AlignedVector<T>& b) {
  const typename LbfgsProblem<T>::Product product{a.data(), b.data()};
  return problem_.dots({&product, 1}).front();
}

template <class T>
double Lbfgs<T>::evaluate(const T* x, AlignedVector<T>& gradient) {
  ++evaluations_;
  double value = problem_.evaluate(x, gradient.data());
  if (!problem_.has_l1()) return value;
  AlignedVector<T> magnitudes(gradient.size());
  for (std::size_t i = 0; i < magnitudes.size(); ++i) magnitudes[i] = std::fabs(x[i]);
  const typename LbfgsProblem<T>::Product product{problem_.l1().data(), magnitudes.data()};
  return value + problem_.dots({&product, 1}).front();
}

template <class T>
void Lbfgs<T>::restore(std::vector<AlignedVector<T>> history, const LbfgsProgress& progress) {
  history_ = std::move(history);
  progress_ = progress;
  is_prepared_ = false;
  pairs_ = 0;
  while (pairs_ < options_.history && dot(s(pairs_), s(pairs_)) > 0) ++pairs_;
  unknown_ = pairs_;
  if (pairs_ == 0) return forget();
  for (std::size_t e = 0; e < changed().size(); ++e) changed_inverse_[e] = T(1) / changed()[e];
}

/// There are no pairs any more.
template <class T>
void Lbfgs<T>::forget() {
  for (auto& vector : history_) std::fill(vector.begin(), vector.end(), T(0));
  for (auto* identity : {&changed(), &changed_inverse_}) {
    std::fill(identity->begin(), identity->end(), T(1));
  }
  pairs_ = 0;
  unknown_ = 0;
}

/// All inner products that an iteration from x asks for before it has a direction, and the D that
/// they speak for.
template <class T>
typename Lbfgs<T>::Diagonal Lbfgs<T>::multiply_vectors() {
  const Index compared = std::min<Index>(pairs_, problem_.has_curvature() ? kCompared : 1);
  std::vector<Diagonal> diagonals{{changed().data(), changed_inverse_.data(), 1}};
  if (problem_.has_curvature()) diagonals.push_back({known_.data(), known_inverse_.data(), 1});
  const T* g = steepest_.data();
  std::vector<typename LbfgsProblem<T>::Product> wanted{{g, g}};
  if (problem_.has_curvature()) {
    wanted.insert(wanted.end(), {{g, g, known_.data()}, {g, g, known_inverse_.data()}});
  }
  for (Index i = 0; i < pairs_; ++i) wanted.push_back({s(i).data(), g});
  std::vector<double*> places;
  for (Index i = 0; i < pairs_; ++i) {
    for (Index j = 0; j < std::min(i + 1, unknown_); ++j) {
      wanted.push_back({s(i).data(), y(j).data()});
      places.push_back(&sy(i, j));
    }
  }
  for (const Diagonal& diagonal : diagonals) {
    for (Index i = 0; i < compared; ++i) {
      wanted.push_back({y(i).data(), y(i).data(), diagonal.values});
      wanted.push_back({s(i).data(), s(i).data(), diagonal.inverse});
    }
  }
  const std::vector<double> found = problem_.dots(wanted);
  auto next = found.begin();
  norm_ = std::sqrt(*next++);
  straight_step_ = std::min(1.0, 1 / norm_);
  if (problem_.has_curvature()) {
    const double step = norm_ * norm_ / next[1];
    if (std::isfinite(step) && step > 0) straight_step_ = step;
    if (std::isfinite(next[0])) norm_ = std::sqrt(next[0]);
    next += 2;
  }
  for (Index i = 0; i < pairs_; ++i) s_g_[static_cast<std::size_t>(i)] = *next++;
  for (double* place : places) *place = *next++;
  unknown_ = 0;
  std::vector<double> products;  // of each diagonal
  for (Diagonal& diagonal : diagonals) {
    products.push_back(1);
    for (Index i = 0; i < compared; ++i, next += 2) {
      if (i == 0) diagonal.scale = sy(0, 0) / next[0];
      products.back() *= next[0] * next[1] / (sy(i, i) * sy(i, i));
    }
  }
  const bool takes_known = products.size() > 1 && products[1] < products[0];
  return diagonals[takes_known ? 1 : 0];
}

/// The two loops over the pairs.
template <class T>
void Lbfgs<T>::choose_direction(const Diagonal& initial) {
  const auto count = static_cast<std::size_t>(pairs_);
  std::vector<double> alphas(count);
  for (Index i = 0; i < pairs_; ++i) {
    double sum = s_g_[static_cast<std::size_t>(i)];
    for (Index j = 0; j < i; ++j) sum -= alphas[static_cast<std::size_t>(j)] * sy(i, j);
    alphas[static_cast<std::size_t>(i)] = sum / sy(i, i);
  }
  direction_ = steepest_;
  std::vector<typename LbfgsProblem<T>::Product> wanted;
  for (Index i = 0; i < pairs_; ++i) {
    const T alpha = static_cast<T>(alphas[static_cast<std::size_t>(i)]);
    const T* change = y(i).data();
    for (std::size_t e = 0; e < direction_.size(); ++e) direction_[e] -= alpha * change[e];
    wanted.push_back({change, direction_.data()});
  }
  if (pairs_ > 0) {
    const T scale = static_cast<T>(initial.scale);
    for (std::size_t e = 0; e < direction_.size(); ++e) {
      direction_[e] *= scale * initial.values[e];
    }
    const std::vector<double> found = problem_.dots(wanted);
    std::vector<double> of_steps(count);
    for (Index i = pairs_ - 1; i >= 0; --i) {
      double sum = found[static_cast<std::size_t>(i)];
      for (Index j = i + 1; j < pairs_; ++j)
        sum += of_steps[static_cast<std::size_t>(j)] * sy(j, i);
      of_steps[static_cast<std::size_t>(i)] = alphas[static_cast<std::size_t>(i)] - sum / sy(i, i);
    }
    for (Index i = 0; i < pairs_; ++i) {
      const T of_step = static_cast<T>(of_steps[static_cast<std::size_t>(i)]);
      const T* step = s(i).data();
      for (std::size_t e = 0; e < direction_.size(); ++e) direction_[e] += of_step * step[e];
    }
  }
  for (T& element : direction_) element = -element;
  if (!problem_.has_l1()) return;
  for (std::size_t e = 0; e < direction_.size(); ++e) {
    if (direction_[e] * steepest_[e] >= T(0)) direction_[e] = T(0);
  }
}

/// All that is to be known of x before a step; false where F is not finite.
template <class T>
bool Lbfgs<T>::prepare(const T* x) {
  if (is_prepared_) return true;
  if (problem_.has_curvature() && !asked_curvature_) {
    known_inverse_ = problem_.curvature();
    for (const T c : known_inverse_) known_.push_back(T(1) / c);
    asked_curvature_ = true;
  }
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
  const Diagonal initial = multiply_vectors();
  if (!std::isfinite(norm_)) return false;
  if (progress_.first_norm == 0) progress_.first_norm = norm_;
  choose_direction(initial);
  slope_ = dot(steepest_, direction_);
  if (!(slope_ < 0) && norm_ > 0) go_straight();  // rounding, or an orthant that leaves nothing
  return true;
}

/// Forgets the history, and takes the steepest descent.
template <class T>
void Lbfgs<T>::go_straight() {
  forget();
  choose_direction({changed().data(), changed_inverse_.data(), 1});
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
  double t = pairs_ > 0 ? 1 : straight_step_;
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
  double t = pairs_ > 0 ? 1 : straight_step_;
  AlignedVector<T> step(start_.size());
  for (; evaluations_ < kMostEvaluations; t /= 2) {
    const Point point = at(t, x);
    for (std::size_t e = 0; e < step.size(); ++e) step[e] = x[e] - start_[e];
    const double expected = dot(steepest_, step);
    if (point.value <= value_ + kDecrease * expected && point.value < value_) return true;
  }
  return false;
}

/// As BFGS changes the diagonal of a matrix, here B = D⁻¹/γ.
template <class T>
void Lbfgs<T>::change_diagonal(double sy, double ydy, double sbs, const T* step, const T* change) {
  const double scale = sy / ydy;
  for (std::size_t e = 0; e < changed().size(); ++e) {
    const double b = static_cast<double>(changed_inverse_[e]) / scale;
    const double bs = b * static_cast<double>(step[e]);
    const auto grown = static_cast<double>(change[e]);
    const double sum = b + grown * grown / sy - bs * bs / (sbs / scale);
    // Positive but for rounding.
    const double least = static_cast<double>(std::numeric_limits<T>::epsilon()) * b;
    changed()[e] = static_cast<T>(1 / std::max(sum, least));
    changed_inverse_[e] = T(1) / changed()[e];
  }
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
  const std::vector<typename LbfgsProblem<T>::Product> wanted{
      {step.data(), change.data()},
      {step.data(), step.data()},
      {change.data(), change.data()},
      {change.data(), change.data(), changed().data()},
      {step.data(), step.data(), changed_inverse_.data()}};
  const std::vector<double> products = problem_.dots(wanted);
  const double least = static_cast<double>(std::numeric_limits<T>::epsilon()) *
                       std::sqrt(products[1]) * std::sqrt(products[2]);
  if (!(products[0] > least)) return;
  change_diagonal(products[0], products[3], products[4], step.data(), change.data());
  const auto behind = [&](Index i) { return history_.begin() + i; };
  std::rotate(behind(0), behind(m - 1), behind(m));
  std::rotate(behind(m), behind(2 * m - 1), behind(2 * m));
  s(0).swap(step);
  y(0).swap(change);
  for (Index i = std::min(pairs_, m - 1); i > 0; --i) {
    for (Index j = std::min(pairs_, m - 1); j > 0; --j) {
      sy(i, j) = sy(i - 1, j - 1);
    }
  }
  pairs_ = std::min(pairs_ + 1, m);
  unknown_ = 1;
}

/// A model that is wrong promises little where much is left: what the last step did counts, too.
template <class T>
bool Lbfgs<T>::has_converged() const {
  const double least = options_.tolerance * std::fabs(value_);
  // What the curvature that is known promises, by itself, is right within some orders of magnitude.
  const bool is_steep = problem_.has_curvature() && norm_ * norm_ / 2 > kMistrust * least;
  return norm_ == 0 || norm_ < options_.tolerance * progress_.first_norm ||
         (pairs_ > 0 && !is_steep && -slope_ / 2 <= least && progress_.decrease <= least);
}

template <class T>
typename Lbfgs<T>::Outcome Lbfgs<T>::iterate(T* x) {
  if (!prepare(x)) return Outcome::not_finite;
  if (has_converged()) return Outcome::converged;
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
  progress_.decrease = value_ - new_value_;
  value_ = new_value_;
  gradient_.swap(new_gradient_);
  is_prepared_ = look(x);
  return has_converged() ? Outcome::converged : Outcome::went_on;
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace lockstep
