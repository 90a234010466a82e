#include "core/statistics/description.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/parallel/threads.hpp"
#include "core/probability/contingency.hpp"
#include "core/probability/information.hpp"
#include "core/statistics/pairwise_covariance.hpp"
#include "core/statistics/units.hpp"

namespace lockstep {
namespace {

/// The columns as categories: codes as they are, numbers in bins.
class Categories {
 public:
  Categories(const Columns& columns, const std::vector<ColumnDescription>& descriptions)
      : columns_(columns) {
    for (std::size_t j = 0; j < descriptions.size(); ++j) {
      const ColumnDescription& column = descriptions[j];
      if (column.kind == ColumnKind::number) {
        binnings_.emplace_back(Binning(column.count, column.moments.min, column.moments.max));
      } else {
        binnings_.emplace_back();
      }
    }
  }

  Index count(Index j) const {
    const auto column = static_cast<std::size_t>(j);
    return binnings_[column] ? binnings_[column]->bins()
                             : static_cast<Index>(columns_.types[column].categories.size());
  }

  /// Of this rank's rows.
  std::vector<Index> of_column(Index j) const {
    const auto& binning = binnings_[static_cast<std::size_t>(j)];
    const DistributedMatrix& matrix = columns_.values;
    std::vector<Index> categories;
    categories.reserve(static_cast<std::size_t>(matrix.rows.size()));
    for (Index i = matrix.rows.begin; i < matrix.rows.end; ++i) {
      const double x = matrix.row(i)[j];
      if (binning) {
        categories.push_back(binning->bin_of(x));
      } else {
        categories.push_back(std::isnan(x) ? Binning::kMissing : static_cast<Index>(x));
      }
    }
    return categories;
  }

 private:
  const Columns& columns_;
  std::vector<std::optional<Binning>> binnings_;
};

/// I(column; target) of every column. *Collective*.
void add_information(Team& team, const Columns& columns, Description& description, int threads) {
  if (!columns.target) return;
  const Categories categories(columns, description.columns);
  const Index target_count = categories.count(*columns.target);
  std::vector<ContingencyTable> parts(description.columns.size());
  guard(team, "counting categories", [&] {
    const std::vector<Index> target = categories.of_column(*columns.target);
    parallel_for(threads, static_cast<Index>(parts.size()), [&](Index j) {
      parts[static_cast<std::size_t>(j)] =
          ContingencyTable(categories.count(j), target_count, categories.of_column(j), target);
    });
  });
  const std::vector<double> information = mutual_information(team, parts);
  for (std::size_t j = 0; j < information.size(); ++j) {
    description.columns[j].mutual_information = information[j];
  }
}

/// How many categories of each column occur. *Collective*.
void count_distinct(Team& team, const Columns& columns, Description& description) {
  for (std::size_t j = 0; j < columns.types.size(); ++j) {
    if (columns.types[j].kind == ColumnKind::number) continue;
    std::vector<std::int64_t> occurs;
    guard(team, "counting categories", [&] {
      occurs.resize(columns.types[j].categories.size());
      for (Index i = columns.values.rows.begin; i < columns.values.rows.end; ++i) {
        const double code = columns.values.row(i)[j];
        if (!std::isnan(code)) occurs[static_cast<std::size_t>(code)] = 1;
      }
    });
    team.all_reduce(occurs, IntegerReduction::max);
    description.columns[j].distinct = std::count(occurs.begin(), occurs.end(), 1);
  }
}

/// A correlation is the same in any unit: in that of its moments, a column's products neither
/// overflow nor vanish. `numbers` has the columns that are numbers.
void put_in_units(const Description& description, DistributedMatrix& numbers) {
  for (Index k = 0; k < numbers.columns; ++k) {
    const auto j = static_cast<std::size_t>(description.numbers[static_cast<std::size_t>(k)]);
    const double unit = description.columns[j].moments.unit();
    if (unit == 1) continue;
    for (Index i = numbers.rows.begin; i < numbers.rows.end; ++i) {
      double& x = numbers.row(i)[k];
      if (!std::isnan(x)) x = in_units(x, unit);
    }
  }
}

}  // namespace

Description describe(Team& team, Columns columns, int threads) {
  const RowBlocks blocks = co_moment_blocks(columns.values.total_rows, columns.values.columns);
  columns.values = in_blocks(team, std::move(columns.values), blocks);
  Description description;
  description.rows = columns.values.total_rows;
  description.target = columns.target;

  const std::vector<CentralMoments> moments = central_moments(team, columns.values, threads);
  for (std::size_t j = 0; j < columns.names.size(); ++j) {
    ColumnDescription column{columns.names[j], columns.types[j].kind, moments[j].count,
                             description.rows - moments[j].count};
    if (column.kind == ColumnKind::number) {
      column.moments = moments[j];
      description.numbers.push_back(static_cast<Index>(j));
    }
    description.columns.push_back(column);
  }
  count_distinct(team, columns, description);
  add_information(team, columns, description, threads);

  Columns numbers = selected(team, columns, description.numbers);
  columns.values = {};
  if (description.numbers.empty()) return description;
  const std::vector<Quartiles> found = quartiles(team, numbers.values, threads);
  for (std::size_t k = 0; k < found.size(); ++k) {
    description.columns[static_cast<std::size_t>(description.numbers[k])].quartiles = found[k];
  }
  put_in_units(description, numbers.values);
  description.correlation = correlation(pairwise_co_moments(team, numbers.values, threads));
  return description;
}

}  // namespace lockstep
