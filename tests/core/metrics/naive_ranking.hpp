#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/random.hpp"

namespace lockstep::test {

struct LabelledScores {
  std::vector<double> scores;
  std::vector<double> labels;
};

/// Scores of `distinct` values, higher for label 1.
inline LabelledScores random_scores(std::size_t rows, std::uint64_t distinct, std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), rows, distinct);
  LabelledScores data;
  for (std::size_t i = 0; i < rows; ++i) {
    const double label = draws.below(3) == 0 ? 1 : 0;
    const double place = (draws.uniform() + 0.3 * label) / 1.3;
    const double whole = place * static_cast<double>(distinct);
    data.labels.push_back(label);
    data.scores.push_back(static_cast<double>(static_cast<std::int64_t>(whole)) / 8 - 3);
  }
  return data;
}

// The definitions, pair by pair: O(mn).

/// 1 where the positive row is above the negative one, ½ where they are equal.
inline double above(double positive, double negative) {
  return positive > negative ? 1 : positive == negative ? 0.5 : 0;
}

inline std::pair<std::vector<double>, std::vector<double>> by_class(const LabelledScores& data) {
  std::pair<std::vector<double>, std::vector<double>> scores;
  for (std::size_t i = 0; i < data.scores.size(); ++i) {
    (data.labels[i] == 1 ? scores.first : scores.second).push_back(data.scores[i]);
  }
  return scores;
}

inline double naive_auc(const LabelledScores& data) {
  const auto [positives, negatives] = by_class(data);
  double pairs = 0;  // halves are exact
  for (const double p : positives) {
    for (const double n : negatives) pairs += above(p, n);
  }
  return pairs / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

inline double naive_auc_variance(const LabelledScores& data) {
  const auto [positives, negatives] = by_class(data);
  const double area = naive_auc(data);
  const auto m = static_cast<double>(positives.size());
  const auto n = static_cast<double>(negatives.size());
  double s10 = 0;
  for (const double p : positives) {
    double v = 0;
    for (const double other : negatives) v += above(p, other);
    s10 += (v / n - area) * (v / n - area);
  }
  double s01 = 0;
  for (const double other : negatives) {
    double v = 0;
    for (const double p : positives) v += above(p, other);
    s01 += (v / m - area) * (v / m - area);
  }
  return s10 / (m - 1) / m + s01 / (n - 1) / n;
}

/// Σ over the thresholds, each counted anew.
inline double naive_average_precision(const LabelledScores& data) {
  double sum = 0;
  double all = 0;
  for (std::size_t i = 0; i < data.scores.size(); ++i) {
    if (data.labels[i] != 1) continue;
    // Each positive row adds the precision at its own score.
    double positives = 0;
    double rows = 0;
    for (std::size_t j = 0; j < data.scores.size(); ++j) {
      if (data.scores[j] < data.scores[i]) continue;
      rows += 1;
      positives += data.labels[j];
    }
    sum += positives / rows;
    all += 1;
  }
  return sum / all;
}

}  // namespace lockstep::test
