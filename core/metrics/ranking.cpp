#include "core/metrics/ranking.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "core/base/error.hpp"
#include "core/metrics/checks.hpp"
#include "core/metrics/exact_ratio.hpp"

namespace lockstep {
namespace {

/// What the other ranks need to know of a slice to find the groups that go over its ends.
struct SliceSummary {
  LabelCounts rows;
  LabelCounts last_group;  ///< the part of the last group that is in this slice
  std::uint64_t first_key = 0;
  std::uint64_t last_key = 0;
  std::int64_t empty = 1;  ///< 0 where the slice has records
};

LabelCounts plus(const LabelCounts& a, const LabelCounts& b) {
  return {a.positives + b.positives, a.negatives + b.negatives};
}

LabelCounts minus(const LabelCounts& a, const LabelCounts& b) {
  return {a.positives - b.positives, a.negatives - b.negatives};
}

SliceSummary summary_of(std::span<const SortRecord> records, const RecordWeights& times) {
  const auto times_of = [&](std::size_t i) { return times.empty() ? 1 : times[i]; };
  SliceSummary summary;
  if (records.empty()) return summary;
  summary.empty = 0;
  summary.first_key = records.front().key;
  summary.last_key = records.back().key;
  for (std::size_t i = 0; i < records.size(); ++i) summary.rows.add(records[i], times_of(i));
  for (std::size_t i = records.size(); i > 0 && records[i - 1].key == summary.last_key; --i) {
    summary.last_group.add(records[i - 1], times_of(i - 1));
  }
  return summary;
}

/// What follows for slice `me` from the summaries of all.
void connect(const std::vector<SliceSummary>& slices, std::size_t me, SliceCounts& counts) {
  counts.total = {};
  for (std::size_t rank = 0; rank < slices.size(); ++rank) {
    if (rank == me) counts.before = counts.total;
    counts.total = plus(counts.total, slices[rank].rows);
  }
  counts.before_group = counts.before;
  if (slices[me].empty != 0) return;
  // Empty slices stand at the end, so those before this one have rows.
  for (std::size_t rank = me; rank-- > 0 && slices[rank].last_key == slices[me].first_key;) {
    counts.before_group = minus(counts.before_group, slices[rank].last_group);
    if (slices[rank].first_key != slices[me].first_key) break;
  }
}

bool goes_on(const std::vector<SliceSummary>& slices, std::size_t me) {
  return me + 1 < slices.size() && slices[me].empty == 0 && slices[me + 1].empty == 0 &&
         slices[me + 1].first_key == slices[me].last_key;
}

/// For each of these summaries of this rank's slice, those of all ranks. *Collective*.
std::vector<std::vector<SliceSummary>> gather(Team& team, const std::vector<SliceSummary>& mine) {
  std::vector<std::vector<SliceSummary>> slices(mine.size());
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    const auto of_rank = FoldCodec<std::vector<SliceSummary>>::decode(bytes);
    for (std::size_t i = 0; i < slices.size(); ++i) slices[i].push_back(of_rank[i]);
  }
  return slices;
}

void check_class(const char* metric, int label, std::int64_t found, std::int64_t rows,
                 std::int64_t fewest) {
  if (found >= fewest) return;
  throw DataError(fmt::format("{}: class {} ({}) has {} of {} rows; expected at least {}", metric,
                              label, label == 1 ? "positive" : "negative", found, rows, fewest));
}

LabelCounts counts_of(std::span<const ThresholdCounts> counts) {
  if (counts.empty()) return {};
  return {counts.back().true_positives, counts.back().false_positives};
}

double ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

template <class Metric>
double metric_of(Team& team, const RankedScores& ranked, const Metric& metric) {
  metric.check(ranked.total);
  const auto sum = sum_over_groups<typename Metric::Sum>(
      team, ranked, [&](const ScoreGroup& group) { return metric.term(ranked.total, group); });
  return metric.value(ranked.total, sum);
}

}  // namespace

RankedScores rank_scores(Team& team, std::span<const double> scores, std::span<const double> labels,
                         int threads) {
  const Index first_row = exclusive_scan(team, static_cast<std::int64_t>(scores.size()));
  guard(team, "checking scores", [&] {
    check_one_for_each("labels", labels.size(), "scores", scores.size());
    check_scores(scores, first_row);
    check_labels(labels, first_row);
  });
  RankedScores ranked;
  const auto source = [&](Index first, std::span<SortRecord> records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      const std::size_t at = static_cast<std::size_t>(first) + i;
      const auto row = static_cast<std::uint64_t>(first_row) + at;
      records[i] = {~sort_key(scores[at]), 2 * row + (labels[at] == 1 ? 1U : 0U)};
    }
  };
  ranked.order = sort_over_ranks(team, static_cast<Index>(scores.size()), source, threads);
  const std::vector<SliceSummary> slices =
      gather(team, {summary_of(ranked.order.records(), {})}).front();
  const auto me = static_cast<std::size_t>(team.rank());
  connect(slices, me, ranked);
  ranked.group_goes_on = goes_on(slices, me);
  if (ranked.total.rows() == 0) throw DataError("no scores to rank: there are no rows");
  return ranked;
}

