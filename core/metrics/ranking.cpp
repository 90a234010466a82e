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

SliceSummary summary_of(const RankedScores& ranked) {
  const SortRecords& records = ranked.order.records;
  SliceSummary summary;
  if (records.empty()) return summary;
  summary.empty = 0;
  summary.first_key = records.front().key;
  summary.last_key = records.back().key;
  for (std::size_t i = 0; i < records.size(); ++i) ranked.add_to(summary.rows, i);
  for (std::size_t i = records.size(); i > 0 && records[i - 1].key == summary.last_key; --i) {
    ranked.add_to(summary.last_group, i - 1);
  }
  return summary;
}

/// Fills in what depends on the other slices. Collective.
void connect(Team& team, RankedScores& ranked) {
  const SliceSummary mine = summary_of(ranked);
  std::vector<SliceSummary> slices;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    std::memcpy(&slices.emplace_back(), bytes.data(), sizeof(SliceSummary));
  }
  const auto me = static_cast<std::size_t>(team.rank());
  ranked.total = {};
  for (std::size_t rank = 0; rank < slices.size(); ++rank) {
    if (rank == me) ranked.before = ranked.total;
    ranked.total = plus(ranked.total, slices[rank].rows);
  }
  ranked.before_group = ranked.before;
  if (mine.empty != 0) return;
  // Empty slices stand at the end, so those before this one have rows.
  for (std::size_t rank = me; rank-- > 0 && slices[rank].last_key == mine.first_key;) {
    ranked.before_group = minus(ranked.before_group, slices[rank].last_group);
    if (slices[rank].first_key != mine.first_key) break;
  }
  ranked.group_goes_on = me + 1 < slices.size() && slices[me + 1].empty == 0 &&
                         slices[me + 1].first_key == mine.last_key;
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

}  // namespace

RankedScores rank_scores(Team& team, std::span<const double> scores, std::span<const double> labels,
                         int threads) {
  const Index first_row = exclusive_scan(team, static_cast<std::int64_t>(scores.size()));
  guard(team, "checking scores", [&] {
    check_one_for_each("labels", labels.size(), "scores", scores.size());
    check_scores(scores, first_row);
    check_labels(labels, first_row);
  });
  SortRecords records(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto row = static_cast<std::uint64_t>(first_row) + i;
    records[i] = {~sort_key(scores[i]), 2 * row + (labels[i] == 1 ? 1U : 0U)};
  }
  RankedScores ranked;
  ranked.order = sort_over_ranks(team, std::move(records), threads);
  connect(team, ranked);
  if (ranked.total.rows() == 0) throw DataError("no scores to rank: there are no rows");
  return ranked;
}

void count_times(Team& team, RankedScores& ranked, std::vector<std::uint8_t> times) {
  assert(times.size() == ranked.order.records.size());
  ranked.times = std::move(times);
  connect(team, ranked);
}

void check_both_classes(const char* metric, const LabelCounts& total, std::int64_t fewest) {
  check_class(metric, 1, total.positives, total.rows(), fewest);
  check_class(metric, 0, total.negatives, total.rows(), fewest);
}

double auc(Team& team, const RankedScores& ranked) {
  check_both_classes("AUC", ranked.total);
  // Twice the pairs in which the positive row has the higher score, and once the ties.
  UInt128 mine = 0;
  for_each_group(ranked, [&](const ScoreGroup& group) {
    const std::int64_t lower = ranked.total.negatives - group.end.negatives;
    mine += static_cast<UInt128>(group.positives()) *
            static_cast<UInt128>(2 * lower + group.negatives());
  });
  UInt128 pairs = 0;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    UInt128 part = 0;
    std::memcpy(&part, bytes.data(), sizeof(part));
    pairs += part;
  }
  return exact_ratio(pairs, 2 * static_cast<UInt128>(ranked.total.positives) *
                                static_cast<UInt128>(ranked.total.negatives));
}

double average_precision(Team& team, const RankedScores& ranked) {
  check_class("average precision", 1, ranked.total.positives, ranked.total.rows(), 1);
  const double sum = sum_over_groups<double>(team, ranked, [](const ScoreGroup& group) {
    if (group.positives() == 0) return 0.0;  // also where no row counts down to here
    return static_cast<double>(group.positives()) * ratio(group.end.positives, group.end.rows());
  });
  return sum / static_cast<double>(ranked.total.positives);
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
