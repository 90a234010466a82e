#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/data/class_labels.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/parallel/ranges.hpp"
#include "core/statistics/central_moments.hpp"
#include "core/statistics/most_frequent.hpp"
#include "core/statistics/quantiles.hpp"
#include "core/statistics/row_counts.hpp"
#include "core/transform/category_bucket.hpp"
#include "core/transform/feature_transform.hpp"

namespace lockstep {
namespace {

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// One fit, column by column: what is missing, what fills it, how it is scaled.
class Fitting {
 public:
  Fitting(Team& team, const Table& table, std::span<const ColumnOptions> options, int threads)
      : team_(team),
        table_(table),
        options_(options),
        threads_(threads),
        columns_(options.size()),
        types_(table.feature_types),
        missing_(options.size()),
        category_counts_(options.size()) {
    assert(options.size() == to_size(table.features));
    types_.resize(options.size());
  }

  std::vector<ColumnTransform> run() {
    choose_encodings();
    count_cells();
    for (std::size_t j = 0; j < columns_.size(); ++j) check_missing(j);
    fill_numbers(Imputation::mean);
    fill_numbers(Imputation::median);
    fill_numbers(Imputation::most_frequent);
    for (std::size_t j = 0; j < columns_.size(); ++j) fill_otherwise(j);
    scale_by_moments();
    scale_by_quartiles();
    return std::move(columns_);
  }

 private:
  /// Columns whose values a rank holds once more, at a time.
  static constexpr std::size_t kColumnsAtATime = 16;

  std::string name(std::size_t j) const { return lockstep::quoted(table_.feature_names[j]); }
  bool is_category(std::size_t j) const { return types_[j].kind == ColumnKind::category; }
  void choose_encodings() {
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      if (!is_category(j)) continue;
      ColumnTransform& column = columns_[j];
      column.encoding = options_[j].encode;
      column.unknown = options_[j].unknown;
      const auto categories = static_cast<Index>(types_[j].categories.size());
      if (column.encoding == Encoding::none) {
        throw DataError(
            fmt::format("column {} holds categories; encode it (preprocess.encode) or leave it out "
                        "(data.ignore)",
                        name(j)));
      }
      if (categories == 0) throw_all_missing(j);
      const bool makes_many =
          column.encoding == Encoding::onehot || column.encoding == Encoding::embedding;
      if (makes_many && categories > ColumnTransform::kMostFeatures) {
        throw DataError(fmt::format(
            "column {}: {} categories are more than the {} that {} takes; set encode = hash or "
            "ordinal for it, or leave it out (data.ignore)",
            name(j), categories, ColumnTransform::kMostFeatures,
            name_of(kEncodingNames, column.encoding)));
      }
      if (column.encoding == Encoding::embedding) {
        const Index asked = options_[j].dimension;
        column.dimension = asked > 0 ? asked : automatic_dimension(categories);
      }
      column.size = column.encoding == Encoding::hash ? options_[j].buckets : categories;
    }
  }

  [[noreturn]] void throw_all_missing(std::size_t j) const {
    throw DataError(
        fmt::format("column {}: all cells are missing; leave it out (data.ignore)", name(j)));
  }

