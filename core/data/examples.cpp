#include "core/data/examples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

template <class T>
bool fits(double value) {
  return std::fabs(value) <= static_cast<double>(std::numeric_limits<T>::max());
}

template <class T>
[[noreturn]] void throw_too_large(const Table& table, Index local, const std::vector<double>& row) {
  const auto found = std::find_if_not(row.begin(), row.end(), fits<T>);
  const auto column = static_cast<std::size_t>(found - row.begin());
  const std::string& name = column < row.size() ? table.feature_names[column] : table.target_name;
  throw DataError(fmt::format(
      "row {}: the value in column {} is too large for train.precision = {}; scale the column{}",
      table.rows.begin + local + 1, quoted(name), sizeof(T) == sizeof(float) ? "float" : "double",
      sizeof(T) == sizeof(float) ? " or set double" : ""));
}

}  // namespace

template <class T>
Examples<T> make_examples(const Table& table, const FeatureScaling& features,
                          const FeatureScaling& target, int threads) {
  Examples<T> examples;
  examples.rows = table.rows;
  examples.total_rows = table.total_rows;
  examples.features = table.features;
  examples.stride = round_up(table.features, kPanel);
  examples.values.resize(static_cast<std::size_t>(table.rows.size() * examples.stride));
  examples.actual_targets = table.target;
  examples.targets = table.target;
  const bool has_target = table.target_kind == TargetKind::number;
  if (has_target && target.kind() != Scaling::none) {
    for (double& y : examples.targets) y = target.apply(0, y);
  }
  constexpr Index kRowsOfATask = 256;
  const Index rows = table.rows.size();
  // The first row, of each task, that has a value too large; rows when there is none.
  std::vector<Index> too_large(static_cast<std::size_t>((rows + kRowsOfATask - 1) / kRowsOfATask),
                               rows);
  parallel_for(threads, static_cast<Index>(too_large.size()), [&](Index task) {
    std::vector<double> row(static_cast<std::size_t>(table.features));
    const Index end = std::min(rows, (task + 1) * kRowsOfATask);
    for (Index r = task * kRowsOfATask; r < end; ++r) {
      table.copy_row(r, row.data());
      features.apply(row);
      if (!std::all_of(row.begin(), row.end(), fits<T>) ||
          (has_target && !fits<T>(examples.targets[static_cast<std::size_t>(r)]))) {
        too_large[static_cast<std::size_t>(task)] = r;
        return;
      }
      T* to = examples.values.data() + r * examples.stride;
      for (std::size_t c = 0; c < row.size(); ++c) to[c] = static_cast<T>(row[c]);
    }
  });
  const auto first =
      std::find_if(too_large.begin(), too_large.end(), [&](Index r) { return r < rows; });
  if (first != too_large.end()) {
    std::vector<double> row(static_cast<std::size_t>(table.features));
    table.copy_row(*first, row.data());
    features.apply(row);
    throw_too_large<T>(table, *first, row);
  }
  return examples;
}

template Examples<float> make_examples(const Table&, const FeatureScaling&, const FeatureScaling&,
                                       int);
template Examples<double> make_examples(const Table&, const FeatureScaling&, const FeatureScaling&,
                                        int);

}  // namespace lockstep
