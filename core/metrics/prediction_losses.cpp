#include "core/metrics/prediction_losses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"
#include "core/metrics/checks.hpp"

namespace lockstep {
namespace {

/// ln(1 − p) for 0 ≤ p ≤ 1. From ½ on 1 − p is exact; below, what its rounding loses is added to
/// first order.
double log_complement(double p) {
  const double complement = 1 - p;
  if (p >= 0.5) return kernel::log(complement);
  return kernel::log(complement) + ((1 - complement) - p) / complement;
}

std::span<const double> row_of(const DistributedMatrix& matrix, Index row) {
  return {matrix.row(row), static_cast<std::size_t>(matrix.columns)};
}

void check_shape(const RowShare& share, std::string_view what, std::size_t found) {
  check_one_for_each(what, found, "rows", static_cast<std::size_t>(share.rows.size()));
}

RowShare share_of(const DistributedMatrix& matrix) { return {matrix.rows, matrix.total_rows}; }

}  // namespace

double binary_cross_entropy(double probability, double target) {
  double loss = 0;
  if (target > 0) loss -= target * kernel::log(probability);
  if (target < 1) loss -= (1 - target) * log_complement(probability);
  return loss;
}

double categorical_cross_entropy(std::span<const double> probabilities, Index actual) {
  return 0 - kernel::log(probabilities[static_cast<std::size_t>(actual)]);  // not −0
}

double hinge_loss(double score, double label) {
  const double margin = label == 1 ? score : -score;
  return margin >= 1 ? 0 : 1 - margin;
}

double hinge_loss(std::span<const double> scores, Index actual) {
  const auto k = static_cast<std::size_t>(actual);
  double rival = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < scores.size(); ++j) {
    if (j != k && scores[j] > rival) rival = scores[j];
  }
  return hinge_loss(scores[k] - rival, 1);
}

double huber_loss(double error, double delta) {
  const double size = std::fabs(error);
  return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
}

double mean_binary_cross_entropy(Team& team, const RowShare& share,
                                 std::span<const double> probabilities,
                                 std::span<const double> labels, int threads) {
  guard(team, "checking probabilities", [&] {
    check_shape(share, "probabilities", probabilities.size());
    check_shape(share, "labels", labels.size());
    check_probabilities(probabilities, share.rows.begin);
    check_labels(labels, share.rows.begin);
  });
  const auto loss = [&](Index row) {
    return binary_cross_entropy(probabilities[share.place(row)], labels[share.place(row)]);
  };
  return mean_over_rows(team, share, loss, threads);
}

double mean_categorical_cross_entropy(Team& team, const DistributedMatrix& probabilities,
                                      std::span<const double> classes, int threads) {
  const RowShare share = share_of(probabilities);
  guard(team, "checking probabilities", [&] {
    check_shape(share, "classes", classes.size());
    check_distributions(probabilities);
    check_classes("class", classes, probabilities.columns, share.rows.begin);
  });
  const auto loss = [&](Index row) {
    return categorical_cross_entropy(row_of(probabilities, row),
                                     static_cast<Index>(classes[share.place(row)]));
  };
  return mean_over_rows(team, share, loss, threads);
}

double mean_hinge_loss(Team& team, const RowShare& share, std::span<const double> scores,
                       std::span<const double> labels, int threads) {
  guard(team, "checking scores", [&] {
    check_shape(share, "scores", scores.size());
    check_shape(share, "labels", labels.size());
    check_scores(scores, share.rows.begin);
    check_labels(labels, share.rows.begin);
  });
  const auto loss = [&](Index row) {
    return hinge_loss(scores[share.place(row)], labels[share.place(row)]);
  };
  return mean_over_rows(team, share, loss, threads);
}

double mean_hinge_loss(Team& team, const DistributedMatrix& scores, std::span<const double> classes,
                       int threads) {
  const RowShare share = share_of(scores);
  guard(team, "checking scores", [&] {
    if (scores.columns < 2) {
      throw DataError(
          fmt::format("{} columns of scores; expected one for each of two or more "
                      "classes",
                      scores.columns));
    }
    check_shape(share, "classes", classes.size());
    check_scores(scores);
    check_classes("class", classes, scores.columns, share.rows.begin);
  });
  const auto loss = [&](Index row) {
    return hinge_loss(row_of(scores, row), static_cast<Index>(classes[share.place(row)]));
  };
  return mean_over_rows(team, share, loss, threads);
}

double mean_huber_loss(Team& team, const RowShare& share, std::span<const double> predictions,
                       std::span<const double> targets, double delta, int threads) {
  guard(team, "checking predictions", [&] {
    if (!(delta > 0)) {
      throw DataError(fmt::format("Huber's delta is {}; expected a positive number", delta));
    }
    check_shape(share, "predictions", predictions.size());
    check_shape(share, "targets", targets.size());
  });
  const auto loss = [&](Index row) {
    return huber_loss(predictions[share.place(row)] - targets[share.place(row)], delta);
  };
  return mean_over_rows(team, share, loss, threads);
}

}  // namespace lockstep
