#include "core/model/scoring.hpp"

#include <cassert>
#include <utility>

#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

/// The first of the classes with the largest score.
template <class T>
Index predicted_class(Index outputs, const T* scores) {
  Index best = 0;
  for (Index k = 1; k < outputs; ++k) {
    if (scores[k] > scores[best]) best = k;
  }
  return best;
}

}  // namespace

std::int64_t ScoreSums::rows() const {
  return classes.rows + (numbers.empty() ? 0 : numbers.front().rows());
}

double ScoreSums::loss() const {
  return classes.loss + (numbers.empty() ? 0 : numbers.front().loss);
}

ScoreSums merge(const ScoreSums& a, const ScoreSums& b) {
  ScoreSums sums{merge(a.classes, b.classes), a.numbers.empty() ? b.numbers : a.numbers};
  for (std::size_t t = 0; t < a.numbers.size() && t < b.numbers.size(); ++t) {
    sums.numbers[t] = merge(a.numbers[t], b.numbers[t]);
  }
  return sums;
}

Bytes FoldCodec<ScoreSums>::encode(const ScoreSums& sums) {
  Bytes bytes = FoldCodec<ClassificationCounts>::encode(sums.classes);
  const Bytes numbers = FoldCodec<std::vector<RegressionSums>>::encode(sums.numbers);
  bytes.insert(bytes.end(), numbers.begin(), numbers.end());
  return bytes;
}

ScoreSums FoldCodec<ScoreSums>::decode(std::span<const std::byte> bytes) {
  constexpr std::size_t kClasses = sizeof(ClassificationCounts);
  return {FoldCodec<ClassificationCounts>::decode(bytes.first(kClasses)),
          FoldCodec<std::vector<RegressionSums>>::decode(bytes.subspan(kClasses))};
}

Scorer::Scorer(const LossTraits& traits, Index outputs, std::vector<PredictedNumber> numbers)
    : traits_(traits), outputs_(outputs), numbers_(std::move(numbers)) {
  assert(static_cast<Index>(numbers_.size()) == (classifies() ? 0 : outputs_));
}

template <class T>
void Scorer::predict_of_several(const T* scores, double* predictions) const {
  if (classifies()) {
    *predictions = static_cast<double>(predicted_class(outputs_, scores));
    return;
  }
  for (const PredictedNumber& number : numbers_) {
    const auto scaled = static_cast<double>(*scores++);
    *predictions++ = number.scaling.invert(scaled);
  }
}

template <class T>
std::vector<double> Scorer::probabilities(const T* scores) const {
  if (outputs_ == 1) {
    const auto score = static_cast<double>(scores[0]);
    return {kernel::sigmoid(-score), kernel::sigmoid(score)};
  }
  const std::vector<double> exact(scores, scores + outputs_);
  std::vector<double> result(exact.size());
  softmax(outputs_, exact.data(), result.data());
  return result;
}

void Scorer::add_numbers(ScoreSums& sums, const ScoredRow& row) const {
  sums.numbers.resize(numbers_.size());
  for (std::size_t t = 0; t < numbers_.size(); ++t) {
    sums.numbers[t].add(row.predictions[t], row.actual[t], row.loss);
  }
}

Evaluation Scorer::evaluation(const ScoreSums& sums, double penalty) const {
  if (classifies()) return evaluation_of(sums.classes, penalty);
  std::vector<RegressionSums> numbers = sums.numbers;
  numbers.resize(numbers_.size());
  std::vector<std::string> names;
  for (const PredictedNumber& number : numbers_) names.push_back(number.name);
  return evaluation_of(numbers, names, penalty);
}

template void Scorer::predict_of_several(const float*, double*) const;
template void Scorer::predict_of_several(const double*, double*) const;
template std::vector<double> Scorer::probabilities(const float*) const;
template std::vector<double> Scorer::probabilities(const double*) const;

}  // namespace lockstep
