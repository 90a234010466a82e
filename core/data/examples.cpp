#include "core/data/examples.hpp"

#include <algorithm>

#include "core/parallel/threads.hpp"

namespace lockstep {

template <class T>
Examples<T> make_examples(const Table& table, const FeatureScaling& features,
                          const FeatureScaling& target, int threads) {
  Examples<T> examples;
  examples.rows = table.rows;
  examples.total_rows = table.total_rows;
  examples.features = table.features;
  examples.stride = round_up(table.features, kPanel);
  examples.values.resize(static_cast<std::size_t>(table.rows.size() * examples.stride));
  constexpr Index kRowsOfATask = 256;
  const Index rows = table.rows.size();
  parallel_for(threads, (rows + kRowsOfATask - 1) / kRowsOfATask, [&](Index task) {
    std::vector<double> row(static_cast<std::size_t>(table.features));
    const Index end = std::min(rows, (task + 1) * kRowsOfATask);
    for (Index r = task * kRowsOfATask; r < end; ++r) {
      table.copy_row(r, row.data());
      features.apply(row);
      T* to = examples.values.data() + r * examples.stride;
      for (std::size_t c = 0; c < row.size(); ++c) to[c] = static_cast<T>(row[c]);
    }
  });
  examples.actual_targets = table.target;
  examples.targets = table.target;
  if (table.target_kind == TargetKind::number && target.kind() != Scaling::none) {
    for (double& y : examples.targets) y = target.apply(0, y);
  }
  return examples;
}

template Examples<float> make_examples(const Table&, const FeatureScaling&, const FeatureScaling&,
                                       int);
template Examples<double> make_examples(const Table&, const FeatureScaling&, const FeatureScaling&,
                                        int);

}  // namespace lockstep
