#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/types.hpp"
#include "core/metrics/exact_ratio.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/sort_over_ranks.hpp"
#include "core/parallel/team.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {

/// Rows of either class.
struct LabelCounts {
  std::int64_t positives = 0;  ///< label 1
  std::int64_t negatives = 0;  ///< label 0

  std::int64_t rows() const { return positives + negatives; }
  /// Takes a record of RankedScores so many times.
  void add(const SortRecord& record, std::int64_t times) {
    const auto label = static_cast<std::int64_t>(record.payload & 1U);
    positives += label * times;
    negatives += (1 - label) * times;
  }
  friend bool operator==(const LabelCounts&, const LabelCounts&) = default;
};

/// How often each record of a slice counts: a resample, as the bootstrap draws it.
using RecordWeights = std::vector<std::uint8_t>;

/// How a slice counts, and what comes before it.
struct SliceCounts {
  RecordWeights times;       ///< of the slice's records; empty where all count once
  LabelCounts total;         ///< over all ranks
  LabelCounts before;        ///< rows on lower ranks
  LabelCounts before_group;  ///< of these, the rows before the group of this slice's first record
};

/// The rows of all ranks in the order of falling scores; equal scores (−0 equals +0) make a group.
/// Made once by rank_scores, it serves every metric of ranking. Each rank has a slice of the order,
/// whole blocks of positions; a group may lie over several slices.
struct RankedScores : SliceCounts {
  SortedSlice order;           ///< key ~sort_key(score), payload 2·row + label
  bool group_goes_on = false;  ///< the last group of this slice ends on a higher rank
};

/// Sorts scores over all ranks.
/// @param scores  of this rank's rows; infinite ones may be, NaN is a DataError that names its row
/// @param labels  0 or 1 (DataError), one for each score (DataError)
/// Without any row: DataError.
/// *Collective*; see sort_over_ranks (16 bytes a row), and 56 bytes to P−1 ranks.
RankedScores rank_scores(Team& team, std::span<const double> scores, std::span<const double> labels,
                         int threads = 1);

/// Equal scores, counted from the highest score on.
struct ScoreGroup {
  double score = 0;
  LabelCounts begin;   ///< rows with higher scores
  LabelCounts end;     ///< rows with this or higher scores
  Index position = 0;  ///< of its last row in the order

  std::int64_t positives() const { return end.positives - begin.positives; }
  std::int64_t negatives() const { return end.negatives - begin.negatives; }
};

/// A metric of ranking in parts, so that those of many resamples can be summed at once:
///   value(total, Σ term(total, group))  over the groups of equal scores, total of all rows.
/// check(total) throws DataError where the metric is not defined. Sum is trivially copyable, has
/// +=, and Sum() is its zero.
struct Auc {
  using Sum = UInt128;  ///< twice the pairs in order, and once the ties
  void check(const LabelCounts& total) const;
  Sum term(const LabelCounts& total, const ScoreGroup& group) const;
  double value(const LabelCounts& total, Sum sum) const;
};
struct AveragePrecision {
  using Sum = double;
  void check(const LabelCounts& total) const;
  Sum term(const LabelCounts& total, const ScoreGroup& group) const;
  double value(const LabelCounts& total, Sum sum) const;
};

/// Area under the ROC curve: the probability that a positive row has a higher score than a negative
/// one, ties counting half [Hanley, McNeil 1982],
///   AUC = #{(i, j): sᵢ > sⱼ, i positive, j negative} + ½·#{sᵢ = sⱼ}, over the number of pairs.
/// Pairs are counted in integers of 128 bits, and the ratio is rounded once.
/// One class only: DataError that names the class without rows.
/// *Collective*; see sum_over_groups.
double auc(Team& team, const RankedScores& ranked);

/// Average precision: Σₙ (Rₙ − Rₙ₋₁)·Pₙ over the groups in the order of falling scores, R and P
/// recall and precision of all rows down to the group's end; nothing is interpolated. As
/// scikit-learn's average_precision_score. Summed over the blocks of sorted positions along the
/// tree, a group where its last row stands.
/// No positive rows: DataError.
/// *Collective*; see sum_over_groups.
double average_precision(Team& team, const RankedScores& ranked);

/// Predicting class 1 where score ≥ threshold: so many rows are true and false positives.
struct ThresholdCounts {
  double threshold = 0;
  std::int64_t true_positives = 0;
  std::int64_t false_positives = 0;

  friend bool operator==(const ThresholdCounts&, const ThresholdCounts&) = default;
};

/// One for each distinct score, in falling order: those whose group ends in this rank's slice. All
/// curves follow from them. Rank-local; 24 bytes a point.
std::vector<ThresholdCounts> threshold_counts(const RankedScores& ranked);

/// All of them, on rank `root` or, without one, on every rank; elsewhere none.
/// *Collective*; a rank sends 24 bytes for each of its points to the root or to P−1 ranks, and who
/// gets them needs 24 bytes for each distinct score of the data set.
std::vector<ThresholdCounts> gather_threshold_counts(Team& team, const RankedScores& ranked,
                                                     std::optional<int> root = std::nullopt);

/// True positive rate over false positive rate, from (0, 0), whose threshold is ∞, to (1, 1); as
/// scikit-learn's roc_curve(drop_intermediate=False).
struct RocCurve {
  std::vector<double> thresholds;
  std::vector<double> false_positive_rates;
  std::vector<double> true_positive_rates;
};

