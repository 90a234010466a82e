#include "core/probability/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

/// part/whole for 0 ≤ part ≤ whole, but for rounding.
double ratio(const char* part_name, double part, const char* whole_name, double whole) {
  if (whole == 0) {
    throw DataError(
        fmt::format("{} is 0: a probability given an impossible event is not defined", whole_name));
  }
  if (part > whole * (1 + kProbabilityTolerance)) {
    throw DataError(fmt::format("{} is {}, and {} only {}; expected at most that", part_name, part,
                                whole_name, whole));
  }
  return std::min(part / whole, 1.0);
}

}  // namespace

double probability(std::int64_t favourable, std::int64_t total) {
  if (total <= 0 || favourable < 0 || favourable > total) {
    throw DataError(
        fmt::format("{} favourable of {} outcomes; expected at least one outcome, of which none to "
                    "all are favourable",
                    favourable, total));
  }
  return static_cast<double>(favourable) / static_cast<double>(total);
}

double conditional_probability(double joint, double given) {
  check_probability("P(A and B)", joint);
  check_probability("P(B)", given);
  return ratio("P(A and B)", joint, "P(B)", given);
}

double bayes(double likelihood, double prior, double evidence) {
  check_probability("P(B|A)", likelihood);
  check_probability("P(A)", prior);
  check_probability("P(B)", evidence);
  return ratio("P(B|A)*P(A)", likelihood * prior, "P(B)", evidence);
}

double total_probability(const VectorRef& likelihoods, const VectorRef& priors) {
  check_same_size("likelihoods", likelihoods.size(), "priors", priors.size());
  check_probabilities("P(A)", priors);
  double sum = 0;
  for (Index i = 0; i < priors.size(); ++i) {
    check_probability(fmt::format("P(B|A): entry {}", i), likelihoods[i]);
    sum += likelihoods[i] * priors[i];
  }
  return sum;
}

Vector posterior(const VectorRef& likelihoods, const VectorRef& priors) {
  const double evidence = total_probability(likelihoods, priors);
  Vector posteriors(priors.size());
  for (Index i = 0; i < priors.size(); ++i) {
    posteriors[i] = ratio("P(B|A)*P(A)", likelihoods[i] * priors[i], "P(B)", evidence);
  }
  return posteriors;
}

bool are_independent(double a, double b, double joint, double tolerance) {
  check_probability("P(A)", a);
  check_probability("P(B)", b);
  check_probability("P(A and B)", joint);
  return std::fabs(joint - a * b) <= tolerance;
}

}  // namespace lockstep
