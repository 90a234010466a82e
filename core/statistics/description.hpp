#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/data/columns.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"
#include "core/statistics/central_moments.hpp"
#include "core/statistics/quantiles.hpp"

namespace lockstep {

/// What describes one column. Missing cells are left out of all of it.
struct ColumnDescription {
  std::string name;
  ColumnKind kind = ColumnKind::number;
  std::int64_t count = 0;    ///< cells that are present
  std::int64_t missing = 0;  ///< cells that are not

  CentralMoments moments{};   ///< of numbers
  Quartiles quartiles{};      ///< of numbers
  std::int64_t distinct = 0;  ///< categories that occur
  /// I(column; target) in bits over the rows where both are present, numbers in the bins of
  /// Binning; of the target itself, its entropy. Nothing without a target.
  std::optional<double> mutual_information{};
};

/// What describes a data set.
struct Description {
  std::int64_t rows = 0;
  std::vector<ColumnDescription> columns;  ///< in the order of the data
  std::vector<Index> numbers;              ///< the columns that are numbers
  /// Pearson's ρ of these, each pair over the rows where both are present; NaN where one of them
  /// does not vary there, by more than 10⁻¹⁵⁰ of the largest magnitude of the column.
  Matrix correlation;
  std::optional<Index> target;
};

/// Describes the columns of all ranks, with the same bits for any number of ranks and threads.
/// Consumes the columns, whose rows are moved to the ranks of their blocks.
/// *Collective*; a rank sends what central_moments, quartiles, pairwise_co_moments and
/// mutual_information send.
Description describe(Team& team, Columns columns, int threads);

}  // namespace lockstep