std::vector<SliceCounts> count_times(Team& team, const RankedScores& ranked,
                                     std::vector<RecordWeights> times) {
  std::vector<SliceSummary> mine;
  for (const RecordWeights& of_resample : times) {
    assert(of_resample.size() == ranked.order.records().size());
    mine.push_back(summary_of(ranked.order.records(), of_resample));
  }
  std::vector<SliceCounts> counts(times.size());
  const std::vector<std::vector<SliceSummary>> slices = gather(team, mine);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    connect(slices[i], static_cast<std::size_t>(team.rank()), counts[i]);
    counts[i].times = std::move(times[i]);
  }
  return counts;
}

void check_both_classes(const char* metric, const LabelCounts& total, std::int64_t fewest) {
  check_class(metric, 1, total.positives, total.rows(), fewest);
  check_class(metric, 0, total.negatives, total.rows(), fewest);
}

void Auc::check(const LabelCounts& total) const { check_both_classes("AUC", total); }

UInt128 Auc::term(const LabelCounts& total, const ScoreGroup& group) const {
  const std::int64_t lower = total.negatives - group.end.negatives;
  return static_cast<UInt128>(group.positives()) *
         static_cast<UInt128>(2 * lower + group.negatives());
}

double Auc::value(const LabelCounts& total, UInt128 sum) const {
  return exact_ratio(
      sum, 2 * static_cast<UInt128>(total.positives) * static_cast<UInt128>(total.negatives));
}

void AveragePrecision::check(const LabelCounts& total) const {
  check_class("average precision", 1, total.positives, total.rows(), 1);
}

double AveragePrecision::term(const LabelCounts&, const ScoreGroup& group) const {
  if (group.positives() == 0) return 0;  // also where no row counts down to here
  return static_cast<double>(group.positives()) * ratio(group.end.positives, group.end.rows());
}

double AveragePrecision::value(const LabelCounts& total, double sum) const {
  return sum / static_cast<double>(total.positives);
}

double auc(Team& team, const RankedScores& ranked) { return metric_of(team, ranked, Auc()); }

double average_precision(Team& team, const RankedScores& ranked) {
  return metric_of(team, ranked, AveragePrecision());
}

std::vector<ThresholdCounts> threshold_counts(const RankedScores& ranked) {
  std::vector<ThresholdCounts> counts;
  for_each_group(ranked, [&](const ScoreGroup& group) {
    counts.push_back({group.score, group.end.positives, group.end.negatives});
  });
  return counts;
}

std::vector<ThresholdCounts> gather_threshold_counts(Team& team, const RankedScores& ranked,
                                                     std::optional<int> root) {
  const std::vector<ThresholdCounts> mine = threshold_counts(ranked);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(mine));
  std::vector<Bytes> parts;
  if (root) {
    std::vector<Bytes> to(static_cast<std::size_t>(team.size()));
    to[static_cast<std::size_t>(*root)].assign(bytes.begin(), bytes.end());
    parts = team.exchange(std::move(to));
  } else {
    parts = team.all_gather(bytes);
  }
  std::vector<ThresholdCounts> all;
  for (const Bytes& part : parts) {
    const std::vector<ThresholdCounts> points =
        FoldCodec<std::vector<ThresholdCounts>>::decode(part);
    all.insert(all.end(), points.begin(), points.end());
  }
  return all;
}

RocCurve roc_curve(std::span<const ThresholdCounts> counts) {
  const LabelCounts total = counts_of(counts);
  check_both_classes("ROC curve", total);
  RocCurve curve{{std::numeric_limits<double>::infinity()}, {0}, {0}};
  for (const ThresholdCounts& point : counts) {
    curve.thresholds.push_back(point.threshold);
    curve.false_positive_rates.push_back(ratio(point.false_positives, total.negatives));
    curve.true_positive_rates.push_back(ratio(point.true_positives, total.positives));
  }
  return curve;
}

PrecisionRecallCurve precision_recall_curve(std::span<const ThresholdCounts> counts) {
  const LabelCounts total = counts_of(counts);
  check_class("precision-recall curve", 1, total.positives, total.rows(), 1);
  PrecisionRecallCurve curve{{std::numeric_limits<double>::infinity()}, {1}, {0}};
  for (const ThresholdCounts& point : counts) {
    curve.thresholds.push_back(point.threshold);
    curve.precisions.push_back(
        ratio(point.true_positives, point.true_positives + point.false_positives));
    curve.recalls.push_back(ratio(point.true_positives, total.positives));
  }
  return curve;
}

}  // namespace lockstep
