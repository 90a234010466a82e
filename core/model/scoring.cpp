#include "core/model/scoring.hpp"

#include "core/kernel/elementary.hpp"

namespace lockstep {

ScoreSums merge(const ScoreSums& a, const ScoreSums& b) {
  return {merge(a.classes, b.classes), merge(a.numbers, b.numbers)};
}

template <class T>
double Scorer::prediction(const T* scores) const {
  if (!classifies()) {
    const auto scaled = static_cast<double>(scores[0]);
    return target_.invert(scaled);
  }
  if (outputs_ == 1) return scores[0] > T(0) ? 1 : 0;
  Index best = 0;
  for (Index k = 1; k < outputs_; ++k) {
    if (scores[k] > scores[best]) best = k;
  }
  return static_cast<double>(best);
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

void Scorer::add(ScoreSums& sums, double prediction, double actual, double loss) const {
  if (classifies()) {
    sums.classes.add(static_cast<Index>(prediction), static_cast<Index>(actual), loss);
  } else {
    sums.numbers.add(prediction, actual, loss);
  }
}

Evaluation Scorer::evaluation(const ScoreSums& sums, double penalty) const {
  return classifies() ? evaluation_of(sums.classes, penalty) : evaluation_of(sums.numbers, penalty);
}

template double Scorer::prediction(const float*) const;
template double Scorer::prediction(const double*) const;
template std::vector<double> Scorer::probabilities(const float*) const;
template std::vector<double> Scorer::probabilities(const double*) const;

}  // namespace lockstep
