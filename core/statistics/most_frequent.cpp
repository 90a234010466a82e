#include "core/statistics/most_frequent.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "core/parallel/sort.hpp"

namespace lockstep {
namespace {

/// How often a value occurs. Travels as bytes.
struct Occurrences {
  std::uint64_t key = 0;  ///< sort_key of the value
  std::int64_t count = 0;
};

/// Adds up the counts of equal keys; the keys ascend then.
std::vector<Occurrences> summed(std::vector<Occurrences> parts) {
  std::sort(parts.begin(), parts.end(),
            [](const Occurrences& a, const Occurrences& b) { return a.key < b.key; });
  std::vector<Occurrences> sums;
  for (const Occurrences& part : parts) {
    if (sums.empty() || sums.back().key != part.key) sums.push_back({part.key, 0});
    sums.back().count += part.count;
  }
  return sums;
}

/// Of ascending keys the most frequent, or none with count 0.
Occurrences best_of(const std::vector<Occurrences>& sums) {
  Occurrences best;
  for (const Occurrences& each : sums) {
    if (each.count > best.count) best = each;
  }
  return best;
}

/// The values of column j that are held here.
std::vector<Occurrences> occurrences(const DistributedMatrix& X, Index j) {
  std::vector<Occurrences> all;
  for (Index i = X.rows.begin; i < X.rows.end; ++i) {
    const double x = X.row(i)[j];
    if (!std::isnan(x)) all.push_back({sort_key(x), 1});
  }
  return summed(std::move(all));
}

/// The rank that counts a value.
std::size_t owner_of(std::uint64_t key, int ranks) {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15U;  // 2⁶⁴/φ [Knuth 1998, §6.4]
  return ((key * kMix) >> 32U) % static_cast<std::uint64_t>(ranks);
}

void append(Bytes& bytes, const Occurrences& value) {
  const auto raw = std::as_bytes(std::span(&value, 1));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

void append(std::vector<Occurrences>& values, const Bytes& bytes) {
  const std::size_t before = values.size();
  values.resize(before + bytes.size() / sizeof(Occurrences));
  if (!bytes.empty()) std::memcpy(values.data() + before, bytes.data(), bytes.size());
}

/// The best of what all ranks count.
double most_frequent_of(Team& team, const std::vector<Occurrences>& mine) {
  std::vector<Bytes> to(static_cast<std::size_t>(team.size()));
  for (const Occurrences& each : mine) append(to[owner_of(each.key, team.size())], each);
  std::vector<Occurrences> counted_here;
  for (const Bytes& from : team.exchange(std::move(to))) append(counted_here, from);
  const Occurrences best_here = best_of(summed(std::move(counted_here)));
  std::vector<Occurrences> best_of_ranks;
  for (const Bytes& from : team.all_gather(std::as_bytes(std::span(&best_here, 1)))) {
    append(best_of_ranks, from);
  }
  const Occurrences best = best_of(summed(std::move(best_of_ranks)));
  return best.count > 0 ? sort_value(best.key) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<double> most_frequent(Team& team, const DistributedMatrix& X) {
  std::vector<double> values;
  for (Index j = 0; j < X.columns; ++j) {
    values.push_back(most_frequent_of(team, occurrences(X, j)));
  }
  return values;
}

}  // namespace lockstep
