#include "core/statistics/moments.hpp"

#include <cassert>
#include <cmath>
#include <type_traits>

#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"

namespace lockstep {
namespace {

static_assert(std::is_trivially_copyable_v<ColumnMoments>);

/// The moments of many columns over the rows of one block: ColumnMoments::add for each column, kept
/// as one array per moment, so that the loop over the columns runs in vector registers.
class BlockMoments {
 public:
  explicit BlockMoments(Index columns)
      : mean_(static_cast<std::size_t>(columns)),
        m2_(mean_.size()),
        min_(mean_.size(), ColumnMoments().min),
        max_(mean_.size(), ColumnMoments().max) {}

  void add(const std::vector<double>& row) {
    ++count_;
    const auto n = static_cast<double>(count_);
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double x = row[j];
      const double deviation = x - mean_[j];
      const double mean = mean_[j] + deviation / n;
      m2_[j] += deviation * (x - mean);
      mean_[j] = mean;
      min_[j] = x < min_[j] ? x : min_[j];
      max_[j] = x > max_[j] ? x : max_[j];
    }
  }

  std::vector<ColumnMoments> columns() const {
    std::vector<ColumnMoments> columns;
    columns.reserve(mean_.size());
    for (std::size_t j = 0; j < mean_.size(); ++j) {
      columns.push_back({count_, mean_[j], m2_[j], min_[j], max_[j]});
    }
    return columns;
  }

 private:
  std::int64_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> m2_;
  std::vector<double> min_;
  std::vector<double> max_;
};

std::vector<ColumnMoments> merge_columns(std::vector<ColumnMoments> left,
                                         const std::vector<ColumnMoments>& right) {
  assert(left.size() == right.size());
  for (std::size_t j = 0; j < left.size(); ++j) left[j] = merge(left[j], right[j]);
  return left;
}

}  // namespace

void ColumnMoments::add(double x) {
  ++count;
  const double deviation = x - mean;
  mean += deviation / static_cast<double>(count);
  m2 += deviation * (x - mean);
  min = x < min ? x : min;
  max = x > max ? x : max;
}

double ColumnMoments::population_variance() const { return m2 / static_cast<double>(count); }

double ColumnMoments::sample_variance() const {
  if (count < 2) return std::numeric_limits<double>::quiet_NaN();
  return m2 / static_cast<double>(count - 1);
}

double ColumnMoments::population_deviation() const { return std::sqrt(population_variance()); }

ColumnMoments merge(const ColumnMoments& a, const ColumnMoments& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const auto n_a = static_cast<double>(a.count);
  const auto n_b = static_cast<double>(b.count);
  const double difference = b.mean - a.mean;
  ColumnMoments whole;
  whole.count = a.count + b.count;
  const auto n = static_cast<double>(whole.count);
  whole.mean = a.mean + difference * (n_b / n);
  whole.m2 = a.m2 + b.m2 + difference * difference * (n_a * (n_b / n));
  whole.min = b.min < a.min ? b.min : a.min;
  whole.max = b.max > a.max ? b.max : a.max;
  return whole;
}

std::vector<ColumnMoments> column_moments(Team& team, const Table& table) {
  return column_moments(team, table, [](std::span<double>) {});
}

std::vector<ColumnMoments> column_moments(Team& team, const Table& table,
                                          const std::function<void(std::span<double>)>& prepare) {
  const auto columns = static_cast<std::size_t>(table.features);
  const RowBlocks blocks(table.total_rows);
  const std::vector<Index> boundaries = block_boundaries(team, blocks, table.rows);
  if (table.total_rows == 0) return std::vector<ColumnMoments>(columns);
  std::vector<double> row(columns);
  const auto moments_of_block = [&](Index block) {
    BlockMoments moments(table.features);
    const Range rows = blocks.rows(block);
    for (Index i = rows.begin; i < rows.end; ++i) {
      table.copy_row(i - table.rows.begin, row.data());
      prepare(row);
      moments.add(row);
    }
    return moments.columns();
  };
  return tree_fold<std::vector<ColumnMoments>>(team, boundaries, moments_of_block, merge_columns);
}

std::vector<ColumnMoments> target_moments(Team& team, const Table& table) {
  const RowBlocks blocks(table.total_rows);
  const std::vector<Index> boundaries = block_boundaries(team, blocks, table.rows);
  const auto targets = static_cast<std::size_t>(table.targets());
  if (table.total_rows == 0) return std::vector<ColumnMoments>(targets);
  const auto moments_of_block = [&](Index block) {
    std::vector<ColumnMoments> moments(targets);
    const Range rows = blocks.rows(block);
    for (Index i = rows.begin; i < rows.end; ++i) {
      const double* const row = table.targets_of(i - table.rows.begin);
      for (std::size_t t = 0; t < targets; ++t) moments[t].add(row[t]);
    }
    return moments;
  };
  return tree_fold<std::vector<ColumnMoments>>(team, boundaries, moments_of_block, merge_columns);
}

}  // namespace lockstep
