#include "core/metrics/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "core/metrics/checks.hpp"

namespace lockstep {
namespace {

void check_binary(const RowShare& share, std::span<const double> probabilities,
                  std::span<const double> labels) {
  const auto rows = static_cast<std::size_t>(share.rows.size());
  check_one_for_each("probabilities", probabilities.size(), "rows", rows);
  check_one_for_each("labels", labels.size(), "rows", rows);
  check_probabilities(probabilities, share.rows.begin);
  check_labels(labels, share.rows.begin);
}

void check_multiclass(const DistributedMatrix& probabilities, std::span<const double> classes) {
  check_one_for_each("classes", classes.size(), "rows",
                     static_cast<std::size_t>(probabilities.rows.size()));
  check_distributions(probabilities);
  check_classes("class", classes, probabilities.columns, probabilities.rows.begin);
}

void check_bins(Index count) {
  if (count < 1) throw DataError(fmt::format("{} bins; expected one or more", count));
}

/// Folds add(bins, row) over the rows.
template <class Add>
ReliabilityBins fold_bins(Team& team, const RowShare& share, Index count, const Add& add,
                          int threads) {
  const auto merge = [](ReliabilityBins a, const ReliabilityBins& b) {
    return merge_bins(std::move(a), b);
  };
  return fold_rows(team, share, ReliabilityBins(static_cast<std::size_t>(count)), add, merge,
                   threads);
}

}  // namespace

double brier_score(Team& team, const RowShare& share, std::span<const double> probabilities,
                   std::span<const double> labels, int threads) {
  guard(team, "checking probabilities", [&] { check_binary(share, probabilities, labels); });
  const auto score = [&](Index row) {
    const double error = probabilities[share.place(row)] - labels[share.place(row)];
    return error * error;
  };
  return mean_over_rows(team, share, score, threads);
}

double brier_score(Team& team, const DistributedMatrix& probabilities,
                   std::span<const double> classes, int threads) {
  guard(team, "checking probabilities", [&] { check_multiclass(probabilities, classes); });
  const RowShare share{probabilities.rows, probabilities.total_rows};
  const auto score = [&](Index row) {
    const double* p = probabilities.row(row);
    const auto actual = static_cast<Index>(classes[share.place(row)]);
    double sum = 0;
    for (Index k = 0; k < probabilities.columns; ++k) {
      const double error = k == actual ? p[k] - 1 : p[k];
      sum += error * error;
    }
    return sum;
  };
  return mean_over_rows(team, share, score, threads);
}

double ReliabilityBin::mean_probability() const { return probability / static_cast<double>(rows); }

double ReliabilityBin::hit_rate() const {
  return static_cast<double>(hits) / static_cast<double>(rows);
}

void add_to_bins(ReliabilityBins& bins, double probability, bool hit) {
  assert(0 <= probability && probability <= 1 && !bins.empty());
  const auto count = static_cast<double>(bins.size());
  // The product may be rounded up to an edge that p does not exceed; the quotients m/M decide.
  double bin = std::floor(probability * count);
  if (bin > 0 && probability <= bin / count) --bin;
  ReliabilityBin& found = bins[static_cast<std::size_t>(bin)];
  ++found.rows;
  if (hit) ++found.hits;
  found.probability += probability;
}

ReliabilityBins merge_bins(ReliabilityBins a, const ReliabilityBins& b) {
  assert(a.size() == b.size());
  for (std::size_t m = 0; m < a.size(); ++m) {
    a[m].rows += b[m].rows;
    a[m].hits += b[m].hits;
    a[m].probability += b[m].probability;
  }
  return a;
}

double expected_calibration_error(const ReliabilityBins& bins) {
  std::int64_t rows = 0;
  double sum = 0;
  for (const ReliabilityBin& bin : bins) {
    rows += bin.rows;
    sum += std::fabs(static_cast<double>(bin.hits) - bin.probability);
  }
  return sum / static_cast<double>(rows);
}

ReliabilityBins reliability_bins(Team& team, const RowShare& share,
                                 std::span<const double> probabilities,
                                 std::span<const double> labels, Index count, int threads) {
  guard(team, "checking probabilities", [&] {
    check_bins(count);
    check_binary(share, probabilities, labels);
  });
  const auto add = [&](ReliabilityBins& bins, Index row) {
    add_to_bins(bins, probabilities[share.place(row)], labels[share.place(row)] == 1);
  };
  return fold_bins(team, share, count, add, threads);
}

ReliabilityBins reliability_bins(Team& team, const DistributedMatrix& probabilities,
                                 std::span<const double> classes, Index count, int threads) {
  guard(team, "checking probabilities", [&] {
    check_bins(count);
    check_multiclass(probabilities, classes);
  });
  const RowShare share{probabilities.rows, probabilities.total_rows};
  const auto add = [&](ReliabilityBins& bins, Index row) {
    const double* p = probabilities.row(row);
    const double* best = std::max_element(p, p + probabilities.columns);
    add_to_bins(bins, *best, static_cast<double>(best - p) == classes[share.place(row)]);
  };
  return fold_bins(team, share, count, add, threads);
}

}  // namespace lockstep
