#include "core/profile/magnitudes.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <span>

#include "core/profile/dense_columns.hpp"
#include "core/statistics/central_moments.hpp"

namespace lockstep {
namespace {

/// The extreme cells of a rank's rows. Travels as bytes.
struct Extremes {
  std::int64_t cells = 0;
  Index first_row = 0;
  double first_value = 0;
};

Extremes extremes_of(const DistributedMatrix& cells, Index j, const Quartiles& quartiles) {
  Extremes extremes;
  const double range = quartiles.interquartile_range();
  if (!(range > 0) || !std::isfinite(range)) return extremes;
  const double lowest = quartiles.lower - kExtremeRanges * range;
  const double highest = quartiles.upper + kExtremeRanges * range;
  for (Index i = cells.rows.begin; i < cells.rows.end; ++i) {
    const double x = cells.row(i)[j];
    if (!(x < lowest || x > highest)) continue;
    if (++extremes.cells > 1) continue;
    extremes.first_row = i;
    extremes.first_value = x;
  }
  return extremes;
}

/// Adds what all ranks have found. *Collective*.
void agree_on_extremes(Team& team, const std::vector<Extremes>& mine,
                       std::span<ColumnMagnitude> columns) {
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    for (std::size_t k = 0; k < columns.size(); ++k) {
      Extremes theirs;
      std::memcpy(&theirs, bytes.data() + k * sizeof(theirs), sizeof(theirs));
      if (columns[k].extreme == 0) {  // ranks have their rows in order
        columns[k].first_extreme = theirs.first_row;
        columns[k].first_value = theirs.first_value;
      }
      columns[k].extreme += theirs.cells;
    }
  }
}

/// √(mean² + variance), which overflows and vanishes no sooner than the numbers do.
double root_mean_square(const CentralMoments& moments) {
  if (moments.count == 0) return std::numeric_limits<double>::quiet_NaN();
  const double mean = std::fabs(moments.mean());
  const double deviation = moments.deviation(Normalization::population);
  const double unit = std::max(mean, deviation);
  if (!(unit > 0) || !std::isfinite(unit)) return unit;
  const double a = mean / unit;
  const double b = deviation / unit;
  return unit * std::sqrt(a * a + b * b);
}

}  // namespace

std::vector<ColumnMagnitude> column_magnitudes(Team& team, const Table& table, int threads) {
  assert(table.sparse() == nullptr);
  std::vector<ColumnMagnitude> columns(static_cast<std::size_t>(table.features));
  for_column_groups(table.features, [&](Range group) {
    DistributedMatrix cells;
    guard(team, "looking at columns", [&] { cells = dense_columns(table, group); });
    const std::vector<Quartiles> quarters = quartiles(team, cells, threads);
    const std::vector<CentralMoments> moments = central_moments(team, cells, threads);
    std::vector<Extremes> extremes(quarters.size());
    const auto of_group = std::span(columns).subspan(static_cast<std::size_t>(group.begin),
                                                     static_cast<std::size_t>(group.size()));
    for (std::size_t k = 0; k < of_group.size(); ++k) {
      const auto j = static_cast<Index>(k);
      if (kind_of(table, group.begin + j) != ColumnKind::number) continue;
      of_group[k].quartiles = quarters[k];
      of_group[k].root_mean_square = root_mean_square(moments[k]);
      extremes[k] = extremes_of(cells, j, quarters[k]);
    }
    agree_on_extremes(team, extremes, of_group);
  });
  return columns;
}

}  // namespace lockstep
