#include "core/model/naive_bayes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/threads.hpp"
#include "core/statistics/moments.hpp"

namespace lockstep {
namespace {

std::vector<ColumnMoments> merge_columns(std::vector<ColumnMoments> left,
                                         const std::vector<ColumnMoments>& right) {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = merge(left[i], right[i]);
  return left;
}

/// Where the moments, or counts, of each feature stand.
struct Layout {
  Layout(const std::vector<ColumnType>& features, std::size_t classes) : counts(classes) {
    for (std::size_t j = 0; j < features.size(); ++j) {
      if (features[j].kind == ColumnKind::number) {
        numbers.push_back(j);
      } else {
        categories.push_back({j, counts, features[j].categories.size() * classes});
        counts += categories.back().size;
      }
    }
  }

  struct Counts {
    std::size_t feature;
    std::size_t begin;
    std::size_t size;  ///< categories × K
  };
  std::vector<std::size_t> numbers;  ///< the features that are numbers: K moments each
  std::vector<Counts> categories;    ///< the others
  std::size_t counts;                ///< K rows of a class, then those of `categories`
};

std::size_t class_of(const Table& table, Index local) {
  return static_cast<std::size_t>(table.target[static_cast<std::size_t>(local)]);
}

/// K moments of each column of numbers over all rows. *Collective*.
std::vector<ColumnMoments> moments_of_classes(Team& team, const Table& table, const Layout& layout,
                                              std::size_t classes, int threads) {
  if (layout.numbers.empty()) return {};
  const RowBlocks blocks = NaiveBayes::blocks(table.total_rows, static_cast<Index>(classes));
  const auto moments_of_block = [&](Index block) {
    std::vector<ColumnMoments> moments(layout.numbers.size() * classes);
    std::vector<double> row(static_cast<std::size_t>(table.features));
    const Range rows = blocks.rows(block);
    for (Index i = rows.begin; i < rows.end; ++i) {
      const Index local = i - table.rows.begin;
      table.copy_row(local, row.data());
      const std::size_t y = class_of(table, local);
      for (std::size_t n = 0; n < layout.numbers.size(); ++n) {
        const double x = row[layout.numbers[n]];
        if (!std::isnan(x)) moments[n * classes + y].add(x);
      }
    }
    return moments;
  };
  return tree_fold<std::vector<ColumnMoments>>(team, block_boundaries(team, blocks, table.rows),
                                               moments_of_block, merge_columns, threads);
}

/// Counts the local rows [begin, end).
void count_rows(const Table& table, const Layout& layout, std::size_t classes, Range rows,
                std::span<std::int64_t> counts) {
  std::vector<double> row(static_cast<std::size_t>(table.features));
  for (Index local = rows.begin; local < rows.end; ++local) {
    const std::size_t y = class_of(table, local);
    ++counts[y];
    if (layout.categories.empty()) continue;
    table.copy_row(local, row.data());
    for (const Layout::Counts& column : layout.categories) {
      const double x = row[column.feature];
      if (!std::isnan(x)) ++counts[column.begin + static_cast<std::size_t>(x) * classes + y];
    }
  }
}

/// The counts over this rank's rows. Several threads count apart where that takes no more memory
/// than the table has.
std::vector<std::int64_t> local_counts(const Table& table, const Layout& layout,
                                       std::size_t classes, int threads) {
  const Index rows = table.rows.size();
  const Index parts = std::clamp<Index>(rows * table.features / static_cast<Index>(layout.counts),
                                        1, std::max(threads, 1));
  std::vector<std::int64_t> counts(static_cast<std::size_t>(parts) * layout.counts);
  parallel_for(threads, parts, [&](Index part) {
    count_rows(
        table, layout, classes, {rows * part / parts, rows * (part + 1) / parts},
        std::span(counts).subspan(static_cast<std::size_t>(part) * layout.counts, layout.counts));
  });
  for (std::size_t i = layout.counts; i < counts.size(); ++i) {
    counts[i % layout.counts] += counts[i];
  }
  counts.resize(layout.counts);
  return counts;
}

/// The counts over all rows. *Collective*.
std::vector<std::int64_t> counts_of_classes(Team& team, const Table& table, const Layout& layout,
                                            std::size_t classes, int threads) {
  std::vector<std::int64_t> counts;
  guard(team, "counting categories",
        [&] { counts = local_counts(table, layout, classes, threads); });
  team.all_reduce(counts, IntegerReduction::sum);
  return counts;
}

void check_every_class_has_rows(const Table& table, std::span<const std::int64_t> counts) {
  for (std::size_t y = 0; y < table.class_names.size(); ++y) {
    if (counts[y] > 0) continue;
    throw DataError(fmt::format("target {}: class {} has no rows; naive_bayes needs some of each",
                                quoted(table.target_name()), quoted(table.class_names[y])));
  }
}

/// Moments leave room for ε, which is no more than the largest of the variances.
void check_variances(const Table& table, const Layout& layout,
                     const std::vector<ColumnMoments>& moments,
                     const std::vector<ColumnMoments>& pooled) {
  const auto fits = [](const ColumnMoments& column) {
    return column.count == 0 || column.population_variance() <= NaiveBayes::kLargestVariance / 2;
  };
  const std::size_t classes = table.class_names.size();
  for (std::size_t n = 0; n < layout.numbers.size(); ++n) {
    const auto refuse = [&](const std::string& whose) {
      throw DataError(fmt::format(
          "column {}: values{} are too large for naive_bayes (their variance overflows)",
          quoted(table.feature_names[layout.numbers[n]]), whose));
    };
    for (std::size_t y = 0; y < classes; ++y) {
      if (!fits(moments[n * classes + y])) {
        refuse(fmt::format(" of class {}", quoted(table.class_names[y])));
      }
    }
    if (!fits(pooled[n])) refuse("");
  }
}

/// ε: see the header.
double variance_floor(const std::vector<ColumnMoments>& pooled, double share) {
  double largest = 0;
  for (const ColumnMoments& column : pooled) {
    if (column.count > 0) largest = std::max(largest, column.population_variance());
  }
  return std::max(share * (largest > 0 ? largest : 1), NaiveBayes::kSmallestVariance);
}

/// The moments of each column of numbers over all classes, merged in the order of the classes.
std::vector<ColumnMoments> pooled_moments(const std::vector<ColumnMoments>& moments,
                                          std::size_t classes) {
  std::vector<ColumnMoments> pooled;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    if (i % classes == 0) pooled.emplace_back();
    pooled.back() = merge(pooled.back(), moments[i]);
  }
  return pooled;
}

/// ln P(c | y) of one column, from the counts of categories × K.
std::vector<double> log_probabilities(std::span<const std::int64_t> counts, std::size_t classes,
                                      double smoothing) {
  std::vector<double> result(counts.size());
  const std::size_t categories = counts.size() / classes;
  for (std::size_t y = 0; y < classes; ++y) {
    std::int64_t rows = 0;
    for (std::size_t c = 0; c < categories; ++c) rows += counts[c * classes + y];
    const double all = static_cast<double>(rows) + smoothing * static_cast<double>(categories);
    for (std::size_t c = 0; c < categories; ++c) {
      const auto count = static_cast<double>(counts[c * classes + y]);
      result[c * classes + y] = kernel::log((count + smoothing) / all);
    }
  }
  return result;
}

}  // namespace

