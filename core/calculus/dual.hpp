#pragma once

#include <Eigen/Core>
#include <cmath>
#include <unsupported/Eigen/AutoDiff>

#include "core/kernel/elementary.hpp"
#include "core/linalg/matrix.hpp"

namespace lockstep {

/// A number x and its derivatives in N directions, ∂x/∂tᵢ: what a function of numbers computes
/// with when it shall be differentiated (forward mode). T is double, or a Dual itself for second
/// derivatives.
///
/// This is Eigen's AutoDiffScalar with one difference: each operation is evaluated at once. Eigen's
/// own result is an expression that refers to its operands, so `auto y = x * x; return sin(y);`
/// reads what is gone. N is fixed, since the derivatives of constants would have no size otherwise.
///
/// Constants convert by themselves, comparisons look at the values. At a kink, the derivative of
/// abs is that of its right side. The functions are the standard library's, found as in
/// `using std::sin; sin(x)` or, for Duals alone, without the using.
template <class T, int N>
class Dual {
 public:
  using Derivatives = Eigen::Matrix<T, N, 1>;

  Dual() : Dual(0.0) {}
  /// A constant.
  Dual(double value) : number_(T(value)) {}  // NOLINT(google-explicit-constructor)
  Dual(const T& value, const Derivatives& derivatives) : number_(value, derivatives) {}

  const T& value() const { return number_.value(); }
  const Derivatives& derivatives() const { return number_.derivatives(); }

  Dual operator-() const { return Dual(-number_); }
  Dual& operator+=(const Dual& other) { return *this = *this + other; }
  Dual& operator-=(const Dual& other) { return *this = *this - other; }
  Dual& operator*=(const Dual& other) { return *this = *this * other; }
  Dual& operator/=(const Dual& other) { return *this = *this / other; }

  friend Dual operator+(const Dual& a, const Dual& b) { return Dual(a.number_ + b.number_); }
  friend Dual operator-(const Dual& a, const Dual& b) { return Dual(a.number_ - b.number_); }
  friend Dual operator*(const Dual& a, const Dual& b) { return Dual(a.number_ * b.number_); }
  friend Dual operator/(const Dual& a, const Dual& b) { return Dual(a.number_ / b.number_); }

  friend bool operator==(const Dual& a, const Dual& b) { return a.value() == b.value(); }
  friend bool operator!=(const Dual& a, const Dual& b) { return a.value() != b.value(); }
  friend bool operator<(const Dual& a, const Dual& b) { return a.value() < b.value(); }
  friend bool operator<=(const Dual& a, const Dual& b) { return a.value() <= b.value(); }
  friend bool operator>(const Dual& a, const Dual& b) { return a.value() > b.value(); }
  friend bool operator>=(const Dual& a, const Dual& b) { return a.value() >= b.value(); }

  friend Dual sqrt(const Dual& x) { return Dual(sqrt(x.number_)); }
  friend Dual exp(const Dual& x) { return Dual(exp(x.number_)); }
  friend Dual log(const Dual& x) { return Dual(log(x.number_)); }
  friend Dual sin(const Dual& x) { return Dual(sin(x.number_)); }
  friend Dual cos(const Dual& x) { return Dual(cos(x.number_)); }
  friend Dual tan(const Dual& x) { return Dual(tan(x.number_)); }
  friend Dual asin(const Dual& x) { return Dual(asin(x.number_)); }
  friend Dual acos(const Dual& x) { return Dual(acos(x.number_)); }
  friend Dual sinh(const Dual& x) { return Dual(sinh(x.number_)); }
  friend Dual cosh(const Dual& x) { return Dual(cosh(x.number_)); }
  friend Dual tanh(const Dual& x) { return Dual(tanh(x.number_)); }
  friend Dual abs(const Dual& x) { return x.value() < 0 ? -x : x; }

  /// xᵖ, for any x where p is an integer.
  friend Dual pow(const Dual& x, double p) {
    using std::pow;
    if (p == 0) return 1;
    return {pow(x.value(), p), x.derivatives() * (T(p) * pow(x.value(), p - 1))};
  }
  /// aˣ for a > 0.
  friend Dual pow(double a, const Dual& x) { return exp(x * kernel::log(a)); }
  /// xʸ for x > 0.
  friend Dual pow(const Dual& x, const Dual& y) { return exp(y * log(x)); }

 private:
  template <class Expression>
  explicit Dual(const Eigen::AutoDiffScalar<Expression>& expression) : number_(expression) {}

  Eigen::AutoDiffScalar<Derivatives> number_;
};

}  // namespace lockstep

namespace Eigen {

/// Lets vectors and matrices of Duals compute, alone and with double.
template <class T, int N>
struct NumTraits<lockstep::Dual<T, N>> : NumTraits<double> {
  using Real = lockstep::Dual<T, N>;
  using NonInteger = lockstep::Dual<T, N>;
  using Nested = lockstep::Dual<T, N>;
  enum { RequireInitialization = 1 };  // NOLINT(readability-identifier-naming): as Eigen names it
};

template <class T, int N, class Operation>
struct ScalarBinaryOpTraits<lockstep::Dual<T, N>, double, Operation> {
  using ReturnType = lockstep::Dual<T, N>;
};

template <class T, int N, class Operation>
struct ScalarBinaryOpTraits<double, lockstep::Dual<T, N>, Operation> {
  using ReturnType = lockstep::Dual<T, N>;
};

}  // namespace Eigen