/// Precision over recall, in the order of falling thresholds, from recall 0 (precision 1 by
/// convention, threshold ∞) to recall 1; scikit-learn's precision_recall_curve has the same points
/// in reverse, those of recall 1 included.
struct PrecisionRecallCurve {
  std::vector<double> thresholds;
  std::vector<double> precisions;
  std::vector<double> recalls;
};

/// @param counts  of all ranks (gather_threshold_counts)
/// One class only, for the precision-recall curve no positive rows: DataError. Rank-local.
RocCurve roc_curve(std::span<const ThresholdCounts> counts);
PrecisionRecallCurve precision_recall_curve(std::span<const ThresholdCounts> counts);

/// "AUC: class 0 (negative) has 0 of 12 rows; expected at least 1": DataError, unless both classes
/// have at least `fewest` rows.
void check_both_classes(const char* metric, const LabelCounts& total, std::int64_t fewest = 1);

/// Calls visit(const ScoreGroup&) for each group that ends in this rank's slice, in order. So each
/// group is visited on one rank. Rank-local.
template <class Visit>
void for_each_group(const RankedScores& ranked, const Visit& visit);

/// The sum of term(const ScoreGroup&) over the groups of all ranks: in order inside each block of
/// sorted positions, blocks along the tree. T is trivially copyable and has +=, T() is its zero.
/// *Collective*; a rank sends at most 2·log₂(blocks) nodes of a T to every other.
template <class T, class Term>
T sum_over_groups(Team& team, const RankedScores& ranked, const Term& term);

/// The counts of resamples of scores that are sorted once. `times` has for each of them an element
/// for each record of this rank's slice (asserted).
/// *Collective*; a rank sends 56 bytes a resample to P−1 ranks, in one message.
std::vector<SliceCounts> count_times(Team& team, const RankedScores& ranked,
                                     std::vector<RecordWeights> times);

/// The metric of each of these resamples, as if it alone had been ranked. `ranked` counts as the
/// last one afterwards.
/// *Collective*; sends what count_times does, and what sum_over_groups does of all sums together.
template <class Metric>
std::vector<double> metric_of_resamples(Team& team, RankedScores& ranked,
                                        std::vector<RecordWeights> times, const Metric& metric);

template <class Visit>
void for_each_group(const RankedScores& ranked, const Visit& visit) {
  const std::span<const SortRecord> records = ranked.order.records();
  LabelCounts counts = ranked.before;
  ScoreGroup group;
  group.begin = ranked.before_group;
  for (std::size_t i = 0; i < records.size(); ++i) {
    counts.add(records[i], ranked.times.empty() ? 1 : ranked.times[i]);
    const bool last = i + 1 == records.size();
    if (last ? ranked.group_goes_on : records[i + 1].key == records[i].key) continue;
    group.score = sort_value(~records[i].key);
    group.end = counts;
    group.position = ranked.order.positions.begin + static_cast<Index>(i);
    visit(group);
    group.begin = counts;
  }
}

namespace detail {

/// The sums of the groups that end in each block of this rank's slice.
template <class T, class Term>
std::vector<T> block_sums(const RankedScores& ranked, const Term& term) {
  const FloatingPointMode mode;
  const SortedSlice& order = ranked.order;
  const Range blocks = order.blocks.blocks_of(order.positions);
  std::vector<T> sums(static_cast<std::size_t>(blocks.size()));
  std::size_t block = 0;
  Index block_end = (blocks.begin + 1) * order.blocks.size();
  for_each_group(ranked, [&](const ScoreGroup& group) {
    for (; group.position >= block_end; block_end += order.blocks.size()) ++block;
    sums[block] += term(group);
  });
  return sums;
}

/// Sums of the same number of elements, added element by element over the blocks of all ranks.
/// @param sums  for each element those of this rank's blocks
template <class T>
std::vector<T> fold_block_sums(Team& team, const SortedSlice& order,
                               const std::vector<std::vector<T>>& sums) {
  const Range blocks = order.blocks.blocks_of(order.positions);
  const auto sums_of_block = [&](Index block) {
    std::vector<T> of_block;
    of_block.reserve(sums.size());
    for (const std::vector<T>& element : sums) {
      of_block.push_back(element[static_cast<std::size_t>(block - blocks.begin)]);
    }
    return of_block;
  };
  const auto add = [](std::vector<T> left, const std::vector<T>& right) {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
    return left;
  };
  return tree_fold<std::vector<T>>(team, block_boundaries(team, order.blocks, order.positions),
                                   sums_of_block, add);
}

}  // namespace detail

template <class T, class Term>
T sum_over_groups(Team& team, const RankedScores& ranked, const Term& term) {
  return detail::fold_block_sums<T>(team, ranked.order, {detail::block_sums<T>(ranked, term)})
      .front();
}

template <class Metric>
std::vector<double> metric_of_resamples(Team& team, RankedScores& ranked,
                                        std::vector<RecordWeights> times, const Metric& metric) {
  using Sum = typename Metric::Sum;
  std::vector<LabelCounts> totals;
  std::vector<std::vector<Sum>> sums;
  for (SliceCounts& resample : count_times(team, ranked, std::move(times))) {
    static_cast<SliceCounts&>(ranked) = std::move(resample);
    metric.check(ranked.total);
    totals.push_back(ranked.total);
    sums.push_back(detail::block_sums<Sum>(
        ranked, [&](const ScoreGroup& group) { return metric.term(ranked.total, group); }));
  }
  std::vector<double> values;
  for (const Sum& sum : detail::fold_block_sums<Sum>(team, ranked.order, sums)) {
    values.push_back(metric.value(totals[values.size()], sum));
  }
  return values;
}

}  // namespace lockstep
