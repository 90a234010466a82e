#include "core/statistics/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/base/error.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/sort.hpp"
#include "core/statistics/row_counts.hpp"

namespace lockstep {
namespace {

/// The edges of one column by their place in the order of the doubles, and where its counts stand:
/// below, one for each bin, above, missing.
struct Bins {
  std::vector<std::uint64_t> keys;
  std::size_t first_count;

  std::size_t bins() const { return keys.size() - 1; }
  std::size_t size() const { return bins() + 3; }

  /// The count that x belongs to.
  std::size_t place_of(double x) const {
    if (std::isnan(x)) return first_count + bins() + 2;
    const std::uint64_t key = sort_key(x);
    if (key == keys.back()) return first_count + bins();
    const auto after = std::upper_bound(keys.begin(), keys.end(), key);
    return first_count + static_cast<std::size_t>(after - keys.begin());
  }
};

void check_edges(std::span<const double> edges) {
  if (edges.size() < 2) {
    throw DataError(fmt::format("histogram: expected at least 2 edges, found {}", edges.size()));
  }
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const bool ascends = i == 0 || edges[i - 1] <= edges[i];
    if (ascends && !std::isnan(edges[i])) continue;
    throw DataError(fmt::format("histogram: expected ascending edges, found {} as edge {}{}",
                                edges[i], i,
                                i == 0 ? "" : fmt::format(" behind {}", edges[i - 1])));
  }
}

std::vector<Histogram> histograms_of(const Cells& cells, std::vector<std::vector<double>> edges,
                                     int threads, const SumCounts& sum) {
  std::vector<Bins> columns;
  std::size_t size = 0;
  for (const std::vector<double>& of_column : edges) {
    check_edges(of_column);
    Bins bins{{}, size};
    for (const double edge : of_column) bins.keys.push_back(sort_key(edge));
    size += bins.size();
    columns.push_back(std::move(bins));
  }
  const auto count = [&](Index part, std::vector<std::int64_t>& counts) {
    const Range rows = even_part(cells.rows, threads, part);
    for (Index i = rows.begin; i < rows.end; ++i) {
      const double* row = cells.values + i * cells.columns;
      for (std::size_t j = 0; j < columns.size(); ++j) ++counts[columns[j].place_of(row[j])];
    }
  };
  const std::vector<std::int64_t> counts = count_in_parts(size, threads, sum, count);
  std::vector<Histogram> histograms;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const auto* begin = counts.data() + columns[j].first_count;
    const auto* above = begin + columns[j].bins() + 1;
    histograms.push_back({std::move(edges[j]), {begin + 1, above}, begin[0], above[0], above[1]});
  }
  return histograms;
}

}  // namespace

Histogram merge(Histogram a, const Histogram& b) {
  if (a.edges != b.edges) {
    throw DataError("histogram: expected equal edges of the two that are merged");
  }
  for (std::size_t i = 0; i < a.counts.size(); ++i) a.counts[i] += b.counts[i];
  a.below += b.below;
  a.above += b.above;
  a.missing += b.missing;
  return a;
}

std::vector<double> equal_width_edges(double lower, double upper, Index bins) {
  if (bins < 1) throw DataError(fmt::format("histogram: expected at least 1 bin, found {}", bins));
  if (!(lower <= upper) || !std::isfinite(upper - lower)) {
    throw DataError(fmt::format(
        "histogram: expected a finite range, its lower end first, found {} to {}", lower, upper));
  }
  if (lower == upper) {
    lower -= 0.5;
    upper += 0.5;
  }
  const double step = (upper - lower) / static_cast<double>(bins);
  std::vector<double> edges;
  for (Index i = 0; i < bins; ++i) edges.push_back(lower + static_cast<double>(i) * step);
  edges.push_back(upper);
  return edges;
}

Histogram histogram(std::span<const double> values, std::vector<double> edges) {
  const Cells cells{values.data(), static_cast<Index>(values.size()), 1};
  return histograms_of(cells, {std::move(edges)}, 1, [](std::span<std::int64_t>) {})[0];
}

std::vector<Histogram> histograms(Team& team, const DistributedMatrix& X,
                                  std::vector<std::vector<double>> edges, int threads) {
  if (static_cast<Index>(edges.size()) != X.columns) {
    throw DataError(fmt::format("histograms: expected edges for {} columns, found them for {}",
                                X.columns, edges.size()));
  }
  const auto sum = [&](std::span<std::int64_t> counts) {
    team.all_reduce(counts, IntegerReduction::sum);
  };
  return histograms_of({X.values.data(), X.rows.size(), X.columns}, std::move(edges), threads, sum);
}

}  // namespace lockstep
