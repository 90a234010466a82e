#include "core/probability/distributions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/bernoulli.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/distributions/uniform.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"
#include "core/probability/probabilities.hpp"

namespace lockstep {
namespace {

namespace policies = boost::math::policies;

/// NaN for NaN, infinities as limits, and discrete quantiles as defined in the header. What else
/// could be wrong is checked before Boost sees it.
using Policy = policies::policy<policies::domain_error<policies::ignore_error>,
                                policies::overflow_error<policies::ignore_error>,
                                policies::discrete_quantile<policies::integer_round_up>>;
using BoostNormal = boost::math::normal_distribution<double, Policy>;
using BoostUniform = boost::math::uniform_distribution<double, Policy>;
using BoostBernoulli = boost::math::bernoulli_distribution<double, Policy>;
using BoostPoisson = boost::math::poisson_distribution<double, Policy>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check_level(double p) {
  if (p >= 0 && p <= 1) return;
  throw DataError(fmt::format("quantile of {}; expected a probability in [0, 1]", p));
}

/// The limits of a cumulative function at ±∞, where Boost gives none, and NaN for NaN.
double at_infinity(double x) {
  if (std::isnan(x)) return x;
  return x > 0 ? 1 : 0;
}

}  // namespace

Gaussian::Gaussian(double mean, double deviation) : mean_(mean), deviation_(deviation) {
  if (std::isfinite(mean) && deviation > 0 && std::isfinite(deviation)) return;
  throw DataError(
      fmt::format("Gaussian with mean {} and deviation {}; expected a finite mean and a "
                  "finite deviation above 0",
                  mean, deviation));
}

double Gaussian::density(double x) const {
  return boost::math::pdf(BoostNormal(mean_, deviation_), x);
}

double Gaussian::log_density(double x) const {
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  const double z = (x - mean_) / deviation_;
  return -0.5 * z * z - kernel::log(deviation_) - kHalfLogTwoPi;
}

double Gaussian::cumulative(double x) const {
  return boost::math::cdf(BoostNormal(mean_, deviation_), x);
}

double Gaussian::quantile(double p) const {
  check_level(p);
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  return boost::math::quantile(BoostNormal(mean_, deviation_), p);
}

Uniform::Uniform(double low, double high) : low_(low), high_(high) {
  if (low < high && std::isfinite(low) && std::isfinite(high - low)) return;
  throw DataError(
      fmt::format("uniform distribution on [{}, {}]; expected finite, ascending ends", low, high));
}

double Uniform::density(double x) const {
  if (!std::isfinite(x)) return std::isnan(x) ? x : 0;
  return boost::math::pdf(BoostUniform(low_, high_), x);
}

double Uniform::log_density(double x) const {
  if (std::isnan(x)) return x;
  return x < low_ || x > high_ ? -kInfinity : -kernel::log(high_ - low_);
}

double Uniform::cumulative(double x) const {
  if (!std::isfinite(x)) return at_infinity(x);
  return boost::math::cdf(BoostUniform(low_, high_), x);
}

double Uniform::quantile(double p) const {
  check_level(p);
  return boost::math::quantile(BoostUniform(low_, high_), p);
}

double Uniform::mean() const { return boost::math::mean(BoostUniform(low_, high_)); }

double Uniform::variance() const { return boost::math::variance(BoostUniform(low_, high_)); }

Bernoulli::Bernoulli(double p) : p_(p) {
  if (p >= 0 && p <= 1) return;
  throw DataError(fmt::format("Bernoulli with p = {}; expected a probability in [0, 1]", p));
}

double Bernoulli::mass(Index k) const {
  if (k < 0 || k > 1) return 0;
  return boost::math::pdf(BoostBernoulli(p_), static_cast<double>(k));
}

double Bernoulli::log_mass(Index k) const { return kernel::log(mass(k)); }

double Bernoulli::cumulative(double x) const {
  if (std::isnan(x)) return x;
  if (x < 0) return 0;
  return x < 1 ? boost::math::cdf(BoostBernoulli(p_), 0.0) : 1;
}

Index Bernoulli::quantile(double p) const {
  check_level(p);
  return static_cast<Index>(boost::math::quantile(BoostBernoulli(p_), p));
}

Poisson::Poisson(double rate) : rate_(rate) {
  if (rate > 0 && std::isfinite(rate)) return;
  throw DataError(fmt::format("Poisson with rate {}; expected a finite rate above 0", rate));
}

double Poisson::mass(Index k) const {
  return k < 0 ? 0 : boost::math::pdf(BoostPoisson(rate_), static_cast<double>(k));
}

double Poisson::log_mass(Index k) const {
  if (k < 0) return -kInfinity;
  const auto n = static_cast<double>(k);
  return n * kernel::log(rate_) - rate_ - boost::math::lgamma(n + 1, Policy());
}

double Poisson::cumulative(double x) const {
  if (!std::isfinite(x)) return at_infinity(x);
  return x < 0 ? 0 : boost::math::cdf(BoostPoisson(rate_), std::floor(x));
}

double Poisson::quantile(double p) const {
  check_level(p);
  if (p == 0) return 0;
  return p == 1 ? kInfinity : boost::math::quantile(BoostPoisson(rate_), p);
}

Categorical::Categorical(const VectorRef& probabilities)
    : probabilities_(probabilities.data(), probabilities.data() + probabilities.size()) {
  check_probabilities("categorical distribution: P(k)", probabilities);
  double sum = 0;
  for (const double p : probabilities_) cumulative_.push_back(sum += p);
}

double Categorical::mass(Index k) const {
  return k < 0 || k >= categories() ? 0 : probabilities_[static_cast<std::size_t>(k)];
}

double Categorical::log_mass(Index k) const { return kernel::log(mass(k)); }

double Categorical::cumulative(double x) const {
  if (std::isnan(x)) return x;
  if (x < 0) return 0;
  if (x >= static_cast<double>(categories() - 1)) return 1;
  return cumulative_[static_cast<std::size_t>(x)];
}

Index Categorical::quantile(double p) const {
  check_level(p);
  const auto first = std::lower_bound(cumulative_.begin(), cumulative_.end() - 1, p);
  return first - cumulative_.begin();
}

}  // namespace lockstep