RowBlocks NaiveBayes::blocks(Index total_rows, Index classes) {
  // A merge touches the moments of every class: it should cost less than the rows of a block.
  constexpr Index kRowsAClass = 16;
  return RowBlocks(total_rows, std::max(RowBlocks::kSmallest, kRowsAClass * classes));
}

NaiveBayes NaiveBayes::fit(Team& team, const Table& table, const NaiveBayesOptions& options,
                           int threads) {
  assert(table.target_kind == TargetKind::classes && table.total_rows > 0);
  assert(options.smoothing > 0 && options.variance_smoothing > 0);
  assert(options.variance_smoothing <= 1);
  const auto classes = table.class_names.size();
  std::vector<ColumnType> features = table.feature_types;
  if (features.empty()) features.resize(static_cast<std::size_t>(table.features));
  const Layout layout(features, classes);
  const auto counts = counts_of_classes(team, table, layout, classes, threads);
  const auto moments = moments_of_classes(team, table, layout, classes, threads);

  // All ranks have the same sums, so they throw alike.
  const FloatingPointMode mode;
  const std::vector<ColumnMoments> pooled = pooled_moments(moments, classes);
  check_every_class_has_rows(table, counts);
  check_variances(table, layout, moments, pooled);
  const double floor = variance_floor(pooled, options.variance_smoothing);
  Parameters parameters;
  for (std::size_t y = 0; y < classes; ++y) {
    parameters.log_prior.push_back(
        kernel::log(static_cast<double>(counts[y]) / static_cast<double>(table.total_rows)));
  }
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const ColumnMoments& own = moments[i];
    const ColumnMoments& column = own.count > 0 ? own : pooled[i / classes];
    parameters.mean.push_back(column.mean);
    parameters.variance.push_back(floor + (column.count > 0 ? column.population_variance() : 0));
  }
  for (const Layout::Counts& column : layout.categories) {
    parameters.log_probability.push_back(log_probabilities(
        std::span(counts).subspan(column.begin, column.size), classes, options.smoothing));
  }
  return {std::move(features), std::move(parameters)};
}

NaiveBayes::NaiveBayes(std::vector<ColumnType> features, Parameters parameters)
    : features_(std::move(features)), parameters_(std::move(parameters)) {
  assert(parameters_.mean.size() == parameters_.variance.size());
  for (const double variance : parameters_.variance) {
    log_scale_.push_back(-0.5 * kernel::log(2 * std::numbers::pi * variance));
    precision_.push_back(1 / (2 * variance));
  }
}

void NaiveBayes::score(const double* row, double* scores) const {
  const std::size_t classes = parameters_.log_prior.size();
  std::copy(parameters_.log_prior.begin(), parameters_.log_prior.end(), scores);
  std::size_t number = 0;
  std::size_t category = 0;
  for (std::size_t j = 0; j < features_.size(); ++j) {
    const double x = row[j];
    if (features_[j].kind == ColumnKind::number) {
      const std::size_t begin = number++ * classes;
      if (std::isnan(x)) continue;
      for (std::size_t y = 0; y < classes; ++y) {
        const double deviation = x - parameters_.mean[begin + y];
        scores[y] += log_scale_[begin + y] - deviation * deviation * precision_[begin + y];
      }
    } else {
      const std::vector<double>& log_probability = parameters_.log_probability[category++];
      if (std::isnan(x)) continue;
      const std::size_t begin = static_cast<std::size_t>(x) * classes;
      for (std::size_t y = 0; y < classes; ++y) scores[y] += log_probability[begin + y];
    }
  }
}

}  // namespace lockstep
