#include "core/profile/drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "core/base/error.hpp"
#include "core/linalg/matrix.hpp"
#include "core/profile/dense_columns.hpp"
#include "core/statistics/quantiles.hpp"

namespace lockstep {
namespace {

constexpr std::array<double, 9> kDeciles{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};

/// This rank's cells of column j.
std::vector<double> column_of(const DistributedMatrix& matrix, Index j) {
  std::vector<double> cells;
  cells.reserve(static_cast<std::size_t>(matrix.rows.size()));
  for (Index i = matrix.rows.begin; i < matrix.rows.end; ++i) cells.push_back(matrix.row(i)[j]);
  return cells;
}

/// How often each bin occurs over all ranks, of the first set and behind it of the second.
/// *Collective*.
template <class BinOf>
PopulationStability stability_of(Team& team, std::span<const double> train,
                                 std::span<const double> test, std::size_t bins,
                                 const BinOf& bin_of) {
  std::vector<std::int64_t> counts(2 * bins);
  for (const double x : train) ++counts[bin_of(x)];
  for (const double x : test) ++counts[bins + bin_of(x)];
  team.all_reduce(counts, IntegerReduction::sum);
  return population_stability(std::span(counts).first(bins), std::span(counts).subspan(bins));
}

/// *Collective*.
UnknownCategories unknown_categories(Team& team, const Table& test, std::span<const double> cells,
                                     Index feature, std::size_t known) {
  const std::vector<std::string>& categories = categories_of(test, feature);
  UnknownCategories unknown;
  if (categories.size() <= known) return unknown;
  constexpr Index kNone = std::numeric_limits<Index>::max();
  std::vector<std::int64_t> first_rows(categories.size() - known, kNone);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (std::isnan(cells[i]) || static_cast<std::size_t>(cells[i]) < known) continue;
    ++unknown.cells;
    std::int64_t& first = first_rows[static_cast<std::size_t>(cells[i]) - known];
    first = std::min<std::int64_t>(first, test.rows.begin + static_cast<Index>(i));
  }
  unknown.cells = sum_over(team, unknown.cells);
  team.all_reduce(first_rows, IntegerReduction::min);
  if (unknown.cells == 0) return unknown;
  const auto first = std::min_element(first_rows.begin(), first_rows.end());
  unknown.first_row = *first;
  unknown.example = categories[known + static_cast<std::size_t>(first - first_rows.begin())];
  unknown.categories = static_cast<std::int64_t>(first_rows.size()) -
                       std::count(first_rows.begin(), first_rows.end(), kNone);
  return unknown;
}

/// *Collective*.
ColumnDrift drift_of_categories(Team& team, const Table& train, const Table& test, Index feature,
                                std::span<const double> train_cells,
                                std::span<const double> test_cells) {
  const std::size_t known = categories_of(train, feature).size();
  const std::size_t missing = std::max(known, categories_of(test, feature).size());
  const auto bin_of = [&](double x) {
    return std::isnan(x) ? missing : static_cast<std::size_t>(x);
  };
  ColumnDrift drift{ColumnKind::category};
  drift.stability = stability_of(team, train_cells, test_cells, missing + 1, bin_of);
  drift.unknown = unknown_categories(team, test, test_cells, feature, known);
  return drift;
}

/// *Collective*.
ColumnDrift drift_of_numbers(Team& team, std::span<const double> deciles,
                             std::span<const double> train, std::span<const double> test,
                             int threads) {
  const DecileBins bins(deciles);
  ColumnDrift drift;
  drift.stability =
      stability_of(team, train, test, bins.count(), [&](double x) { return bins.bin_of(x); });
  drift.distance = kolmogorov_smirnov(team, train, test, threads);
  return drift;
}

void check_alike(const Table& train, const Table& test) {
  if (train.features != test.features) {
    throw DataError(fmt::format("drift: expected rows of {} features, found {}", train.features,
                                test.features));
  }
  if (train.sparse() != nullptr || test.sparse() != nullptr) {
    throw DataError("drift: expected rows that are not sparse");
  }
}

}  // namespace

std::vector<ColumnDrift> column_drift(Team& team, const Table& train, const Table& test,
                                      int threads) {
  check_alike(train, test);
  std::vector<ColumnDrift> drifts;
  for_column_groups(train.features, [&](Range group) {
    DistributedMatrix train_cells;
    DistributedMatrix test_cells;
    guard(team, "comparing columns", [&] {
      train_cells = dense_columns(train, group);
      test_cells = dense_columns(test, group);
    });
    const RowMajorMatrix deciles = quantiles(team, train_cells, kDeciles, threads);
    for (Index j = group.begin; j < group.end; ++j) {
      const Index k = j - group.begin;
      const std::vector<double> of_train = column_of(train_cells, k);
      const std::vector<double> of_test = column_of(test_cells, k);
      const std::span<const double> cuts(deciles.data() + k * deciles.cols(), kDeciles.size());
      drifts.push_back(kind_of(train, j) == ColumnKind::number
                           ? drift_of_numbers(team, cuts, of_train, of_test, threads)
                           : drift_of_categories(team, train, test, j, of_train, of_test));
    }
  });
  return drifts;
}

}  // namespace lockstep
