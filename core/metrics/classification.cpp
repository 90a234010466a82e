#include "core/metrics/classification.hpp"

#include <cassert>
#include <numeric>

namespace lockstep {
namespace {

double ratio_or_zero(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void ClassificationCounts::add(Index predicted, Index actual, double row_loss) {
  ++rows;
  if (predicted == actual) ++correct;
  loss += row_loss;
}

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
  std::int64_t correct = 0;
  for (Index k = 0; k < classes_; ++k) correct += at(k, k);
  return static_cast<double>(correct) / static_cast<double>(rows());
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

}  // namespace lockstep
