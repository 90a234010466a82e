#include "core/profile/kolmogorov_smirnov.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "core/kernel/elementary.hpp"
#include "core/parallel/sort.hpp"
#include "core/parallel/sort_over_ranks.hpp"

namespace lockstep {
namespace {

__extension__ using Product = unsigned __int128;

/// A difference of two products of counts, as it travels.
struct WideNumber {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  explicit WideNumber(Product x)
      : high(static_cast<std::uint64_t>(x >> 64U)), low(static_cast<std::uint64_t>(x)) {}
  Product value() const { return static_cast<Product>(high) << 64U | low; }
};

/// This rank's values of both samples that are present.
std::vector<std::uint64_t> keys_of(std::span<const double> values) {
  std::vector<std::uint64_t> keys;
  keys.reserve(values.size());
  for (const double x : values) {
    if (!std::isnan(x)) keys.push_back(sort_key(x));
  }
  return keys;
}

/// What follows the slice of each rank: the key of the next position, if there is one.
std::optional<std::uint64_t> key_behind(Team& team, const SortedSlice& slice) {
  const auto records = slice.records();
  std::vector<std::uint64_t> mine;
  if (!records.empty()) mine.push_back(records.front().key);
  const std::vector<Bytes> firsts = team.all_gather(std::as_bytes(std::span(mine)));
  for (std::size_t r = static_cast<std::size_t>(team.rank()) + 1; r < firsts.size(); ++r) {
    if (firsts[r].empty()) continue;
    std::uint64_t key = 0;
    std::memcpy(&key, firsts[r].data(), sizeof(key));
    return key;
  }
  return std::nullopt;
}

Product distance(Product a, Product b) { return a > b ? a - b : b - a; }

}  // namespace

double kolmogorov_tail(double lambda) {
  constexpr double kPi = 3.14159265358979323846;
  constexpr double kSmall = 0.05;  // below, the tail is 1 in double
  constexpr double kTurn = 1.0;    // both series are short here
  constexpr int kTerms = 8;
  if (!(lambda > kSmall)) return std::isnan(lambda) ? lambda : 1.0;
  double sum = 0;
  if (lambda < kTurn) {
    for (int k = kTerms; k >= 1; --k) {
      const double odd = 2 * k - 1;
      sum += kernel::exp(-odd * odd * kPi * kPi / (8 * lambda * lambda));
    }
    return 1 - std::sqrt(2 * kPi) / lambda * sum;
  }
  for (int k = kTerms; k >= 1; --k) {
    const double term = kernel::exp(-2.0 * k * k * lambda * lambda);
    sum += k % 2 == 1 ? term : -term;
  }
  return std::min(1.0, 2 * sum);
}

KolmogorovSmirnov kolmogorov_smirnov(Team& team, std::span<const double> first,
                                     std::span<const double> second, int threads) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::uint64_t> keys;
  std::size_t of_first = 0;
  guard(team, "comparing distributions", [&] {
    keys = keys_of(first);
    of_first = keys.size();
    const std::vector<std::uint64_t> others = keys_of(second);
    keys.insert(keys.end(), others.begin(), others.end());
  });
  const auto before =
      static_cast<std::uint64_t>(exclusive_scan(team, static_cast<std::int64_t>(keys.size())));
  // A payload is the number of the value, and whether it is of the second sample.
  const auto source = [&](Index begin, std::span<SortRecord> records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      const std::size_t at = static_cast<std::size_t>(begin) + i;
      records[i] = {keys[at], (before + at) << 1U | (at >= of_first ? 1U : 0U)};
    }
  };
  const SortedSlice slice = sort_over_ranks(team, static_cast<Index>(keys.size()), source, threads);

  const auto is_second = [](const SortRecord& record) { return (record.payload & 1U) != 0; };
  const auto records = slice.records();
  const std::int64_t second_here = std::count_if(records.begin(), records.end(), is_second);
  const auto n2 = static_cast<Product>(sum_over(team, second_here));
  const auto n1 = static_cast<Product>(slice.total()) - n2;
  auto seen2 = static_cast<Product>(exclusive_scan(team, second_here));
  auto seen1 = static_cast<Product>(slice.positions.begin) - seen2;
  const std::optional<std::uint64_t> behind = key_behind(team, slice);
  Product largest = 0;  // of |F₁ − F₂|·n₁·n₂, where equal values end
  for (std::size_t i = 0; i < records.size(); ++i) {
    ++(is_second(records[i]) ? seen2 : seen1);
    const bool ends =
        i + 1 < records.size() ? records[i + 1].key != records[i].key : behind != records[i].key;
    if (ends) largest = std::max(largest, distance(seen1 * n2, seen2 * n1));
  }
  const WideNumber mine(largest);
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    WideNumber theirs(0);
    std::memcpy(&theirs, bytes.data(), sizeof(theirs));
    largest = std::max(largest, theirs.value());
  }
  if (n1 == 0 || n2 == 0) return {kNone, kNone};
  const auto count1 = static_cast<double>(n1);
  const auto count2 = static_cast<double>(n2);
  const double statistic = static_cast<double>(largest) / static_cast<double>(n1 * n2);
  return {statistic, kolmogorov_tail(std::sqrt(count1 * count2 / (count1 + count2)) * statistic)};
}

}  // namespace lockstep
