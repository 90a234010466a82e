#include "core/statistics/quantiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/base/error.hpp"
#include "core/parallel/sort.hpp"
#include "core/statistics/row_counts.hpp"

namespace lockstep {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigitValues = std::size_t{1} << kDigitBits;
/// Histograms that a thread holds at a time: 32 MiB.
constexpr Index kMostHistograms = 2048;
constexpr std::array<double, 3> kQuarters{0.25, 0.5, 0.75};

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// Keys that share their highest bits, and the wanted order statistics among them.
struct Candidates {
  std::uint64_t prefix = 0;
  Index below = 0;            // values of the column with smaller keys
  std::vector<Index> orders;  // k of the wanted x₍ₖ₎, ascending
};

/// One column's candidates, ascending, and where the histogram of the first of them stands.
struct Column {
  std::vector<Candidates> candidates;
  std::size_t first_histogram = 0;
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

/// The values of each column that are not missing.
std::vector<std::int64_t> count_present(const Cells& cells, int threads, const SumCounts& sum) {
  const std::size_t columns = to_size(cells.columns);
  const auto visit = [&](std::vector<std::int64_t>& counts, const double* row) {
    for (std::size_t j = 0; j < columns; ++j) counts[j] += row[j] == row[j] ? 1 : 0;
  };
  return count_rows(cells, columns, threads, sum, visit);
}

/// A histogram, by `digit`, of the keys that each of the candidates stands for. The columns are
/// those of `cells` from number `first` on.
std::vector<std::int64_t> count_digits(const Cells& cells, Index first, Digit digit,
                                       std::span<Column> columns, int threads,
                                       const SumCounts& sum) {
  std::size_t histograms = 0;
  for (Column& column : columns) {
    column.first_histogram = histograms;
    histograms += column.candidates.size();
  }
  const auto comes_before = [](const Candidates& candidates, std::uint64_t prefix) {
    return candidates.prefix < prefix;
  };
  const auto visit = [&](std::vector<std::int64_t>& counts, const double* row) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double x = row[to_size(first) + c];
      if (std::isnan(x)) continue;
      const std::uint64_t key = sort_key(x);
      const std::uint64_t prefix = digit.prefix_of(key);
      const auto& candidates = columns[c].candidates;
      const auto found =
          std::lower_bound(candidates.begin(), candidates.end(), prefix, comes_before);
      if (found == candidates.end() || found->prefix != prefix) continue;
      const std::size_t histogram =
          columns[c].first_histogram + to_size(found - candidates.begin());
      ++counts[histogram * kDigitValues + digit.of(key)];
    }
  };
  return count_rows(cells, histograms * kDigitValues, threads, sum, visit);
}

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

/// Narrows the candidates of all columns until each is one key.
void select(const Cells& cells, Index first, std::span<Column> columns, int threads,
            const SumCounts& sum) {
  for (unsigned shift = 64; shift > 0;) {
    const unsigned bits = std::min(shift, kDigitBits);
    shift -= bits;
    const Digit digit{shift, bits};
    const auto counts = count_digits(cells, first, digit, columns, threads, sum);
    for (Column& column : columns) column.candidates = narrowed(column, digit, counts);
  }
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

/// Q(p) of all columns: columns × probabilities.
Matrix quantiles_of(const Cells& cells, std::span<const double> probabilities, int threads,
                    const SumCounts& sum) {
  check_probabilities(probabilities);
  const auto ps = static_cast<Index>(probabilities.size());
  Matrix Q = Matrix::Constant(cells.columns, ps, std::numeric_limits<double>::quiet_NaN());
  if (cells.columns == 0 || ps == 0) return Q;
  const std::vector<std::int64_t> present = count_present(cells, threads, sum);
  const Index at_a_time = std::max<Index>(1, kMostHistograms / (2 * ps));
  for (Index first = 0; first < cells.columns; first += at_a_time) {
    std::vector<Column> columns(to_size(std::min(at_a_time, cells.columns - first)));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Index n = present[to_size(first) + c];
      if (n > 0) columns[c].candidates = {{0, 0, wanted_orders(probabilities, n)}};
    }
    select(cells, first, columns, threads, sum);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Index column = first + static_cast<Index>(c);
      const Index n = present[to_size(column)];
      for (Index k = 0; n > 0 && k < ps; ++k) {
        const Position at = position_of(probabilities[to_size(k)], n);
        Q(column, k) =
            interpolate(value_of(columns[c], at.below), value_of(columns[c], at.above), at.t);
      }
    }
  }
  return Q;
}

}  // namespace

std::vector<double> quantiles(std::span<const double> values,
                              std::span<const double> probabilities) {
  const Cells cells{values.data(), static_cast<Index>(values.size()), 1};
  const Matrix Q = quantiles_of(cells, probabilities, 1, [](std::span<std::int64_t>) {});
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
  const std::vector<double> q = quantiles(values, kQuarters);
  return {q[0], q[1], q[2]};
}

std::vector<Quartiles> quartiles(Team& team, const DistributedMatrix& X, int threads) {
  const Matrix Q = quantiles(team, X, kQuarters, threads);
  std::vector<Quartiles> quartiles;
  for (Index j = 0; j < Q.rows(); ++j) quartiles.push_back({Q(j, 0), Q(j, 1), Q(j, 2)});
  return quartiles;
}

}  // namespace lockstep
