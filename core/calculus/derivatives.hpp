#pragma once

#include <algorithm>

#include "core/calculus/dual.hpp"
#include "core/linalg/matrix.hpp"

namespace lockstep {

// Exact derivatives of functions that are written for any number type, by automatic
// differentiation:
//
//   derivative([](auto x) { return x * sin(x); }, 2.0)
//   gradient([](const auto& x) { return x[0] * x[0] * x[1]; }, point)
//
// No difference is taken, so results are right to rounding. A function of n numbers is handed a
// column of n Duals, and returns one or, for a Jacobian, a column of them; it must not keep state,
// as it is called several times. Where the function has no derivative, the result is what its
// formulas give there: NaN, infinity, or the derivative of the branch that was taken.

/// A column of numbers of type T.
template <class T>
using ColumnOf = Eigen::Matrix<T, Eigen::Dynamic, 1>;

namespace detail {

/// Directions that one evaluation takes along: two registers of four.
inline constexpr int kDirections = 8;

/// @throws DataError when x has no entries
void require_point(const char* function, const VectorRef& x);
/// @throws DataError unless 0 ≤ i < x.size()
void require_entry(const char* function, const VectorRef& x, Index i);

/// x with the derivatives ∂x/∂xⱼ for the entries j in [begin, begin + N).
template <int N>
ColumnOf<Dual<double, N>> seeded(const VectorRef& x, Index begin) {
  using Number = Dual<double, N>;
  ColumnOf<Number> point(x.size());
  for (Index j = 0; j < x.size(); ++j) {
    typename Number::Derivatives direction = Number::Derivatives::Zero();
    if (begin <= j && j < begin + N) direction[j - begin] = 1;
    point[j] = Number(x[j], direction);
  }
  return point;
}

}  // namespace detail

/// f′(x) = df/dx of a function of one number.
template <class Function>
double derivative(const Function& f, double x) {
  using Number = Dual<double, 1>;
  const Number y = f(Number(x, Number::Derivatives::Ones()));
  return y.derivatives()[0];
}

/// ∂f/∂xᵢ: the others are constants.
/// @throws DataError unless 0 ≤ i < n
template <class Function>
double partial_derivative(const Function& f, const VectorRef& x, Index i) {
  detail::require_entry("partial_derivative", x, i);
  const Dual<double, 1> y = f(detail::seeded<1>(x, i));
  return y.derivatives()[0];
}

/// ∇f = [∂f/∂x₁, …, ∂f/∂xₙ] in ⌈n/8⌉ evaluations of f.
/// @throws DataError when x is empty
template <class Function>
Vector gradient(const Function& f, const VectorRef& x) {
  detail::require_point("gradient", x);
  Vector result(x.size());
  for (Index begin = 0; begin < x.size(); begin += detail::kDirections) {
    const Dual<double, detail::kDirections> y = f(detail::seeded<detail::kDirections>(x, begin));
    const Index count = std::min<Index>(detail::kDirections, x.size() - begin);
    result.segment(begin, count) = y.derivatives().head(count);
  }
  return result;
}

/// J with Jᵢⱼ = ∂fᵢ/∂xⱼ, m×n, of a function that returns a column of m numbers; in ⌈n/8⌉
/// evaluations.
/// @throws DataError when x is empty
template <class Function>
Matrix jacobian(const Function& f, const VectorRef& x) {
  detail::require_point("jacobian", x);
  Matrix result;
  for (Index begin = 0; begin < x.size(); begin += detail::kDirections) {
    const ColumnOf<Dual<double, detail::kDirections>> y =
        f(detail::seeded<detail::kDirections>(x, begin));
    if (begin == 0) result.resize(y.size(), x.size());
    const Index count = std::min<Index>(detail::kDirections, x.size() - begin);
    for (Index i = 0; i < y.size(); ++i) {
      result.row(i).segment(begin, count) = y[i].derivatives().head(count).transpose();
    }
  }
  return result;
}

/// H with Hᵢⱼ = ∂²f/∂xᵢ∂xⱼ, n×n and exactly symmetric; in about n·⌈n/8⌉/2 evaluations. Each carries
/// the direction i, whose derivative is itself differentiated in eight directions j.
/// @throws DataError when x is empty
template <class Function>
Matrix hessian(const Function& f, const VectorRef& x) {
  detail::require_point("hessian", x);
  using Inner = Dual<double, detail::kDirections>;
  using Number = Dual<Inner, 1>;
  const Index n = x.size();
  Matrix result(n, n);
  for (Index begin = 0; begin < n; begin += detail::kDirections) {
    const ColumnOf<Inner> inner = detail::seeded<detail::kDirections>(x, begin);
    for (Index i = begin; i < n; ++i) {
      ColumnOf<Number> point(n);
      for (Index j = 0; j < n; ++j) {
        const Inner along = j == i ? 1.0 : 0.0;
        point[j] = Number(inner[j], typename Number::Derivatives(along));
      }
      const Number y = f(point);
      const Inner& slope = y.derivatives()[0];
      for (Index j = begin; j < std::min(begin + detail::kDirections, i + 1); ++j) {
        result(i, j) = slope.derivatives()[j - begin];
        result(j, i) = result(i, j);
      }
    }
  }
  return result;
}

}  // namespace lockstep
