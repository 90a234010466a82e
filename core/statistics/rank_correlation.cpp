#include "core/statistics/rank_correlation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/base/error.hpp"
#include "core/parallel/sort_over_ranks.hpp"
#include "core/statistics/covariance.hpp"

namespace lockstep {
namespace {

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

struct RankOfRow {
  Index row;
  double rank;
};

/// What the other ranks need to know of a slice of the sorted sequence: its first and last run of
/// equal keys, which may go on beyond it.
struct SliceEnds {
  Range positions;
  std::uint64_t first_key = 0;
  std::uint64_t last_key = 0;
  Index first_run_end = 0;
  Index last_run_begin = 0;
};

/// The end of the run of equal keys that begins at records[begin].
Index run_end(std::span<const SortRecord> records, Index begin) {
  const std::uint64_t key = records[to_size(begin)].key;
  Index end = begin + 1;
  while (end < static_cast<Index>(records.size()) && records[to_size(end)].key == key) ++end;
  return end;
}

SliceEnds ends_of(std::span<const SortRecord> records, Range positions) {
  SliceEnds ends{positions};
  if (records.empty()) return ends;
  ends.first_key = records.front().key;
  ends.last_key = records.back().key;
  ends.first_run_end = positions.begin + run_end(records, 0);
  auto last = static_cast<Index>(records.size()) - 1;
  while (last > 0 && records[to_size(last - 1)].key == ends.last_key) --last;
  ends.last_run_begin = positions.begin + last;
  return ends;
}

/// The whole of the runs that the slice of `rank` begins and ends with: where the first begins and
/// the last ends, over all slices.
Range whole_runs(std::span<const SliceEnds> slices, std::size_t rank) {
  const SliceEnds& mine = slices[rank];
  Range whole{mine.positions.begin, mine.positions.end};
  for (std::size_t left = rank; left-- > 0;) {
    const SliceEnds& slice = slices[left];
    if (slice.positions.empty()) continue;
    if (slice.last_key != mine.first_key) break;
    whole.begin = slice.last_run_begin;
  }
  for (std::size_t right = rank + 1; right < slices.size(); ++right) {
    const SliceEnds& slice = slices[right];
    if (slice.positions.empty()) continue;
    if (slice.first_key != mine.last_key) break;
    whole.end = slice.first_run_end;
  }
  return whole;
}

/// The average ranks of a slice of the sorted sequence, by the rows in its payloads. Positions
/// begin … end−1 have the ranks begin+1 … end, whose average is (begin + 1 + end)/2.
std::vector<RankOfRow> ranks_of(std::span<const SortRecord> records, Range positions, Range whole) {
  std::vector<RankOfRow> ranks;
  ranks.reserve(records.size());
  const auto count = static_cast<Index>(records.size());
  for (Index begin = 0; begin < count;) {
    const Index end = run_end(records, begin);
    const Index first = begin == 0 ? whole.begin : positions.begin + begin;
    const Index behind = end == count ? whole.end : positions.begin + end;
    const double rank = static_cast<double>(first + 1 + behind) / 2;
    for (Index i = begin; i < end; ++i) {
      ranks.push_back({static_cast<Index>(records[to_size(i)].payload), rank});
    }
    begin = end;
  }
  return ranks;
}

template <class T>
std::vector<T> all_gather_values(Team& team, const T& mine) {
  std::vector<T> values;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    std::memcpy(&values.emplace_back(), bytes.data(), sizeof(T));
  }
  return values;
}

/// The ranks that fall to this rank's rows, from whoever found them.
std::vector<RankOfRow> sent_home(Team& team, std::span<const RankOfRow> ranks,
                                 const std::vector<Index>& first_rows) {
  std::vector<Bytes> to(first_rows.size());
  for (const RankOfRow& rank : ranks) {
    // Of ranks without rows, that begin where the next does, the last has the row.
    const auto behind = std::upper_bound(first_rows.begin(), first_rows.end(), rank.row);
    Bytes& message = to[static_cast<std::size_t>(behind - first_rows.begin()) - 1];
    const auto bytes = std::as_bytes(std::span(&rank, 1));
    message.insert(message.end(), bytes.begin(), bytes.end());
  }
  std::vector<RankOfRow> mine;
  for (const Bytes& bytes : team.exchange(std::move(to))) {
    const std::size_t before = mine.size();
    mine.resize(before + bytes.size() / sizeof(RankOfRow));
    if (!bytes.empty()) std::memcpy(mine.data() + before, bytes.data(), bytes.size());
  }
  return mine;
}

std::size_t first_nan(std::span<const double> values) {
  const auto at =
      std::find_if(values.begin(), values.end(), [](double x) { return std::isnan(x); });
  return static_cast<std::size_t>(at - values.begin());
}

void refuse_nan(Team& team, const DistributedMatrix& X) {
  const std::size_t at = first_nan(X.values);
  const Index first =
      min_over(team, at == X.values.size() ? std::numeric_limits<Index>::max()
                                           : X.rows.begin * X.columns + static_cast<Index>(at));
  if (first == std::numeric_limits<Index>::max()) return;
  throw DataError(fmt::format("average_ranks: expected numbers, found NaN in row {}, column {}",
                              first / X.columns, first % X.columns));
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
  if (const std::size_t at = first_nan(values); at < values.size()) {
    throw DataError(fmt::format("average_ranks: expected numbers, found NaN as value {}", at));
  }
  SortRecords records;
  records.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) records.push_back({sort_key(values[i]), i});
  sort_records(records);
  const Range all{0, static_cast<Index>(values.size())};
  std::vector<double> ranks(values.size());
  for (const RankOfRow& rank : ranks_of(records, all, all)) ranks[to_size(rank.row)] = rank.rank;
  return ranks;
}

DistributedMatrix average_ranks(Team& team, const DistributedMatrix& X, int threads) {
  refuse_nan(team, X);
  const std::vector<Index> first_rows = all_gather_values(team, X.rows.begin);
  DistributedMatrix ranks = X;
  for (Index j = 0; j < X.columns; ++j) {
    const auto source = [&](Index first, std::span<SortRecord> records) {
      Index row = X.rows.begin + first;
      for (SortRecord& record : records) {
        record = {sort_key(X.row(row)[j]), static_cast<std::uint64_t>(row)};
        ++row;
      }
    };
    const SortedSlice slice = sort_over_ranks(team, X.rows.size(), source, threads);
    const auto slices = all_gather_values(team, ends_of(slice.records(), slice.positions));
    const Range whole = whole_runs(slices, static_cast<std::size_t>(team.rank()));
    const auto found = ranks_of(slice.records(), slice.positions, whole);
    for (const RankOfRow& rank : sent_home(team, found, first_rows)) {
      ranks.row(rank.row)[j] = rank.rank;
    }
  }
  return ranks;
}

double spearman_correlation(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size()) {
    throw DataError(fmt::format(
        "spearman_correlation: expected two vectors of equal length, found {} and {} values",
        x.size(), y.size()));
  }
  return correlation(average_ranks(x), average_ranks(y));
}

Matrix spearman_correlation(Team& team, const DistributedMatrix& X, int threads) {
  return correlation(co_moments(team, average_ranks(team, X, threads), threads));
}

}  // namespace lockstep
