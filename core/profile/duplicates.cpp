#include "core/profile/duplicates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/base/error.hpp"
#include "core/data/row_words.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

constexpr Index kRowsOfATask = 1024;

constexpr unsigned kRowBits = 48;

/// What travels of a row. Rows that are equal in their features meet where their hash belongs.
struct RowRecord {
  Hash128 hash;
  std::uint64_t target = 0;
  std::uint64_t place = 0;  ///< the set above kRowBits, the row below

  std::size_t set() const { return static_cast<std::size_t>(place >> kRowBits); }
  Index row() const { return static_cast<Index>(place & ((std::uint64_t{1} << kRowBits) - 1)); }
};

double canonical(double x) {
  return std::isnan(x) ? std::numeric_limits<double>::quiet_NaN() : x == 0 ? 0.0 : x;
}

Hash128 hash_of_row(const Table& table, Index local, std::vector<double>& row, RowWords& words) {
  words.clear();
  if (const SparseValues* sparse = table.sparse()) {
    const auto columns = sparse->columns_of(local);
    const auto numbers = sparse->numbers_of(local);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      words.add_cell(columns[c], canonical(numbers[c]));
    }
    return words.hash();
  }
  row.resize(static_cast<std::size_t>(table.features));
  table.copy_row(local, row.data());
  for (std::size_t j = 0; j < row.size(); ++j) words.add_cell(j, canonical(row[j]));
  return words.hash();
}

/// Differs where a target does: the bits of one, or a hash of several.
std::uint64_t word_of_targets(const Table& table, Index local, RowWords& words) {
  const double* const targets = table.targets_of(local);
  if (table.targets() == 1) return std::bit_cast<std::uint64_t>(canonical(targets[0]));
  words.clear();
  for (Index t = 0; t < table.targets(); ++t) words.add_number(canonical(targets[t]));
  return words.hash().low;
}

/// This rank's rows of all sets.
std::vector<RowRecord> records_of(std::span<const Table* const> sets, int threads) {
  bool has_targets = true;
  Index rows = 0;
  for (const Table* set : sets) {
    has_targets = has_targets && set->target_kind != TargetKind::none;
    rows += set->rows.size();
  }
  std::vector<RowRecord> records(static_cast<std::size_t>(rows));
  RowRecord* next = records.data();
  for (std::size_t s = 0; s < sets.size(); ++s) {
    const Table& set = *sets[s];
    RowRecord* const of_set = next;
    next += set.rows.size();
    parallel_for(threads, (set.rows.size() + kRowsOfATask - 1) / kRowsOfATask, [&](Index task) {
      std::vector<double> row;
      RowWords words;
      const Index end = std::min(set.rows.size(), (task + 1) * kRowsOfATask);
      for (Index i = task * kRowsOfATask; i < end; ++i) {
        RowRecord& record = of_set[i];
        record.hash = hash_of_row(set, i, row, words);
        if (has_targets) record.target = word_of_targets(set, i, words);
        record.place = static_cast<std::uint64_t>(s) << kRowBits |
                       static_cast<std::uint64_t>(set.rows.begin + i);
      }
    });
  }
  return records;
}

/// The rank that counts a hash: ranges of the upper 32 bits, evenly.
std::size_t owner_of(const Hash128& hash, int ranks) {
  return static_cast<std::size_t>((hash.high >> 32U) * static_cast<std::uint64_t>(ranks) >> 32U);
}

/// The rows whose hashes this rank counts, by hash, set and row. *Collective*.
std::vector<RowRecord> meet(Team& team, std::span<const Table* const> sets, int threads) {
  std::vector<Bytes> to(static_cast<std::size_t>(team.size()));
  guard(team, "hashing rows", [&] {
    const std::vector<RowRecord> mine = records_of(sets, threads);
    std::vector<std::size_t> counts(to.size());
    for (const RowRecord& record : mine) ++counts[owner_of(record.hash, team.size())];
    for (std::size_t r = 0; r < to.size(); ++r) to[r].reserve(counts[r] * sizeof(RowRecord));
    for (const RowRecord& record : mine) {
      const auto raw = std::as_bytes(std::span(&record, 1));
      Bytes& bytes = to[owner_of(record.hash, team.size())];
      bytes.insert(bytes.end(), raw.begin(), raw.end());
    }
  });
  const std::vector<Bytes> from = team.exchange(std::move(to));
  std::vector<RowRecord> met;
  guard(team, "comparing rows", [&] {
    std::size_t bytes = 0;
    for (const Bytes& part : from) bytes += part.size();
    met.resize(bytes / sizeof(RowRecord));
    auto* next = reinterpret_cast<std::byte*>(met.data());
    for (const Bytes& part : from) {
      if (!part.empty()) std::memcpy(next, part.data(), part.size());
      next += part.size();
    }
    std::sort(met.begin(), met.end(), [](const RowRecord& a, const RowRecord& b) {
      return a.hash != b.hash ? a.hash < b.hash : a.place < b.place;
    });
  });
  return met;
}

