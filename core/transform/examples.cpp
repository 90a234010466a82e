#include "core/transform/examples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "core/base/error.hpp"
#include "core/base/large_pages.hpp"
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

/// Says what is wrong with a row that has no features, or one too large for T, or such a target.
/// @param targets  of the row, scaled
template <class T>
[[noreturn]] void refuse_row(const Table& table, const FeatureTransform& features,
                             std::span<const double> targets, Index local) {
  const FloatingPointMode mode;
  RowMaker maker(table, features);
  const std::string place = table.places.of(table.number_read(local));
  if (!maker.make(local)) throw DataError(fmt::format("{}: {}", place, maker.problem()));
  const std::vector<double>& row = maker.row();
  const auto first_too_large = [](std::span<const double> numbers) {
    const auto found = std::find_if_not(numbers.begin(), numbers.end(), fits<T>);
    return static_cast<std::size_t>(found - numbers.begin());
  };
  const std::size_t feature = first_too_large(row);
  const std::string& name = feature < row.size() ? features.names()[feature]
                                                 : table.target_names[first_too_large(targets)];
  const char* const remedy =
      feature < row.size() ? "scale the column" : "set preprocess.target_scale = standard";
  throw DataError(
      fmt::format("{}: the value in column {} is too large for train.precision = {}; {}{}", place,
                  lockstep::quoted(name), sizeof(T) == sizeof(float) ? "float" : "double", remedy,
                  sizeof(T) == sizeof(float) ? " or set double" : ""));
}

/// The rows of a table without sparse values, or whose zeros become something else.
template <class T>
class DenseRows {
 public:
  DenseRows(const Table& table, const FeatureTransform& features, Examples<T>& examples)
      : table_(table), features_(features), examples_(examples) {
    examples.stride = round_up(examples.features, kPanel);
    examples.values.resize(static_cast<std::size_t>(table.rows.size() * examples.stride));
  }

  /// Makes the rows up to one that cannot be made, which is returned, or to the end.
  Index make(Range rows) const {
    RowMaker maker(table_, features_);
    const std::vector<double>& row = maker.row();
    for (Index r = rows.begin; r < rows.end; ++r) {
      if (!maker.make(r) || !std::all_of(row.begin(), row.end(), fits<T>)) return r;
      T* to = examples_.values.data() + r * examples_.stride;
      for (std::size_t c = 0; c < row.size(); ++c) to[c] = static_cast<T>(row[c]);
      std::fill(to + row.size(), to + examples_.stride, T{0});
    }
    return rows.end;
  }

 private:
  const Table& table_;
  const FeatureTransform& features_;
  Examples<T>& examples_;
};

/// What rows that stay in their file are made of.
std::shared_ptr<LaterRows> later_rows(const Table& table, const FeatureTransform& features) {
  auto later = std::make_shared<LaterRows>();
  later->features = features;
  Table& rows = later->table;
  rows.rows = table.rows;
  rows.total_rows = table.total_rows;
  rows.features = table.features;
  rows.values = table.values;
  rows.numbers_read = table.numbers_read;
  rows.feature_types = table.feature_types;
  return later;
}

/// The rows of a table that stay in their file: they are made, and not kept.
template <class T>
class RowsForLater {
 public:
  RowsForLater(const Table& table, const FeatureTransform& features, Examples<T>& examples)
      : table_(table), features_(features) {
    examples.stride = round_up(examples.features, kPanel);
    examples.later = later_rows(table, features);
  }

  /// As of dense rows.
  Index make(Range rows) const {
    RowMaker maker(table_, features_);
    const std::vector<double>& row = maker.row();
    for (Index r = rows.begin; r < rows.end; ++r) {
      if (!maker.make(r) || !std::all_of(row.begin(), row.end(), fits<T>)) return r;
    }
    return rows.end;
  }

 private:
  const Table& table_;
  const FeatureTransform& features_;
};

/// Sparse rows, of which only the cells are looked at.
template <class T>
class SparseRowsOf {
 public:
  SparseRowsOf(const SparseValues& from, const FeatureTransform& features, Examples<T>& examples)
      : from_(from), features_(features), examples_(examples) {
    examples.is_sparse = true;
    examples.begins = from.begins;
    if (examples.begins.empty()) examples.begins.push_back(0);
    examples.columns = from.columns;
    examples.cells.resize(from.numbers.size());
  }

