#include "core/probability/contingency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

/// ⌈log₂ n⌉ + 1
Index sturges(std::int64_t n) {
  return n <= 0 ? 0 : static_cast<Index>(std::bit_width(static_cast<std::uint64_t>(n) - 1)) + 1;
}

/// Tables up to this size, or up to the number of pairs, are counted cell by cell; larger ones by
/// sorting.
constexpr Index kSmallTable = 65536;

auto place(const ContingencyCell& cell) { return std::tie(cell.row, cell.column); }

bool before(const ContingencyCell& a, const ContingencyCell& b) { return place(a) < place(b); }

/// Adds up neighbours with the same place, and drops zeros.
std::vector<ContingencyCell> condensed(const std::vector<ContingencyCell>& sorted) {
  std::vector<ContingencyCell> cells;
  for (const ContingencyCell& cell : sorted) {
    if (!cells.empty() && place(cells.back()) == place(cell)) {
      cells.back().count += cell.count;
    } else if (cell.count != 0) {
      cells.push_back(cell);
    }
  }
  return cells;
}

void check_category(const char* name, Index category, Index categories) {
  if (category >= 0 && category < categories) return;
  throw DataError(fmt::format("contingency table: category {} of {}; expected 0 to {}", category,
                              name, categories - 1));
}

void check_shape(Index rows, Index columns) {
  if (rows >= 0 && columns >= 0 &&
      (columns == 0 || rows <= std::numeric_limits<Index>::max() / columns)) {
    return;
  }
  throw DataError(fmt::format("contingency table of {} x {}: no possible size", rows, columns));
}

}  // namespace

Binning::Binning(std::int64_t count, double min, double max)
    : bins_(min < max ? sturges(count) : (min == max && count > 0 ? 1 : 0)), min_(min), max_(max) {
  const bool usable = count == 0 || (std::isfinite(min) && std::isfinite(max));
  if (count >= 0 && usable && !std::isnan(min) && !std::isnan(max)) return;
  throw DataError(
      fmt::format("bins for {} numbers from {} to {}; expected finite numbers", count, min, max));
}

Index Binning::bin_of(double x) const {
  if (std::isnan(x) || bins_ == 0) return kMissing;
  if (bins_ == 1 || x <= min_) return 0;
  // Halves, because max − min can overflow.
  const double part = (x / 2 - min_ / 2) / (max_ / 2 - min_ / 2);
  const auto bins = static_cast<double>(bins_);
  return part >= 1 ? bins_ - 1 : std::min(static_cast<Index>(part * bins), bins_ - 1);
}

std::vector<Index> binned(std::span<const double> numbers) {
  std::int64_t count = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -min;
  for (const double x : numbers) {
    if (std::isnan(x)) continue;
    ++count;
    min = std::min(min, x);
    max = std::max(max, x);
  }
  const Binning binning(count, min, max);
  std::vector<Index> bins;
  bins.reserve(numbers.size());
  for (const double x : numbers) bins.push_back(binning.bin_of(x));
  return bins;
}

ContingencyTable::ContingencyTable(Index rows, Index columns, std::span<const Index> x,
                                   std::span<const Index> y)
    : rows_(rows), columns_(columns) {
  check_shape(rows, columns);
  if (x.size() != y.size()) {
    throw DataError(
        fmt::format("contingency table: {} categories of X and {} of Y; expected "
                    "equally many",
                    x.size(), y.size()));
  }
  const Index size = rows * columns;
  const bool small = size <= std::max(kSmallTable, static_cast<Index>(x.size()));
  std::vector<std::int64_t> counts(small ? static_cast<std::size_t>(size) : 0);
  std::vector<ContingencyCell> pairs;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == Binning::kMissing || y[i] == Binning::kMissing) continue;
    check_category("X", x[i], rows);
    check_category("Y", y[i], columns);
    if (small) {
      ++counts[static_cast<std::size_t>(x[i] * columns + y[i])];
    } else {
      pairs.push_back({x[i], y[i], 1});
    }
  }
  std::sort(pairs.begin(), pairs.end(), before);
  cells_ = condensed(pairs);
  for (Index e = 0; e < static_cast<Index>(counts.size()); ++e) {
    const std::int64_t count = counts[static_cast<std::size_t>(e)];
    if (count > 0) cells_.push_back({e / columns, e % columns, count});
  }
}

ContingencyTable ContingencyTable::of_cells(Index rows, Index columns,
                                            std::vector<ContingencyCell> cells) {
  check_shape(rows, columns);
  for (const ContingencyCell& cell : cells) {
    check_category("X", cell.row, rows);
    check_category("Y", cell.column, columns);
    if (cell.count < 0) {
      throw DataError(
          fmt::format("contingency table: cell ({}, {}) has the count {}; expected at "
                      "least 0",
                      cell.row, cell.column, cell.count));
    }
  }
  std::sort(cells.begin(), cells.end(), before);
  ContingencyTable table;
  table.rows_ = rows;
  table.columns_ = columns;
  table.cells_ = condensed(cells);
  return table;
}

std::int64_t ContingencyTable::total() const {
  std::int64_t sum = 0;
  for (const ContingencyCell& cell : cells_) sum += cell.count;
  return sum;
}

std::vector<std::int64_t> ContingencyTable::row_totals() const {
  std::vector<std::int64_t> totals(static_cast<std::size_t>(rows_));
  for (const ContingencyCell& cell : cells_)
    totals[static_cast<std::size_t>(cell.row)] += cell.count;
  return totals;
}

std::vector<std::int64_t> ContingencyTable::column_totals() const {
  std::vector<std::int64_t> totals(static_cast<std::size_t>(columns_));
  for (const ContingencyCell& cell : cells_) {
    totals[static_cast<std::size_t>(cell.column)] += cell.count;
  }
  return totals;
}

void ContingencyTable::merge(const ContingencyTable& other) {
  if (rows_ != other.rows_ || columns_ != other.columns_) {
    throw DataError(fmt::format("contingency tables of {} x {} and {} x {}; expected one shape",
                                rows_, columns_, other.rows_, other.columns_));
  }
  std::vector<ContingencyCell> merged;
  merged.reserve(cells_.size() + other.cells_.size());
  std::merge(cells_.begin(), cells_.end(), other.cells_.begin(), other.cells_.end(),
             std::back_inserter(merged), before);
  cells_ = condensed(merged);
}

Matrix ContingencyTable::joint_table() const {
  const std::int64_t n = total();
  if (n == 0) throw DataError("contingency table without counts: it has no frequencies");
  Matrix joint = Matrix::Zero(rows_, columns_);
  for (const ContingencyCell& cell : cells_) {
    joint(cell.row, cell.column) = static_cast<double>(cell.count) / static_cast<double>(n);
  }
  return joint;
}

}  // namespace lockstep
