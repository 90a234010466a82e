#include "core/metrics/classification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.hpp"
#include "core/metrics/checks.hpp"
#include "core/metrics/exact_ratio.hpp"

namespace lockstep {
namespace {

double ratio_or_zero(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// a·b for counts of rows.
UInt128 product(std::int64_t a, std::int64_t b) {
  return static_cast<UInt128>(a) * static_cast<UInt128>(b);
}

}  // namespace

double ClassificationCounts::mean_loss() const { return loss / static_cast<double>(rows); }

double ClassificationCounts::accuracy() const {
  return static_cast<double>(correct) / static_cast<double>(rows);
}

ClassificationCounts merge(const ClassificationCounts& a, const ClassificationCounts& b) {
  return {a.rows + b.rows, a.correct + b.correct, a.loss + b.loss};
}

ConfusionMatrix::ConfusionMatrix(Index classes)
    : classes_(classes), counts_(static_cast<std::size_t>(classes * classes)) {}

void ConfusionMatrix::add(Index predicted, Index actual) {
  assert(0 <= predicted && predicted < classes_);
  assert(0 <= actual && actual < classes_);
  ++counts_[static_cast<std::size_t>(actual * classes_ + predicted)];
}

std::int64_t ConfusionMatrix::at(Index actual, Index predicted) const {
  return counts_[static_cast<std::size_t>(actual * classes_ + predicted)];
}

std::int64_t ConfusionMatrix::rows() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

void ConfusionMatrix::merge(const ConfusionMatrix& other) {
  assert(other.classes_ == classes_);
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

double ConfusionMatrix::accuracy() const {
  return static_cast<double>(correct_rows()) / static_cast<double>(rows());
}

std::int64_t ConfusionMatrix::correct_rows() const {
  std::int64_t correct = 0;
  for (Index k = 0; k < classes_; ++k) correct += at(k, k);
  return correct;
}

std::int64_t ConfusionMatrix::actual_rows(Index k) const {
  std::int64_t rows = 0;
  for (Index j = 0; j < classes_; ++j) rows += at(k, j);
  return rows;
}

std::int64_t ConfusionMatrix::predicted_rows(Index k) const {
  std::int64_t rows = 0;
  for (Index i = 0; i < classes_; ++i) rows += at(i, k);
  return rows;
}

double ConfusionMatrix::precision(Index k) const {
  return ratio_or_zero(at(k, k), predicted_rows(k));
}

double ConfusionMatrix::recall(Index k) const { return ratio_or_zero(at(k, k), actual_rows(k)); }

double ConfusionMatrix::f1(Index k) const {
  return ratio_or_zero(2 * at(k, k), predicted_rows(k) + actual_rows(k));
}

template <class Metric>
double ConfusionMatrix::averaged(Average average, const Metric& metric) const {
  assert(average != Average::micro);
  double sum = 0;
  std::int64_t weights = 0;
  for (Index k = 0; k < classes_; ++k) {
    const bool occurs = actual_rows(k) + predicted_rows(k) > 0;
    const std::int64_t weight = average == Average::weighted ? actual_rows(k) : occurs ? 1 : 0;
    sum += static_cast<double>(weight) * metric(k);
    weights += weight;
  }
  return sum / static_cast<double>(weights);
}

double ConfusionMatrix::precision(Average average) const {
  if (average == Average::micro) return accuracy();
  return averaged(average, [&](Index k) { return precision(k); });
}

double ConfusionMatrix::recall(Average average) const {
  if (average == Average::micro) return accuracy();
  return averaged(average, [&](Index k) { return recall(k); });
}

double ConfusionMatrix::f1(Average average) const {
  if (average == Average::micro) return accuracy();
  return averaged(average, [&](Index k) { return f1(k); });
}

double ConfusionMatrix::balanced_accuracy() const {
  double sum = 0;
  std::int64_t classes = 0;
  for (Index k = 0; k < classes_; ++k) {
    if (actual_rows(k) == 0) continue;
    sum += recall(k);
    ++classes;
  }
  return sum / static_cast<double>(classes);
}

double ConfusionMatrix::matthews() const {
  const std::int64_t n = rows();
  if (n == 0) return kNaN;
  UInt128 by_chance = 0;
  UInt128 predicted_squares = 0;
  UInt128 actual_squares = 0;
  for (Index k = 0; k < classes_; ++k) {
    by_chance += product(actual_rows(k), predicted_rows(k));
    predicted_squares += product(predicted_rows(k), predicted_rows(k));
    actual_squares += product(actual_rows(k), actual_rows(k));
  }
  const auto predicted_spread = static_cast<double>(product(n, n) - predicted_squares);
  const auto actual_spread = static_cast<double>(product(n, n) - actual_squares);
  if (predicted_spread == 0 || actual_spread == 0) return 0;
  const UInt128 agreement = product(correct_rows(), n);
  const double covariance = agreement >= by_chance ? static_cast<double>(agreement - by_chance)
                                                   : -static_cast<double>(by_chance - agreement);
  return covariance / std::sqrt(predicted_spread * actual_spread);
}

double ConfusionMatrix::cohens_kappa() const {
  const std::int64_t n = rows();
  UInt128 by_chance = 0;
  for (Index k = 0; k < classes_; ++k) by_chance += product(actual_rows(k), predicted_rows(k));
  const UInt128 beyond = product(n, n) - by_chance;
  if (beyond == 0) return kNaN;
  const UInt128 agreement = product(correct_rows(), n);
  if (agreement >= by_chance) return exact_ratio(agreement - by_chance, beyond);
  return -exact_ratio(by_chance - agreement, beyond);
}

ConfusionMatrix merge(ConfusionMatrix a, const ConfusionMatrix& b) {
  a.merge(b);
  return a;
}

Bytes FoldCodec<ConfusionMatrix>::encode(const ConfusionMatrix& matrix) {
  const std::span<const std::byte> bytes = std::as_bytes(matrix.counts());
  return {bytes.begin(), bytes.end()};
}

ConfusionMatrix FoldCodec<ConfusionMatrix>::decode(std::span<const std::byte> bytes) {
  const auto counts = FoldCodec<std::vector<std::int64_t>>::decode(bytes);
  Index classes = 0;
  while (classes * classes < static_cast<Index>(counts.size())) ++classes;
  ConfusionMatrix matrix(classes);
  std::copy(counts.begin(), counts.end(), matrix.counts().begin());
  return matrix;
}

ConfusionMatrix confusion_matrix(Team& team, Index classes, std::span<const double> predicted,
                                 std::span<const double> actual) {
  const Index first_row = exclusive_scan(team, static_cast<std::int64_t>(predicted.size()));
  guard(team, "checking classes", [&] {
    check_one_for_each("actual classes", actual.size(), "predicted ones", predicted.size());
    check_classes("predicted class", predicted, classes, first_row);
    check_classes("actual class", actual, classes, first_row);
  });
  ConfusionMatrix matrix(classes);
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    matrix.add(static_cast<Index>(predicted[i]), static_cast<Index>(actual[i]));
  }
  team.all_reduce(matrix.counts(), IntegerReduction::sum);
  return matrix;
}

bool in_top_k(std::span<const double> scores, Index actual, Index k) {
  const auto own = static_cast<std::size_t>(actual);
  Index before = 0;
  for (std::size_t j = 0; j < scores.size(); ++j) {
    if (scores[j] > scores[own] || (scores[j] == scores[own] && j < own)) ++before;
  }
  return before < k;
}

double top_k_accuracy(Team& team, const DistributedMatrix& scores, std::span<const double> actual,
                      Index k) {
  guard(team, "checking scores", [&] {
    if (k < 1 || k > scores.columns) {
      throw DataError(
          fmt::format("top {} of {} classes; expected 1 to {}", k, scores.columns, scores.columns));
    }
    check_one_for_each("classes", actual.size(), "rows",
                       static_cast<std::size_t>(scores.rows.size()));
    check_scores(scores);
    check_classes("class", actual, scores.columns, scores.rows.begin);
  });
  std::int64_t hits = 0;
  for (Index row = scores.rows.begin; row < scores.rows.end; ++row) {
    const std::span<const double> of_row(scores.row(row), static_cast<std::size_t>(scores.columns));
    const double label = actual[static_cast<std::size_t>(row - scores.rows.begin)];
    if (in_top_k(of_row, static_cast<Index>(label), k)) ++hits;
  }
  return static_cast<double>(sum_over(team, hits)) / static_cast<double>(scores.total_rows);
}

}  // namespace lockstep