/// Where the counts of a pair of sets stand.
std::size_t place_of_pair(std::size_t first, std::size_t second, std::size_t sets) {
  return first * sets - first * (first + 1) / 2 + second;
}

/// Rows of one set with equal features, as they come: the earliest of each target.
class EarliestRows {
 public:
  void add(std::uint64_t target, Index row) {
    if (!by_target_.emplace(target, row).second) return;
    if (earliest_.size() < 2) earliest_.emplace_back(target, row);
  }
  std::optional<Index> with(std::uint64_t target) const {
    const auto found = by_target_.find(target);
    return found == by_target_.end() ? std::nullopt : std::optional(found->second);
  }
  /// The earliest with another target.
  std::optional<Index> without(std::uint64_t target) const {
    for (const auto& [other, row] : earliest_) {
      if (other != target) return row;
    }
    return std::nullopt;
  }

 private:
  std::map<std::uint64_t, Index> by_target_;
  std::vector<std::pair<std::uint64_t, Index>> earliest_;  // of the first two targets
};

/// Examples in the order of the rows that are counted; no more than are kept.
void keep_first(std::vector<RowPair>& examples) {
  std::sort(examples.begin(), examples.end(), [](const RowPair& a, const RowPair& b) {
    return a.second != b.second ? a.second < b.second : a.first < b.first;
  });
  if (examples.size() > kDuplicateExamples) examples.resize(kDuplicateExamples);
}

void add_example(std::vector<RowPair>& examples, RowPair pair) {
  examples.push_back(pair);
  constexpr std::size_t kUnsorted = 1024;
  if (examples.size() >= kUnsorted) keep_first(examples);
}

/// Counts the pairs among rows of equal features, which come by set and row.
void count_group(std::span<const RowRecord> group, std::size_t sets,
                 std::vector<Duplicates>& counts) {
  std::vector<EarliestRows> earlier(sets);
  for (const RowRecord& record : group) {
    for (std::size_t first = 0; first <= record.set(); ++first) {
      Duplicates& pair = counts[place_of_pair(first, record.set(), sets)];
      if (const auto like = earlier[first].with(record.target)) {
        ++pair.equal;
        add_example(pair.equal_examples, {*like, record.row()});
      }
      if (const auto unlike = earlier[first].without(record.target)) {
        ++pair.contradicting;
        add_example(pair.contradicting_examples, {*unlike, record.row()});
      }
    }
    earlier[record.set()].add(record.target, record.row());
  }
}

/// The first examples of all ranks. *Collective*.
void agree_on_examples(Team& team, std::vector<RowPair>& examples) {
  keep_first(examples);
  std::vector<RowPair> all;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(std::as_const(examples))))) {
    const auto theirs = FoldCodec<std::vector<RowPair>>::decode(bytes);
    all.insert(all.end(), theirs.begin(), theirs.end());
  }
  keep_first(all);
  examples = std::move(all);
}

}  // namespace

std::vector<Duplicates> find_duplicates(Team& team, std::span<const Table* const> sets,
                                        int threads) {
  for (const Table* set : sets) {
    if (set->features == sets.front()->features) continue;
    throw DataError(fmt::format("duplicates: expected sets of {} features, found one of {}",
                                sets.front()->features, set->features));
  }
  const std::vector<RowRecord> met = meet(team, sets, threads);
  std::vector<Duplicates> counts;
  for (std::size_t a = 0; a < sets.size(); ++a) {
    for (std::size_t b = a; b < sets.size(); ++b) counts.push_back({a, b});
  }
  guard(team, "comparing rows", [&] {
    for (std::size_t begin = 0; begin < met.size();) {
      std::size_t end = begin + 1;
      while (end < met.size() && met[end].hash == met[begin].hash) ++end;
      if (end - begin > 1) {
        count_group(std::span(met).subspan(begin, end - begin), sets.size(), counts);
      }
      begin = end;
    }
  });
  for (Duplicates& pair : counts) {
    pair.equal = sum_over(team, pair.equal);
    pair.contradicting = sum_over(team, pair.contradicting);
    agree_on_examples(team, pair.equal_examples);
    agree_on_examples(team, pair.contradicting_examples);
  }
  return counts;
}

}  // namespace lockstep
