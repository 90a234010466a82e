#include "core/model/requested_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/linalg/distributed_matrix.hpp"
#include "core/metrics/calibration.hpp"
#include "core/metrics/ranking.hpp"

namespace lockstep {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Mean over the targets of what `metric` is of one.
template <class Metric>
double mean_over_targets(const ScoreSums& sums, const Metric& metric) {
  double mean = 0;
  for (const RegressionSums& target : sums.numbers) {
    mean += metric(target) / static_cast<double>(sums.numbers.size());
  }
  return mean;
}

/// The largest of all targets, for the mean of largest errors says nothing; NaN if one is.
double largest_error(const ScoreSums& sums) {
  double largest = 0;
  for (const RegressionSums& target : sums.numbers) {
    const double error = target.max_error();
    if (!(error <= largest)) largest = error;
    if (std::isnan(largest)) break;
  }
  return largest;
}

double of_confusion(const ConfusionMatrix& matrix, const std::string& name) {
  using Metric = double (*)(const ConfusionMatrix&);
  using Matrix = const ConfusionMatrix&;
  static const std::map<std::string, Metric> kMetrics{
      {"balanced_accuracy", [](Matrix m) { return m.balanced_accuracy(); }},
      {"f1", [](Matrix m) { return m.f1(Average::macro); }},
      {"kappa", [](Matrix m) { return m.cohens_kappa(); }},
      {"mcc", [](Matrix m) { return m.matthews(); }},
      {"precision", [](Matrix m) { return m.precision(Average::macro); }},
      {"recall", [](Matrix m) { return m.recall(Average::macro); }},
  };
  return kMetrics.at(name)(matrix);
}

double of_numbers(const ScoreSums& sums, const std::string& name) {
  using Metric = double (*)(const ScoreSums&);
  static const std::map<std::string, Metric> kMetrics{
      {"explained_variance",
       [](const ScoreSums& s) {
         return mean_over_targets(s, [](const auto& of) { return of.explained_variance(); });
       }},
      {"mape",
       [](const ScoreSums& s) {
         return mean_over_targets(
             s, [](const auto& of) { return of.mean_absolute_percentage_error(); });
       }},
      {"max_error", largest_error},
  };
  return kMetrics.at(name)(sums);
}

}  // namespace

RequestedMetrics::RequestedMetrics(const Scorer& scorer, const std::vector<std::string>& names)
    : scorer_(scorer) {
  const Index classes = scorer.classifies() ? scorer.classes() : 0;
  for (const EvaluationMetric& metric : evaluation_metrics()) {
    const bool is_wanted = std::find(names.begin(), names.end(), metric.name) != names.end();
    const bool applies = metric.applies_to(classes, scorer.has_probabilities());
    if (is_wanted && applies && metric.on_request) names_.push_back(metric.name);
  }
  ranks_ = asks("auc") || asks("average_precision");
  has_probabilities_ = asks("brier");
  const bool counts = std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
    return name != "auc" && name != "average_precision" && name != "brier";
  });
  if (scorer.classifies() && counts) confusion_.emplace(scorer.classes());
}

bool RequestedMetrics::asks(const char* name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

void RequestedMetrics::add(const double* scores, const double* predictions, const double* actual) {
  if (confusion_) {
    confusion_->add(static_cast<Index>(*predictions), static_cast<Index>(*actual));
  }
  if (ranks_) ranking_.push_back(scorer_.outputs() == 1 ? scores[0] : scores[1] - scores[0]);
  if (has_probabilities_) {
    const std::vector<double> all = scorer_.probabilities(scores);
    probabilities_.insert(probabilities_.end(), all.begin(), all.end());
  }
  if (ranks_ || has_probabilities_) classes_.push_back(*actual);
}

std::vector<std::pair<std::string, double>> RequestedMetrics::values(Team& team,
                                                                     const RowShare& share,
                                                                     const ScoreSums& sums,
                                                                     int threads) const {
  std::vector<std::pair<std::string, double>> values;
  const bool is_finite = sums.rows() > 0 && std::isfinite(sums.loss());
  std::optional<ConfusionMatrix> confusion = confusion_;
  if (confusion) team.all_reduce(confusion->counts(), IntegerReduction::sum);
  std::optional<RankedScores> ranked;
  if (ranks_ && is_finite) ranked = rank_scores(team, ranking_, classes_, threads);
  const bool has_both = ranked && ranked->total.positives > 0 && ranked->total.negatives > 0;
  for (const std::string& name : names_) {
    double value = kNone;
    if (name == "auc" || name == "average_precision") {
      if (has_both) value = name == "auc" ? auc(team, *ranked) : average_precision(team, *ranked);
    } else if (name == "brier") {
      if (is_finite) value = brier(team, share, threads);
    } else {
      value = confusion ? of_confusion(*confusion, name) : of_numbers(sums, name);
    }
    values.emplace_back(name, value);
  }
  return values;
}

/// Of two classes that of the second, of more the sum over all.
double RequestedMetrics::brier(Team& team, const RowShare& share, int threads) const {
  const Index classes = scorer_.classes();
  if (classes > 2) {
    return brier_score(team, {share.rows, share.total_rows, classes, probabilities_}, classes_,
                       threads);
  }
  std::vector<double> of_second;
  for (std::size_t i = 1; i < probabilities_.size(); i += 2) of_second.push_back(probabilities_[i]);
  return brier_score(team, share, of_second, classes_, threads);
}

}  // namespace lockstep
