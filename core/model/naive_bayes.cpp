#include "core/model/naive_bayes.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <span>
#include <utility>

#include "core/kernel/elementary.hpp"
#include "core/parallel/fold.hpp"
#include "core/statistics/moments.hpp"

namespace lockstep {
namespace {

/// What the rows of a block, or of several, add up to.
struct Sums {
  std::vector<ColumnMoments> moments;  ///< numbers × K
  std::vector<std::int64_t> counts;    ///< K rows of a class, then categories × K of each column
};

template <class V>
void append(Bytes& bytes, const std::vector<V>& values) {
  const auto view = std::as_bytes(std::span(values));
  bytes.insert(bytes.end(), view.begin(), view.end());
}

Sums merge_sums(Sums left, const Sums& right) {
  for (std::size_t i = 0; i < left.moments.size(); ++i) {
    left.moments[i] = merge(left.moments[i], right.moments[i]);
  }
  for (std::size_t i = 0; i < left.counts.size(); ++i) left.counts[i] += right.counts[i];
  return left;
}

/// Where the sums of each feature stand.
class Layout {
 public:
  Layout(const std::vector<ColumnType>& features, Index classes) : classes_(classes) {
    counts_ = static_cast<std::size_t>(classes);
    for (const ColumnType& type : features) {
      const bool number = type.kind == ColumnKind::number;
      is_number_.push_back(number);
      begin_.push_back(number ? moments_ : counts_);
      (number ? moments_ : counts_) +=
          static_cast<std::size_t>(classes) * (number ? 1 : type.categories.size());
    }
  }

  Sums zeros() const {
    return {std::vector<ColumnMoments>(moments_), std::vector<std::int64_t>(counts_)};
  }

  /// Takes a row of class y.
  void add(const std::vector<double>& row, std::size_t y, Sums& sums) const {
    const auto classes = static_cast<std::size_t>(classes_);
    ++sums.counts[y];
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (std::isnan(row[j])) continue;
      if (is_number_[j]) {
        sums.moments[begin_[j] + y].add(row[j]);
      } else {
        ++sums.counts[begin_[j] + static_cast<std::size_t>(row[j]) * classes + y];
      }
    }
  }

  bool is_number(std::size_t j) const { return is_number_[j]; }
  std::size_t begin(std::size_t j) const { return begin_[j]; }

 private:
  Index classes_;
  std::size_t moments_ = 0;
  std::size_t counts_ = 0;
  std::vector<bool> is_number_;
  std::vector<std::size_t> begin_;
};

/// ε: see the header.
double variance_floor(const std::vector<ColumnMoments>& pooled, double share) {
  double largest = 0;
  for (const ColumnMoments& column : pooled) {
    if (column.count > 0) largest = std::max(largest, column.population_variance());
  }
  return share * (largest > 0 ? largest : 1);
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

template <>
struct FoldCodec<Sums> {
  static Bytes encode(const Sums& sums) {
    const std::uint64_t moments = sums.moments.size();
    Bytes bytes;
    append(bytes, std::vector{moments});
    append(bytes, sums.moments);
    append(bytes, sums.counts);
    return bytes;
  }
  static Sums decode(std::span<const std::byte> bytes) {
    std::uint64_t moments = 0;
    std::memcpy(&moments, bytes.data(), sizeof(moments));
    const auto split = sizeof(moments) + moments * sizeof(ColumnMoments);
    return {FoldCodec<std::vector<ColumnMoments>>::decode(
                bytes.subspan(sizeof(moments), split - sizeof(moments))),
            FoldCodec<std::vector<std::int64_t>>::decode(bytes.subspan(split))};
  }
};

RowBlocks NaiveBayes::blocks(Index total_rows, Index classes) {
  // A merge touches every class: it should cost less than the rows of a block.
  constexpr Index kRowsAClass = 16;
  return RowBlocks(total_rows, std::max(RowBlocks::kSmallest, kRowsAClass * classes));
}

NaiveBayes NaiveBayes::fit(Team& team, const Table& table, const NaiveBayesOptions& options,
                           int threads) {
  assert(table.target_kind == TargetKind::classes && table.total_rows > 0);
  const auto classes = table.class_names.size();
  std::vector<ColumnType> features = table.feature_types;
  if (features.empty()) features.resize(static_cast<std::size_t>(table.features));
  const Layout layout(features, static_cast<Index>(classes));
  const RowBlocks row_blocks = blocks(table.total_rows, static_cast<Index>(classes));
  const auto sums_of_block = [&](Index block) {
    Sums sums = layout.zeros();
    std::vector<double> row(features.size());
    const Range rows = row_blocks.rows(block);
    for (Index i = rows.begin; i < rows.end; ++i) {
      const Index local = i - table.rows.begin;
      table.copy_row(local, row.data());
      layout.add(row, static_cast<std::size_t>(table.target[static_cast<std::size_t>(local)]),
                 sums);
    }
    return sums;
  };
  const Sums sums = tree_fold<Sums>(team, block_boundaries(team, row_blocks, table.rows),
                                    sums_of_block, merge_sums, threads);

  const FloatingPointMode mode;
  const std::vector<ColumnMoments> pooled = pooled_moments(sums.moments, classes);
  const double floor = variance_floor(pooled, options.variance_smoothing);
  Parameters parameters;
  for (std::size_t y = 0; y < classes; ++y) {
    parameters.log_prior.push_back(
        kernel::log(static_cast<double>(sums.counts[y]) / static_cast<double>(table.total_rows)));
  }
  for (std::size_t i = 0; i < sums.moments.size(); ++i) {
    const ColumnMoments& own = sums.moments[i];
    const ColumnMoments& column = own.count > 0 ? own : pooled[i / classes];
    parameters.mean.push_back(column.mean);
    parameters.variance.push_back(floor + (column.count > 0 ? column.population_variance() : 0));
  }
  for (std::size_t j = 0; j < features.size(); ++j) {
    if (layout.is_number(j)) continue;
    parameters.log_probability.push_back(log_probabilities(
        std::span(sums.counts).subspan(layout.begin(j), features[j].categories.size() * classes),
        classes, options.smoothing));
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
