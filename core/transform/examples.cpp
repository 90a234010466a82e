#include "core/transform/examples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
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

/// Rows of a table become rows of features, one at a time.
class RowMaker {
 public:
  RowMaker(const Table& table, const FeatureTransform& features)
      : table_(table),
        features_(features),
        cells_(static_cast<std::size_t>(features.sources())),
        row_(static_cast<std::size_t>(features.width())) {}

  /// False for a row that the transform refuses.
  bool make(Index local) {
    table_.copy_row(local, cells_.data());
    return features_.apply(cells_, table_.feature_types, row_);
  }

  /// The features of the row that was made last.
  const std::vector<double>& row() const { return row_; }
  /// Why it was refused.
  std::string problem() const { return features_.problem(cells_, table_.feature_types); }

 private:
  const Table& table_;
  const FeatureTransform& features_;
  std::vector<double> cells_;
  std::vector<double> row_;
};

/// Says what is wrong with a row that has no features, or one too large for T.
template <class T>
[[noreturn]] void refuse_row(const Table& table, const FeatureTransform& features, Index local) {
  const FloatingPointMode mode;
  RowMaker maker(table, features);
  const std::string place = table.places.of(table.rows.begin + local);
  if (!maker.make(local)) throw DataError(fmt::format("{}: {}", place, maker.problem()));
  const std::vector<double>& row = maker.row();
  const auto found = std::find_if_not(row.begin(), row.end(), fits<T>);
  const auto feature = static_cast<std::size_t>(found - row.begin());
  const std::string& name = feature < row.size() ? features.names()[feature] : table.target_name;
  throw DataError(fmt::format(
      "{}: the value in column {} is too large for train.precision = {}; scale the column{}", place,
      lockstep::quoted(name), sizeof(T) == sizeof(float) ? "float" : "double",
      sizeof(T) == sizeof(float) ? " or set double" : ""));
}

}  // namespace

template <class T>
Examples<T> make_examples(const Table& table, const FeatureTransform& features,
                          const ColumnScaling& target, int threads) {
  assert(table.features == features.sources());
  Examples<T> examples;
  examples.rows = table.rows;
  examples.total_rows = table.total_rows;
  examples.features = features.width();
  examples.stride = round_up(examples.features, kPanel);
  examples.values.resize(static_cast<std::size_t>(table.rows.size() * examples.stride));
  examples.actual_targets = table.target;
  examples.targets = table.target;
  const bool has_target = table.target_kind == TargetKind::number;
  if (has_target && target.kind != Scaling::none) {
    for (double& y : examples.targets) y = target.apply(y);
  }
  constexpr Index kRowsOfATask = 256;
  const Index rows = table.rows.size();
  // The first row, of each task, that cannot be used; rows when there is none.
  std::vector<Index> refused(static_cast<std::size_t>((rows + kRowsOfATask - 1) / kRowsOfATask),
                             rows);
  parallel_for(threads, static_cast<Index>(refused.size()), [&](Index task) {
    RowMaker maker(table, features);
    const std::vector<double>& row = maker.row();
    const Index end = std::min(rows, (task + 1) * kRowsOfATask);
    for (Index r = task * kRowsOfATask; r < end; ++r) {
      if (!maker.make(r) || !std::all_of(row.begin(), row.end(), fits<T>) ||
          (has_target && !fits<T>(examples.targets[static_cast<std::size_t>(r)]))) {
        refused[static_cast<std::size_t>(task)] = r;
        return;
      }
      T* to = examples.values.data() + r * examples.stride;
      for (std::size_t c = 0; c < row.size(); ++c) to[c] = static_cast<T>(row[c]);
    }
  });
  const auto first =
      std::find_if(refused.begin(), refused.end(), [&](Index r) { return r < rows; });
  if (first != refused.end()) refuse_row<T>(table, features, *first);
  return examples;
}

template Examples<float> make_examples(const Table&, const FeatureTransform&, const ColumnScaling&,
                                       int);
template Examples<double> make_examples(const Table&, const FeatureTransform&, const ColumnScaling&,
                                        int);

}  // namespace lockstep
