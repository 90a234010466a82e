#pragma once

#include <limits>
#include <span>
#include <vector>

#include "core/base/memory.hpp"
#include "core/base/types.hpp"

namespace lockstep {

/// What L-BFGS minimises: F(x) = f(x) + Σ λᵢ|xᵢ|, f smooth. Each rank has a part of x, and of all
/// vectors like it; functions are *collective*, and give the same bits on all ranks.
template <class T>
class LbfgsProblem {
 public:
  /// Σ aᵢbᵢ, or Σ wᵢaᵢbᵢ.
  struct Product {
    const T* a;
    const T* b;
    const T* weights = nullptr;
  };

  virtual ~LbfgsProblem() = default;

  /// Elements of this rank's part.
  virtual Index size() const = 0;
  /// f at x, and this rank's part of its gradient. What is not finite is too far away.
  virtual double evaluate(const T* x, T* gradient) = 0;
  /// Some λᵢ, of any rank, is not 0.
  virtual bool has_l1() const = 0;
  /// Then those of this rank's elements, each at least 0.
  virtual std::span<const T> l1() const = 0;
  /// Something is known beforehand of the diagonal of the Hessian of f, of all ranks' elements.
  virtual bool has_curvature() const { return false; }
  /// Then what it is thought to be, of this rank's elements: each above 0.
  virtual AlignedVector<T> curvature() { return {}; }
  /// Sums over the elements of all ranks.
  virtual std::vector<double> dots(std::span<const Product> products) = 0;
};

/// It stands beside the optimizers of the registry, which take steps from any rows.
inline constexpr const char* kLbfgsName = "lbfgs";

struct LbfgsOptions {
  Index history = 20;  ///< m, pairs that are kept, ≥ 1
  /// Stop when both the decrease of the last step and that of the one to the minimum of the model,
  /// ½·gᵀHg, are at most this part of |F|, or the gradient's norm is this part of the first. Where
  /// the curvature is known, not while that promises a thousand times as much.
  double tolerance = 1e-9;
};

/// What it goes by to end, besides the point where it is.
struct LbfgsProgress {
  double first_norm = 0;                                 ///< of the first gradient; 0 before
  double decrease = std::numeric_limits<double>::max();  ///< of F in the last step

  friend bool operator==(const LbfgsProgress&, const LbfgsProgress&) = default;
};

/// Vectors like x that it has.
inline Index lbfgs_vectors(const LbfgsOptions& options, bool has_curvature) {
  return 2 * options.history + 7 + (has_curvature ? 2 : 0);
}

/// Limited-memory BFGS [Nocedal, Wright 2006, algorithm 7.5]:
///   x ← x − t·H·g,  H the inverse Hessian of BFGS from H₀ = γ·D by the last m pairs
///   s = Δx, y = Δg;  γ = (s·y)/(y·Dy) of the newest
/// D is diagonal, at first I, and each pair changes it as BFGS would change the diagonal of its
/// inverse B [Gilbert, Lemaréchal 1989, §4.2]:
///   B ← B/γ,  Bᵢ ← Bᵢ + yᵢ²/(s·y) − (Bᵢsᵢ)²/(s·Bs)
/// Where the curvature c is known beforehand, D may be 1/c instead: whichever has the smaller
/// Π (y·Dy)(s·D⁻¹s)/(s·y)² over the last four pairs, each at least 1, as where Dy is along s.
///
/// t satisfies the strong Wolfe conditions (c₁ = 10⁻⁴, c₂ = 0.9), by bracketing and cubic
/// interpolation (algorithms 3.5 and 3.6), from t = 1; the first step, along −g, from 1/‖g‖ (at
/// most 1), or where c is known from (g·g)/(g·cg). Norms of g are in the metric of 1/c then.
///
/// With λ > 0 it is OWL-QN [Andrew, Gao 2007]: g is the pseudo-gradient, the step stays in the
/// orthant of x, where it makes exact zeros, and t is halved until F has decreased enough.
template <class T>
class Lbfgs {
 public:
  Lbfgs(LbfgsProblem<T>& problem, const LbfgsOptions& options);

  enum class Outcome {
    went_on,
    converged,  ///< to the tolerance
    stuck,      ///< no step makes F smaller in this precision
    not_finite  ///< F or its gradient, at x; nothing was changed
  };

  /// One iteration: x becomes the next point, at which the problem was evaluated last. At a minimum
  /// it stays where it is. *Collective*.
  Outcome iterate(T* x);

  /// The pairs, s of each and then y of each, the newest first, 0 where there are fewer, and D as
  /// they have changed it. They, x and the progress are all that an iteration depends on.
  const std::vector<AlignedVector<T>>& history() const { return history_; }
  const LbfgsProgress& progress() const { return progress_; }
  /// Goes on from another x, with what that run had.
  void restore(std::vector<AlignedVector<T>> history, const LbfgsProgress& progress);

 private:
  struct Point {
    double t = 0;
    double value = 0;
    double slope = 0;
  };

  /// D, and its inverse.
  struct Diagonal {
    const T* values;
    const T* inverse;
    double scale;  ///< γ
  };

  AlignedVector<T>& s(Index i) { return history_[static_cast<std::size_t>(i)]; }
  AlignedVector<T>& y(Index i) { return history_[static_cast<std::size_t>(options_.history + i)]; }
  AlignedVector<T>& changed() { return history_.back(); }
  double& sy(Index i, Index j);
  double dot(const AlignedVector<T>& a, const AlignedVector<T>& b);
  double evaluate(const T* x, AlignedVector<T>& gradient);
  bool prepare(const T* x);
  bool look(const T* x);
  Diagonal multiply_vectors();
  void forget();
  void choose_direction(const Diagonal& initial);
  void go_straight();
  Point at(double t, T* x);
  bool search(T* x);
  bool zoom(Point low, Point high, T* x);
  bool backtrack(T* x);
  bool is_too_high(const Point& p) const;
  bool has_converged() const;
  void remember(const T* x);
  void change_diagonal(double sy, double ydy, double sbs, const T* step, const T* change);

  LbfgsProblem<T>& problem_;
  LbfgsOptions options_;
  std::vector<AlignedVector<T>> history_;
  AlignedVector<T> changed_inverse_;
  AlignedVector<T> known_;  // 1/c; empty where nothing is known
  AlignedVector<T> known_inverse_;
  bool asked_curvature_ = false;
  Index pairs_ = 0;          // of the history
  Index unknown_ = 0;        // the newest of them, of which the inner products are not known
  std::vector<double> sy_;   // s of each pair times y of it and of each newer one
  std::vector<double> s_g_;  // s of each pair times the gradient of F

  bool is_prepared_ = false;  // all of the following is of x
  AlignedVector<T> start_;    // x
  AlignedVector<T> gradient_;
  AlignedVector<T> steepest_;  // the gradient of F
  AlignedVector<T> direction_;
  double value_ = 0;
  double slope_ = 0;
  double norm_ = 0;           // of the gradient of F
  double straight_step_ = 0;  // the t to begin with along −g
  LbfgsProgress progress_;
  // Of the point that was evaluated last.
  AlignedVector<T> new_gradient_;
  double new_value_ = 0;
  int evaluations_ = 0;
};

}  // namespace lockstep
