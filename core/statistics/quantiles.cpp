#include "core/statistics/quantiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/base/error.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/sort.hpp"
#include "core/parallel/threads.hpp"
#include "core/statistics/row_counts.hpp"

namespace lockstep {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigitValues = std::size_t{1} << kDigitBits;
/// Columns whose keys a rank holds at a time: two cache lines of a row.
constexpr Index kMostColumns = 16;
/// Histograms that a thread holds at a time, unless one column has more: 32 MiB.
constexpr Index kMostHistograms = 2048;
constexpr std::array<double, 3> kQuarters{0.25, 0.5, 0.75};

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// Keys that share their highest bits, and the wanted order statistics among them.
struct Candidates {
  std::uint64_t prefix = 0;
  Index below = 0;            // values of the column with smaller keys
  std::vector<Index> orders;  // k of the wanted x₍ₖ₎, ascending
};

struct Column {
  std::int64_t present = 0;            // values that are not missing, over all ranks
  std::vector<Candidates> candidates;  // ascending
  std::size_t first_histogram = 0;     // where that of the first of them stands
};

/// A digit of a key: its `bits` bits above bit `shift`.
struct Digit {
  unsigned shift;
  unsigned bits;

  std::uint64_t of(std::uint64_t key) const {
    return (key >> shift) & ((std::uint64_t{1} << bits) - 1);
  }
  std::uint64_t prefix_of(std::uint64_t key) const { return (key >> shift) >> bits; }
};

/// x₍ₖ₎ and x₍ₖ₊₁₎ (or x₍ₙ₋₁₎ again), and how far between them Q(p) lies.
struct Position {
  Index below;
  Index above;
  double t;
};

Position position_of(double p, Index n) {
  const double h = p * static_cast<double>(n - 1);
  const double k = std::floor(h);
  const auto below = static_cast<Index>(k);
  return {below, std::min(below + 1, n - 1), h - k};
}

double interpolate(double a, double b, double t) {
  if (t == 0 || a == b) return a;
  const bool overflows = std::isinf(b - a) && std::isfinite(a) && std::isfinite(b);
  if (overflows) return a * (1 - t) + b * t;
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/// The orders of all positions, ascending, each once.
std::vector<Index> wanted_orders(std::span<const double> probabilities, Index n) {
  std::vector<Index> orders;
  for (const double p : probabilities) {
    const Position at = position_of(p, n);
    orders.insert(orders.end(), {at.below, at.above});
  }
  std::sort(orders.begin(), orders.end());
  orders.erase(std::unique(orders.begin(), orders.end()), orders.end());
  return orders;
}

/// The keys of a group of columns that are still among the candidates, in parts of the rows, each
/// for a thread: keys[part][column].
class Keys {
 public:
  Keys(const Cells& cells, Range columns, int threads)
      : keys_(to_size(threads), std::vector<std::vector<std::uint64_t>>(to_size(columns.size()))) {
    parallel_for(threads, threads, [&](Index part) {
      const Range rows = even_part(cells.rows, threads, part);
      for (auto& keys : keys_[to_size(part)]) keys.reserve(to_size(rows.size()));
      for (Index i = rows.begin; i < rows.end; ++i) {
        const double* x = cells.values + i * cells.columns + columns.begin;
        for (auto& keys : keys_[to_size(part)]) {
          if (!std::isnan(*x)) keys.push_back(sort_key(*x));
          ++x;
        }
      }
    });
  }

  /// The number of keys of each column.
  std::vector<std::int64_t> count(const SumCounts& sum) const {
    const auto sizes = [&](Index part, std::vector<std::int64_t>& counts) {
      for (std::size_t c = 0; c < counts.size(); ++c) {
        counts[c] = static_cast<std::int64_t>(keys_[to_size(part)][c].size());
      }
    };
    return count_in_parts(keys_[0].size(), static_cast<int>(keys_.size()), sum, sizes);
  }

  /// Drops the keys that no candidate stands for, and counts the others by their next digit: a
  /// histogram for each candidate.
  std::vector<std::int64_t> sift(Digit digit, std::span<Column> columns, const SumCounts& sum) {
    std::size_t histograms = 0;
    for (Column& column : columns) {
      column.first_histogram = histograms;
      histograms += column.candidates.size();
    }
    const auto sift_part = [&](Index part, std::vector<std::int64_t>& counts) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        std::int64_t* of_column = counts.data() + columns[c].first_histogram * kDigitValues;
        sift_column(keys_[to_size(part)][c], columns[c].candidates, digit, of_column);
      }
    };
    return count_in_parts(histograms * kDigitValues, static_cast<int>(keys_.size()), sum,
                          sift_part);
  }

 private:
  static void sift_column(std::vector<std::uint64_t>& keys,
                          const std::vector<Candidates>& candidates, Digit digit,
                          std::int64_t* counts) {
    const auto comes_before = [](const Candidates& some, std::uint64_t prefix) {
      return some.prefix < prefix;
    };
    std::size_t kept = 0;
    for (const std::uint64_t key : keys) {
      const std::uint64_t prefix = digit.prefix_of(key);
      const auto found =
          std::lower_bound(candidates.begin(), candidates.end(), prefix, comes_before);
      if (found == candidates.end() || found->prefix != prefix) continue;
      ++counts[to_size(found - candidates.begin()) * kDigitValues + digit.of(key)];
      keys[kept++] = key;
    }
    keys.resize(kept);
  }