  /// Missing cells of each column, and the frequencies of categories where they matter. Without
  /// types, no cell is missing.
  void count_cells() {
    if (table_.feature_types.empty()) return;
    std::vector<std::size_t> first(columns_.size());  // count of each column: the missing cells
    std::size_t size = 0;
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      first[j] = size;
      const bool by_category = is_category(j) && options_[j].impute == Imputation::most_frequent;
      size += 1 + (by_category ? types_[j].categories.size() : 0);
    }
    const auto sum = [&](std::span<std::int64_t> counts) {
      team_.all_reduce(counts, IntegerReduction::sum);
    };
    const auto count = [&](Index part, std::vector<std::int64_t>& counts) {
      std::vector<double> row(columns_.size());
      const Range rows = even_part(table_.rows.size(), threads_, part);
      for (Index i = rows.begin; i < rows.end; ++i) {
        table_.copy_row(i, row.data());
        for (std::size_t j = 0; j < row.size(); ++j) {
          if (std::isnan(row[j])) {
            ++counts[first[j]];
          } else if (is_category(j) && options_[j].impute == Imputation::most_frequent) {
            ++counts[first[j] + 1 + static_cast<std::size_t>(row[j])];
          }
        }
      }
    };
    const std::vector<std::int64_t> counts = count_in_parts(size, threads_, sum, count);
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      missing_[j] = counts[first[j]];
      const auto begin = counts.begin() + static_cast<std::ptrdiff_t>(first[j]) + 1;
      const auto end = j + 1 < first.size()
                           ? counts.begin() + static_cast<std::ptrdiff_t>(first[j + 1])
                           : counts.end();
      category_counts_[j].assign(begin, end);
    }
  }

  void check_missing(std::size_t j) const {
    const Imputation impute = options_[j].impute;
    if (missing_[j] == 0) return;
    if (impute == Imputation::none) {
      throw DataError(
          fmt::format("column {}: {} missing cells; fill them (preprocess.impute) or leave it out "
                      "(data.ignore)",
                      name(j), missing_[j]));
    }
    if (is_category(j) && (impute == Imputation::mean || impute == Imputation::median)) {
      throw ConfigError(fmt::format(
          "preprocess.impute: column {} has {} missing cells, and categories have no {}; set "
          "impute = most_frequent or constant in [preprocess.{}]",
          name(j), missing_[j], name_of(kImputationNames, impute), table_.feature_names[j]));
    }
    if (missing_[j] == table_.total_rows && impute != Imputation::constant) throw_all_missing(j);
  }

  /// The values of some columns in double; filled and as they are scaled, once fills are known.
  DistributedMatrix values_of(std::span<const std::size_t> which) const {
    DistributedMatrix X;
    X.rows = table_.rows;
    X.total_rows = table_.total_rows;
    X.columns = static_cast<Index>(which.size());
    X.values.resize(to_size(X.rows.size() * X.columns));
    parallel_for(threads_, threads_, [&](Index part) {
      std::vector<double> row(columns_.size());
      const Range rows = even_part(X.rows.size(), threads_, part);
      for (Index i = rows.begin; i < rows.end; ++i) {
        table_.copy_row(i, row.data());
        fill(row);
        double* to = X.values.data() + i * X.columns;
        for (const std::size_t j : which) *to++ = row[j];
      }
    });
    return X;
  }

  /// Puts fills where cells are missing, as far as they are known.
  void fill(std::span<double> row) const {
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (columns_[j].fill && std::isnan(row[j])) row[j] = *columns_[j].fill;
    }
  }

  /// Calls work(columns) for the columns that are chosen, a few at a time.
  template <class Chosen, class Work>
  void in_groups(const Chosen& chosen, const Work& work) const {
    std::vector<std::size_t> which;
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      if (chosen(j)) which.push_back(j);
    }
    for (std::size_t first = 0; first < which.size(); first += kColumnsAtATime) {
      work(std::span(which).subspan(first, std::min(kColumnsAtATime, which.size() - first)));
    }
  }

  /// The mean, median or mode of the columns of numbers that ask for it.
  void fill_numbers(Imputation impute) {
    const auto chosen = [&](std::size_t j) {
      return !is_category(j) && options_[j].impute == impute;
    };
    in_groups(chosen, [&](std::span<const std::size_t> which) {
      const std::vector<double> fills = fills_of(values_of(which), impute);
      for (std::size_t k = 0; k < which.size(); ++k) {
        if (!std::isfinite(fills[k])) {
          throw DataError(fmt::format("column {}: its values are too large to have a {}",
                                      name(which[k]), name_of(kImputationNames, impute)));
        }
        columns_[which[k]].fill = fills[k];
      }
    });
  }

  std::vector<double> fills_of(const DistributedMatrix& X, Imputation impute) const {
    if (impute == Imputation::most_frequent) return most_frequent(team_, X);
    std::vector<double> fills;
    if (impute == Imputation::mean) {
      for (const CentralMoments& column : central_moments(team_, X, threads_)) {
        fills.push_back(column.mean());
      }
    } else {
      for (const Quartiles& column : quartiles(team_, X, threads_)) fills.push_back(column.median);
    }
    return fills;
  }

  /// The constant of a column, the most frequent of its categories; and the indicator.
  void fill_otherwise(std::size_t j) {
    ColumnTransform& column = columns_[j];
    const Imputation impute = options_[j].impute;
    if (impute == Imputation::constant) column.fill = constant_of(j);
    if (impute == Imputation::most_frequent && is_category(j)) {
      const std::vector<std::int64_t>& counts = category_counts_[j];
      const auto most = std::max_element(counts.begin(), counts.end());
      column.fill = stored(j, most - counts.begin());
    }
    column.indicator = options_[j].indicator && missing_[j] > 0;
  }

  double constant_of(std::size_t j) const {
    const std::string& fill = options_[j].fill;
    if (is_category(j)) {
      if (const auto index = ClassLabels(types_[j].categories).code(fill)) {
        return stored(j, *index);
      }
      throw ConfigError(fmt::format("preprocess.fill: column {} has no category {}", name(j),
                                    lockstep::quoted(fill)));
    }
    double number = 0;
    if (parse_csv_number(fill, number)) return number;
    throw ConfigError(fmt::format("preprocess.fill: column {} holds numbers, and {} is none",
                                  name(j), lockstep::quoted(fill)));
  }

  /// What a transform keeps of category `index`: a hash keeps its bucket.
  double stored(std::size_t j, Index index) const {
    if (columns_[j].encoding != Encoding::hash) return static_cast<double>(index);
    return static_cast<double>(
        category_bucket(types_[j].categories[to_size(index)], columns_[j].size));
  }

  void scale_by_moments() {
    const auto is_scaled = [&](std::size_t j) {
      return columns_[j].has_scale() && options_[j].scale != Scaling::none &&
             options_[j].scale != Scaling::robust;
    };
    bool needs_moments = false;
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      needs_moments = needs_moments || (is_scaled(j) && options_[j].scale != Scaling::log1p);
    }
    std::vector<ColumnMoments> moments(columns_.size());
    if (needs_moments) {
      moments = column_moments(team_, table_, [&](std::span<double> row) { fill(row); });
    }
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      if (!is_scaled(j)) continue;
      columns_[j].scaling =
          ColumnScaling::fit(options_[j].scale, moments[j], table_.feature_names[j]);
    }
  }

  void scale_by_quartiles() {
    const auto chosen = [&](std::size_t j) {
      return columns_[j].has_scale() && options_[j].scale == Scaling::robust;
    };
    in_groups(chosen, [&](std::span<const std::size_t> which) {
      const std::vector<Quartiles> all = quartiles(team_, values_of(which), threads_);
      for (std::size_t k = 0; k < which.size(); ++k) {
        columns_[which[k]].scaling = ColumnScaling::fit(all[k], table_.feature_names[which[k]]);
      }
    });
  }

  Team& team_;
  const Table& table_;
  std::span<const ColumnOptions> options_;
  int threads_;
  std::vector<ColumnTransform> columns_;
  std::vector<ColumnType> types_;      ///< of all columns, also where the table has none
  std::vector<std::int64_t> missing_;  ///< cells of each column, over all ranks
  /// Of the columns of categories whose most frequent one is asked for, by category.
  std::vector<std::vector<std::int64_t>> category_counts_;
};

void check_distinct(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (seen.insert(name).second) continue;
    throw DataError(fmt::format(
        "two features would be named {}, a column of the data or what is made of one; rename a "
        "column or leave it out (data.ignore)",
        lockstep::quoted(name)));
  }
}

}  // namespace

FeatureTransform FeatureTransform::fit(Team& team, const Table& table,
                                       std::span<const ColumnOptions> options, int threads) {
  FeatureTransform transform(schema_of(table), Fitting(team, table, options, threads).run());
  check_distinct(transform.names());
  return transform;
}

}  // namespace lockstep