  /// As of dense rows.
  Index make(Range rows) const {
    for (Index r = rows.begin; r < rows.end; ++r) {
      const Range cells = from_.cells_of(r);
      for (Index i = cells.begin; i < cells.end; ++i) {
        const auto cell = static_cast<std::size_t>(i);
        const ColumnScaling& scaling = features_.columns()[from_.columns[cell]].scaling;
        if (!scaling.takes(from_.numbers[cell])) return r;
        const double value = scaling.apply(from_.numbers[cell]);
        if (!fits<T>(value)) return r;
        examples_.cells[cell] = static_cast<T>(value);
      }
    }
    return rows.end;
  }

  /// Reading what is always 1 takes as long as all the rest.
  void leave_out_ones() const {
    Buffer<T>& cells = examples_.cells;
    if (std::all_of(cells.begin(), cells.end(), [](T x) { return x == T(1); })) cells = {};
  }

 private:
  const SparseValues& from_;
  const FeatureTransform& features_;
  Examples<T>& examples_;
};

/// Sparse rows that stay in their file: their cells are looked at.
template <class T>
class SparseRowsForLater {
 public:
  SparseRowsForLater(const Table& table, const FeatureTransform& features)
      : table_(table), features_(features) {}

  /// As of dense rows.
  Index make(Range rows) const {
    bool all_one = true;
    for (Index r = rows.begin; r < rows.end; ++r) {
      bool is_good = true;
      table_.for_each_cell(r, [&](std::uint32_t column, double x) {
        const ColumnScaling& scaling = features_.columns()[column].scaling;
        const double value = scaling.takes(x) ? scaling.apply(x) : kTooLarge;
        is_good = is_good && fits<T>(value);
        all_one = all_one && static_cast<T>(value) == T(1);
      });
      if (!is_good) return r;
    }
    if (!all_one) all_one_ = false;
    return rows.end;
  }

  void keep(Examples<T>& examples) const {
    const std::shared_ptr<LaterRows> later = later_rows(table_, features_);
    later->all_one = all_one_;
    const auto& columns = features_.columns();
    later->is_unscaled = std::all_of(columns.begin(), columns.end(), [](const auto& column) {
      return column.scaling.kind == Scaling::none;
    });
    examples.later = later;
    examples.is_sparse = true;
  }

 private:
  static constexpr double kTooLarge = std::numeric_limits<double>::infinity();

  const Table& table_;
  const FeatureTransform& features_;
  mutable std::atomic<bool> all_one_{true};
};

/// Makes these rows, in tasks; returns the first that cannot be made, or the end.
template <class Rows>
Index make_rows(Range rows, int threads, const Rows& maker) {
  constexpr Index kRowsOfATask = 256;
  const Index tasks = (rows.size() + kRowsOfATask - 1) / kRowsOfATask;
  std::vector<Index> refused(static_cast<std::size_t>(tasks), rows.end);
  parallel_for(threads, tasks, [&](Index task) {
    const Index begin = rows.begin + task * kRowsOfATask;
    const Range mine{begin, std::min(rows.end, begin + kRowsOfATask)};
    const Index made = maker.make(mine);
    if (made < mine.end) refused[static_cast<std::size_t>(task)] = made;
  });
  return tasks == 0 ? rows.end : *std::min_element(refused.begin(), refused.end());
}

/// Makes all rows, and gives back `numbers`, which they are made of, as they are.
template <class Rows>
Index make_rows_of(std::span<double> numbers, Index rows, int threads, const Rows& maker) {
  constexpr std::size_t kPiece = 8 * kLargePage;
  const std::size_t width = rows > 0 ? numbers.size() / static_cast<std::size_t>(rows) : 0;
  const auto step =
      static_cast<Index>(kPiece / sizeof(double) / std::max<std::size_t>(width, 1) + 1);
  for (Index begin = 0; begin < rows; begin += step) {
    const Range piece{begin, std::min(rows, begin + step)};
    const Index made = make_rows(piece, threads, maker);
    if (made < piece.end) return made;
    // All so far: what lay in one large page with rows to come goes too.
    release_memory(numbers.data(), static_cast<std::size_t>(piece.end) * width * sizeof(double));
  }
  return rows;
}