  std::vector<std::vector<std::vector<std::uint64_t>>> keys_;
};

/// Those of the candidates that have a wanted order statistic among them, by one more digit.
std::vector<Candidates> narrowed(const Column& column, Digit digit,
                                 std::span<const std::int64_t> counts) {
  std::vector<Candidates> next;
  std::size_t histogram = column.first_histogram;
  for (const Candidates& candidates : column.candidates) {
    const auto bins = counts.subspan(histogram++ * kDigitValues, kDigitValues);
    Index below = candidates.below;
    std::size_t bin = 0;
    bool is_new = true;
    for (const Index order : candidates.orders) {
      while (order >= below + bins[bin]) {
        below += bins[bin++];
        is_new = true;
      }
      if (is_new) next.push_back({candidates.prefix << digit.bits | bin, below, {}});
      next.back().orders.push_back(order);
      is_new = false;
    }
  }
  return next;
}

/// Narrows the candidates of a group of columns until each is one key.
std::vector<Column> select(Keys keys, std::span<const double> probabilities, const SumCounts& sum) {
  std::vector<Column> columns;
  for (const std::int64_t n : keys.count(sum)) {
    columns.push_back({n, {}, 0});
    if (n > 0) columns.back().candidates = {{0, 0, wanted_orders(probabilities, n)}};
  }
  for (unsigned shift = 64; shift > 0;) {
    const unsigned bits = std::min(shift, kDigitBits);
    shift -= bits;
    const Digit digit{shift, bits};
    const std::vector<std::int64_t> counts = keys.sift(digit, columns, sum);
    for (Column& column : columns) column.candidates = narrowed(column, digit, counts);
  }
  return columns;
}

/// x₍ₖ₎ of a column whose candidates are keys.
double value_of(const Column& column, Index order) {
  const auto holds = [&](const Candidates& candidates) {
    return order <= candidates.orders.back();
  };
  return sort_value(
      std::find_if(column.candidates.begin(), column.candidates.end(), holds)->prefix);
}

void check_probabilities(std::span<const double> probabilities) {
  for (const double p : probabilities) {
    if (p >= 0 && p <= 1) continue;
    throw DataError(fmt::format("quantiles: expected probabilities from 0 to 1, found {}", p));
  }
}

/// Q(p) of a column whose candidates are keys.
double quantile_of(const Column& column, double p) {
  if (column.present == 0) return std::numeric_limits<double>::quiet_NaN();
  const Position at = position_of(p, column.present);
  return interpolate(value_of(column, at.below), value_of(column, at.above), at.t);
}

/// Q(p) of all columns: columns × probabilities.
Matrix quantiles_of(const Cells& cells, std::span<const double> probabilities, int threads,
                    const SumCounts& sum) {
  check_probabilities(probabilities);
  const auto ps = static_cast<Index>(probabilities.size());
  Matrix Q(cells.columns, ps);
  if (ps == 0) return Q;
  const Index at_a_time = std::clamp<Index>(kMostHistograms / (2 * ps), 1, kMostColumns);
  for (Index first = 0; first < cells.columns; first += at_a_time) {
    const Range group{first, std::min(first + at_a_time, cells.columns)};
    const std::vector<Column> columns = select(Keys(cells, group, threads), probabilities, sum);
    for (Index k = 0; k < ps; ++k) {
      for (Index j = group.begin; j < group.end; ++j) {
        Q(j, k) = quantile_of(columns[to_size(j - first)], probabilities[to_size(k)]);
      }
    }
  }
  return Q;
}

Matrix quantiles_of(std::span<const double> values, std::span<const double> probabilities) {
  const Cells cells{values.data(), static_cast<Index>(values.size()), 1};
  return quantiles_of(cells, probabilities, 1, [](std::span<std::int64_t>) {});
}

/// The rows of a matrix whose columns are the quarters.
std::vector<Quartiles> quartiles_of(const Matrix& Q) {
  std::vector<Quartiles> quartiles;
  for (Index j = 0; j < Q.rows(); ++j) quartiles.push_back({Q(j, 0), Q(j, 1), Q(j, 2)});
  return quartiles;
}

}  // namespace

std::vector<double> quantiles(std::span<const double> values,
                              std::span<const double> probabilities) {
  const Matrix Q = quantiles_of(values, probabilities);
  return {Q.data(), Q.data() + Q.size()};
}

Matrix quantiles(Team& team, const DistributedMatrix& X, std::span<const double> probabilities,
                 int threads) {
  const auto sum = [&](std::span<std::int64_t> counts) {
    team.all_reduce(counts, IntegerReduction::sum);
  };
  return quantiles_of({X.values.data(), X.rows.size(), X.columns}, probabilities, threads, sum);
}

double median(std::span<const double> values) { return quartiles(values).median; }

Quartiles quartiles(std::span<const double> values) {
  return quartiles_of(quantiles_of(values, kQuarters)).front();
}

std::vector<Quartiles> quartiles(Team& team, const DistributedMatrix& X, int threads) {
  return quartiles_of(quantiles(team, X, kQuarters, threads));
}

}  // namespace lockstep
