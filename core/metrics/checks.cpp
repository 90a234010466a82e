#include "core/metrics/checks.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

constexpr double kSumTolerance = 1e-6;

std::span<const double> row_of(const DistributedMatrix& matrix, Index row) {
  return {matrix.row(row), static_cast<std::size_t>(matrix.columns)};
}

bool is_probability(double p) { return 0 <= p && p <= 1; }

[[noreturn]] void refuse_probability(double p, Index row) {
  throw DataError(fmt::format("row {}: probability {} is not in [0, 1]", row, p));
}

}  // namespace

void check_one_for_each(std::string_view what, std::size_t found, std::string_view of,
                        std::size_t expected) {
  if (found == expected) return;
  throw DataError(fmt::format("{} {} for {} {}: expected one for each", found, what, expected, of));
}

void check_scores(std::span<const double> scores, Index first_row) {
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!std::isnan(scores[i])) continue;
    throw DataError(fmt::format("row {}: the score is NaN, which has no place in an order",
                                first_row + static_cast<Index>(i)));
  }
}

void check_scores(const DistributedMatrix& scores) {
  for (Index row = scores.rows.begin; row < scores.rows.end; ++row) {
    for (const double score : row_of(scores, row)) check_scores(std::span(&score, 1), row);
  }
}

void check_labels(std::span<const double> labels, Index first_row) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    // Labels come in any order: a branch on which of the two this is would be a guess.
    const double expected = labels[i] > 0.5 ? 1 : 0;
    if (labels[i] == expected) continue;
    throw DataError(fmt::format("row {}: label {}; expected 0 or 1",
                                first_row + static_cast<Index>(i), labels[i]));
  }
}

void check_classes(std::string_view what, std::span<const double> values, Index classes,
                   Index first_row) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    if (value >= 0 && value < static_cast<double>(classes) && value == std::floor(value)) continue;
    throw DataError(fmt::format("row {}: {} {}; expected a class from 0 to {}",
                                first_row + static_cast<Index>(i), what, value, classes - 1));
  }
}

void check_probabilities(std::span<const double> probabilities, Index first_row) {
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (!is_probability(probabilities[i])) {
      refuse_probability(probabilities[i], first_row + static_cast<Index>(i));
    }
  }
}

void check_distributions(const DistributedMatrix& probabilities) {
  for (Index row = probabilities.rows.begin; row < probabilities.rows.end; ++row) {
    double sum = 0;
    for (const double p : row_of(probabilities, row)) {
      if (!is_probability(p)) refuse_probability(p, row);
      sum += p;
    }
    if (std::fabs(sum - 1) <= kSumTolerance) continue;
    throw DataError(fmt::format("row {}: the probabilities sum to {}; expected 1", row, sum));
  }
}

}  // namespace lockstep
