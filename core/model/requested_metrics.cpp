#include "core/model/requested_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/linalg/distributed_matrix.hpp"
#include "core/metrics/calibration.hpp"
#include "core/metrics/prediction_losses.hpp"
#include "core/metrics/ranking.hpp"

namespace lockstep {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr Index kReliabilityBins = 15;  // as in [Guo et al. 2017]
constexpr double kHuberDelta = 1;       // in the unit of the target

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

bool has_finite_predictions(const ScoreSums& sums) {
  return sums.rows() > 0 && std::isfinite(sums.loss()) &&
         std::all_of(sums.numbers.begin(), sums.numbers.end(), [](const RegressionSums& target) {
           return std::isfinite(target.mean_absolute_error());
         });
}

using OfConfusion = double (*)(const ConfusionMatrix&);

const std::map<std::string, OfConfusion>& metrics_of_confusion() {
  using Matrix = const ConfusionMatrix&;
  static const std::map<std::string, OfConfusion> kMetrics{
      {"balanced_accuracy", [](Matrix m) { return m.balanced_accuracy(); }},
      {"f1", [](Matrix m) { return m.f1(Average::macro); }},
      {"kappa", [](Matrix m) { return m.cohens_kappa(); }},
      {"mcc", [](Matrix m) { return m.matthews(); }},
      {"precision", [](Matrix m) { return m.precision(Average::macro); }},
      {"recall", [](Matrix m) { return m.recall(Average::macro); }},
  };
  return kMetrics;
}

using OfSums = double (*)(const ScoreSums&);

const std::map<std::string, OfSums>& metrics_of_sums() {
  static const std::map<std::string, OfSums> kMetrics{
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
  return kMetrics;
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
  has_probabilities_ = asks("brier") || asks("calibration_error");
  has_scores_ = asks("hinge") || asks("top_3_accuracy") || asks("top_5_accuracy");
  const bool counts = std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
    return metrics_of_confusion().count(name) > 0;
  });
  if (counts) confusion_.emplace(scorer.classes());
  if (asks("huber")) predicted_.resize(static_cast<std::size_t>(scorer.predictions()));
  actual_.resize(predicted_.size());
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
  if (has_scores_) scores_.insert(scores_.end(), scores, scores + scorer_.outputs());
  if (ranks_ || has_probabilities_ || has_scores_) classes_.push_back(*actual);
  for (std::size_t t = 0; t < predicted_.size(); ++t) {
    predicted_[t].push_back(predictions[t]);
    actual_[t].push_back(actual[t]);
  }
}

std::vector<std::pair<std::string, double>> RequestedMetrics::values(Team& team,
                                                                     const RowShare& share,
                                                                     const ScoreSums& sums,
                                                                     int threads) const {
  std::vector<std::pair<std::string, double>> values;
  const bool is_finite = has_finite_predictions(sums);
  std::optional<ConfusionMatrix> confusion = confusion_;
  if (confusion) team.all_reduce(confusion->counts(), IntegerReduction::sum);
  std::optional<RankedScores> ranked;
  if (ranks_ && is_finite) ranked = rank_scores(team, ranking_, classes_, threads);
  const bool has_both = ranked && ranked->total.positives > 0 && ranked->total.negatives > 0;
  for (const std::string& name : names_) {
    double value = kNone;
    if (name == "auc" || name == "average_precision") {
      if (has_both) value = name == "auc" ? auc(team, *ranked) : average_precision(team, *ranked);
    } else if (metrics_of_confusion().count(name) > 0) {
      value = metrics_of_confusion().at(name)(*confusion);
    } else if (metrics_of_sums().count(name) > 0) {
      value = metrics_of_sums().at(name)(sums);
    } else if (is_finite) {
      value = of_rows(name, team, share, threads);
    }
    values.emplace_back(name, value);
  }
  return values;
}

/// What is computed of all rows again. Their scores are finite.
double RequestedMetrics::of_rows(const std::string& name, Team& team, const RowShare& share,
                                 int threads) const {
  if (name == "brier") return brier(team, share, threads);
  if (name == "hinge") return hinge(team, share, threads);
  if (name == "huber") return huber(team, share, threads);
  if (name == "calibration_error") {
    return expected_calibration_error(
        reliability_bins(team, {share.rows, share.total_rows, scorer_.classes(), probabilities_},
                         classes_, kReliabilityBins, threads));
  }
  return top_k_accuracy(team, {share.rows, share.total_rows, scorer_.outputs(), scores_}, classes_,
                        name == "top_3_accuracy" ? 3 : 5);
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

double RequestedMetrics::hinge(Team& team, const RowShare& share, int threads) const {
  const Index outputs = scorer_.outputs();
  if (outputs == 1) return mean_hinge_loss(team, share, scores_, classes_, threads);
  return mean_hinge_loss(team, {share.rows, share.total_rows, outputs, scores_}, classes_, threads);
}

/// The mean over the targets.
double RequestedMetrics::huber(Team& team, const RowShare& share, int threads) const {
  double mean = 0;
  for (std::size_t t = 0; t < predicted_.size(); ++t) {
    mean += mean_huber_loss(team, share, predicted_[t], actual_[t], kHuberDelta, threads) /
            static_cast<double>(predicted_.size());
  }
  return mean;
}

}  // namespace lockstep