/// @param numbers  of the table, where they may be given back; otherwise none
template <class T>
Examples<T> made_of(const Table& table, std::span<double> numbers, const FeatureTransform& features,
                    const std::vector<ColumnScaling>& targets, int threads) {
  assert(table.features == features.sources());
  Examples<T> examples;
  examples.rows = table.rows;
  examples.total_rows = table.total_rows;
  examples.features = features.width();
  examples.target_count = table.targets();
  examples.actual_targets = table.target;
  examples.targets = table.target;
  if (table.weights) examples.weights = *table.weights;
  examples.places = table.places;
  examples.numbers_read = table.numbers_read;
  Index refused = table.rows.size();
  if (table.target_kind == TargetKind::number) {
    const auto count = static_cast<std::size_t>(table.targets());
    assert(targets.empty() || targets.size() == count);
    for (std::size_t i = 0; i < examples.targets.size(); ++i) {
      double& y = examples.targets[i];
      if (!targets.empty()) y = targets[i % count].apply(y);
      if (!fits<T>(y)) refused = std::min(refused, static_cast<Index>(i / count));
    }
  }
  const SparseValues* sparse = table.sparse();
  const Index rows = table.rows.size();
  if (sparse != nullptr && features.keeps_zeros()) {
    const SparseRowsOf<T> maker(*sparse, features, examples);
    refused = std::min(refused, make_rows({0, rows}, threads, maker));
    maker.leave_out_ones();
  } else if (table.is_sparse() && features.keeps_zeros()) {
    const SparseRowsForLater<T> maker(table, features);
    refused = std::min(refused, make_rows({0, rows}, threads, maker));
    maker.keep(examples);
  } else if (table.stays_in_file()) {
    const RowsForLater<T> maker(table, features, examples);
    refused = std::min(refused, make_rows({0, rows}, threads, maker));
  } else {
    const DenseRows<T> maker(table, features, examples);
    // A row that is refused for its target is looked at again.
    const bool keeps = numbers.empty() || refused < rows;
    refused = std::min(refused, keeps ? make_rows({0, rows}, threads, maker)
                                      : make_rows_of(numbers, rows, threads, maker));
  }
  if (refused < rows) {
    const Index count = examples.target_count;
    refuse_row<T>(
        table, features,
        std::span<const double>(examples.targets)
            .subspan(static_cast<std::size_t>(refused * count), static_cast<std::size_t>(count)),
        refused);
  }
  return examples;
}

}  // namespace

template <class T>
Index Examples<T>::memory_bytes() const {
  return static_cast<Index>((values.size() + cells.size()) * sizeof(T) +
                            columns.size() * sizeof(columns[0]) +
                            begins.size() * sizeof(begins[0]));
}

template <class T>
void Examples<T>::will_need(Range locals) const {
  if (!later) return;
  later->table.will_need(locals);
}

template <class T>
ExampleReader<T>::ExampleReader(const Examples<T>& examples) : examples_(examples) {
  if (!examples.later) return;
  cells_.resize(static_cast<std::size_t>(examples.later->table.features));
  row_.resize(static_cast<std::size_t>(examples.features));
}

template <class T>
void ExampleReader<T>::copy(Index local, T* out) {
  if (!examples_.later) {
    std::copy_n(examples_.row(local), examples_.stride, out);
    return;
  }
  const LaterRows& later = *examples_.later;
  later.table.copy_row(local, cells_.data());
  later.features.apply(cells_, later.table.feature_types, row_);
  for (std::size_t c = 0; c < row_.size(); ++c) out[c] = static_cast<T>(row_[c]);
  std::fill(out + row_.size(), out + examples_.stride, T{0});
}

template <class T>
Examples<T> make_examples(const Table& table, const FeatureTransform& features,
                          const std::vector<ColumnScaling>& targets, int threads) {
  return made_of<T>(table, {}, features, targets, threads);
}

template <class T>
Examples<T> make_examples(Table&& table, const FeatureTransform& features,
                          const std::vector<ColumnScaling>& targets, int threads) {
  Table consumed = std::move(table);
  auto* const numbers = std::get_if<Table::NumberValues>(&consumed.values);
  return made_of<T>(consumed, numbers == nullptr ? std::span<double>() : std::span(*numbers),
                    features, targets, threads);
}

template struct Examples<float>;
template struct Examples<double>;
template class ExampleReader<float>;
template class ExampleReader<double>;
template Examples<float> make_examples(const Table&, const FeatureTransform&,
                                       const std::vector<ColumnScaling>&, int);
template Examples<double> make_examples(const Table&, const FeatureTransform&,
                                        const std::vector<ColumnScaling>&, int);
template Examples<float> make_examples(Table&&, const FeatureTransform&,
                                       const std::vector<ColumnScaling>&, int);
template Examples<double> make_examples(Table&&, const FeatureTransform&,
                                        const std::vector<ColumnScaling>&, int);

}  // namespace lockstep
