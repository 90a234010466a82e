#include "core/profile/column_profile.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "core/data/class_labels.hpp"
#include "core/parallel/threads.hpp"
#include "core/profile/class_values.hpp"
#include "core/profile/dense_columns.hpp"

namespace lockstep {
namespace {

constexpr Index kNoRow = std::numeric_limits<Index>::max();
constexpr std::size_t kLimbs = 4;
constexpr unsigned kLimbBits = 32;

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// A sum of hashes modulo 2¹²⁸, which knows no order.
class HashSum {
 public:
  void add(const Hash128& hash) {
    const std::uint64_t low = sum_.low + hash.low;
    sum_.high += hash.high + (low < hash.low ? 1 : 0);
    sum_.low = low;
  }
  const Hash128& value() const { return sum_; }

  /// In numbers that can be summed over 2³¹ ranks.
  std::array<std::int64_t, kLimbs> limbs() const {
    const auto low_half = [](std::uint64_t x) {
      return static_cast<std::int64_t>(x & 0xFFFFFFFFU);
    };
    return {low_half(sum_.low), low_half(sum_.low >> kLimbBits), low_half(sum_.high),
            low_half(sum_.high >> kLimbBits)};
  }
  static Hash128 of_limbs(std::span<const std::int64_t> limbs) {
    HashSum sum;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      const auto limb = static_cast<std::uint64_t>(limbs[i]);
      const unsigned shift = kLimbBits * static_cast<unsigned>(i);
      if (shift >= 64) {
        sum.add({limb << (shift - 64), 0});
      } else {
        sum.add({shift == 0 ? 0 : limb >> (64 - shift), limb << shift});
      }
    }
    return sum.value();
  }

 private:
  Hash128 sum_;
};

/// Cells of numbers and of categories are never alike.
enum class CellKind : std::uint64_t { number, category, missing };

Hash128 hash_of_cell(RowWords& words, Index row, CellKind kind, std::uint64_t value) {
  words.clear();
  words.add(static_cast<std::uint64_t>(row));
  words.add(static_cast<std::uint64_t>(kind));
  words.add(value);
  return words.hash();
}

std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x == 0 ? 0.0 : x); }

/// A value and its votes [Boyer, Moore]: one that more than half vote for is left at the end.
struct Vote {
  std::uint64_t bits = 0;
  std::int64_t votes = 0;

  void add(std::uint64_t value, std::int64_t count) {
    if (votes == 0) bits = value;
    if (bits == value) {
      votes += count;
    } else if (count <= votes) {
      votes -= count;
    } else {
      bits = value;
      votes = count - votes;
    }
  }
};

/// What this rank has found in one column.
struct Counts {
  std::int64_t present = 0;
  std::int64_t missing = 0;
  std::int64_t stored = 0;
  std::int64_t common = 0;
  Index first_missing = kNoRow;
  Index first_other = kNoRow;
  Vote vote;
  HashSum fingerprint;
};

/// The rows in which categories first occur, which are what they are called in fingerprints.
using FirstRows = std::vector<std::int64_t>;

/// Of codes that this rank holds. *Collective*; sums 8 bytes a category.
FirstRows first_rows(Team& team, Index first, std::span<const double> codes,
                     std::size_t categories) {
  FirstRows rows(categories, kNoRow);
  Index row = first;
  for (const double code : codes) {
    const Index here = row++;
    if (std::isnan(code)) continue;
    std::int64_t& earliest = rows[static_cast<std::size_t>(code)];
    earliest = std::min<std::int64_t>(earliest, here);
  }
  team.all_reduce(rows, IntegerReduction::min);
  return rows;
}

void add_cell(Counts& counts, RowWords& words, Index row, double x, const FirstRows* categories) {
  if (std::isnan(x)) {
    ++counts.missing;
    counts.first_missing = std::min(counts.first_missing, row);
    counts.fingerprint.add(hash_of_cell(words, row, CellKind::missing, 0));
    return;
  }
  ++counts.present;
  const std::uint64_t bits = bits_of(x);
  counts.vote.add(bits, 1);
  if (categories != nullptr) {
    const std::int64_t name = (*categories)[static_cast<std::size_t>(x)];
    counts.fingerprint.add(
        hash_of_cell(words, row, CellKind::category, static_cast<std::uint64_t>(name)));
  } else if (bits != 0) {
    counts.fingerprint.add(hash_of_cell(words, row, CellKind::number, bits));
  }
}

/// One rank's columns, which are gone through twice.
class ColumnCounter {
 public:
  ColumnCounter(Team& team, const Table& table, int threads)
      : team_(team), table_(table), threads_(threads), counts_(to_size(table.features)) {}

  /// *Collective*.
  std::vector<ColumnProfile> profiles() {
    if (table_.sparse() != nullptr) {
      count_sparse();
    } else {
      count_dense();
    }
    agree_on_common();
    if (table_.sparse() != nullptr) {
      count_common_of_sparse();
    } else {
      count_common_of_dense();
    }
    return summed();
  }

 private:
  void count_dense() {
    std::vector<FirstRows> names(counts_.size());
    for (Index j = 0; j < table_.features; ++j) {
      if (kind_of(table_, j) == ColumnKind::number) continue;
      const DistributedMatrix codes = dense_columns(table_, {j, j + 1});
      names[to_size(j)] =
          first_rows(team_, table_.rows.begin, codes.values, categories_of(table_, j).size());
    }
    ClassValues class_values(table_);
    for_groups([&](const DistributedMatrix& cells, Range group) {
      RowWords words;
      for (Index row = cells.rows.begin; row < cells.rows.end; ++row) {
        for (Index j = group.begin; j < group.end; ++j) {
          const bool is_number = kind_of(table_, j) == ColumnKind::number;
          const double x = cells.row(row)[j - group.begin];
          add_cell(counts_[to_size(j)], words, row, x, is_number ? nullptr : &names[to_size(j)]);
          if (is_number) class_values.add(j, row - cells.rows.begin, x);
        }
      }
    });
    for (Counts& counts : counts_) counts.stored = counts.present;
    tells_classes_ = class_values.agree(team_);
  }

  void count_sparse() {
    const SparseValues& sparse = *table_.sparse();
    RowWords words;
    for (Index i = 0; i < table_.rows.size(); ++i) {
      const auto columns = sparse.columns_of(i);
      const auto numbers = sparse.numbers_of(i);
      for (std::size_t c = 0; c < columns.size(); ++c) {
        Counts& counts = counts_[columns[c]];
        add_cell(counts, words, table_.rows.begin + i, numbers[c], nullptr);
        ++counts.stored;
      }
    }
    for (Counts& counts : counts_) {  // the zeros that rows leave out
      const std::int64_t zeros = table_.rows.size() - counts.stored;
      counts.present += zeros;
      counts.vote.add(0, zeros);
    }
  }

  /// Sets the votes of all ranks against each other. *Collective*.
  void agree_on_common() {
    std::vector<Vote> votes;
    for (const Counts& counts : counts_) votes.push_back(counts.vote);
    const std::vector<Bytes> all = team_.all_gather(std::as_bytes(std::span(std::as_const(votes))));
    std::fill(votes.begin(), votes.end(), Vote());
    for (const Bytes& bytes : all) {
      for (std::size_t j = 0; j < votes.size(); ++j) {
        Vote theirs;
        std::memcpy(&theirs, bytes.data() + j * sizeof(Vote), sizeof(Vote));
        votes[j].add(theirs.bits, theirs.votes);
      }
    }
    for (std::size_t j = 0; j < votes.size(); ++j) counts_[j].vote = votes[j];
  }

  void count_common_of_dense() {
    for_groups([&](const DistributedMatrix& cells, Range group) {
      for (Index row = cells.rows.begin; row < cells.rows.end; ++row) {
        for (Index j = group.begin; j < group.end; ++j) {
          const double x = cells.row(row)[j - group.begin];
          if (std::isnan(x)) continue;
          Counts& counts = counts_[to_size(j)];
          if (bits_of(x) == counts.vote.bits) {
            ++counts.common;
          } else {
            counts.first_other = std::min(counts.first_other, row);
          }
        }
      }
    });
  }

  void count_common_of_sparse() {
    const SparseValues& sparse = *table_.sparse();
    std::vector<Index> next(counts_.size());  // the first local row that has not named the column
    for (Index i = 0; i < table_.rows.size(); ++i) {
      const auto columns = sparse.columns_of(i);
      const auto numbers = sparse.numbers_of(i);
      for (std::size_t c = 0; c < columns.size(); ++c) {
        Counts& counts = counts_[columns[c]];
        if (next[columns[c]] == i) ++next[columns[c]];
        if (bits_of(numbers[c]) == counts.vote.bits) {
          ++counts.common;
        } else {
          counts.first_other = std::min(counts.first_other, table_.rows.begin + i);
        }
      }
    }
    for (std::size_t j = 0; j < counts_.size(); ++j) {
      Counts& counts = counts_[j];
      const std::int64_t zeros = table_.rows.size() - counts.stored;
      if (counts.vote.bits == 0) {
        counts.common += zeros;
      } else if (zeros > 0) {
        counts.first_other = std::min(counts.first_other, table_.rows.begin + next[j]);
      }
    }
  }

  /// Calls visit(cells, columns) for groups of columns, each on a thread.
  template <class Visit>
  void for_groups(const Visit& visit) {
    std::vector<Range> groups;
    for_column_groups(table_.features, [&](Range group) { groups.push_back(group); });
    guard(team_, "looking at columns", [&] {
      parallel_for(threads_, static_cast<Index>(groups.size()), [&](Index g) {
        const Range group = groups[to_size(g)];
        visit(dense_columns(table_, group), group);
      });
    });
  }

  /// *Collective*.
  std::vector<ColumnProfile> summed() {
    constexpr std::size_t kSums = 4 + kLimbs;
    std::vector<std::int64_t> sums;
    std::vector<std::int64_t> firsts;
    for (const Counts& counts : counts_) {
      sums.insert(sums.end(), {counts.present, counts.missing, counts.stored, counts.common});
      const auto limbs = counts.fingerprint.limbs();
      sums.insert(sums.end(), limbs.begin(), limbs.end());
      firsts.insert(firsts.end(), {counts.first_missing, counts.first_other});
    }
    team_.all_reduce(sums, IntegerReduction::sum);
    team_.all_reduce(firsts, IntegerReduction::min);
    const auto row = [](Index first) {
      return first == kNoRow ? std::nullopt : std::optional(first);
    };
    std::vector<ColumnProfile> profiles;
    for (std::size_t j = 0; j < counts_.size(); ++j) {
      const auto of_column = std::span(sums).subspan(j * kSums, kSums);
      ColumnProfile& profile = profiles.emplace_back();
      profile.present = of_column[0];
      profile.missing = of_column[1];
      profile.stored = of_column[2];
      profile.fingerprint = HashSum::of_limbs(of_column.subspan(4));
      profile.tells_classes = !tells_classes_.empty() && tells_classes_[j];
      profile.first_missing = row(firsts[2 * j]);
      if (2 * of_column[3] <= profile.present) continue;  // what a vote left over
      profile.common = std::bit_cast<double>(counts_[j].vote.bits);
      profile.common_count = of_column[3];
      profile.first_other = row(firsts[2 * j + 1]);
    }
    return profiles;
  }

  Team& team_;
  const Table& table_;
  int threads_;
  std::vector<Counts> counts_;
  std::vector<bool> tells_classes_;  ///< by column; none of sparse rows
};

/// The fingerprint of a column with these values in this rank's rows. *Collective*.
Hash128 fingerprint_of(Team& team, Index first, std::span<const double> values,
                       const FirstRows* categories) {
  Counts counts;
  RowWords words;
  Index row = first;
  for (const double x : values) add_cell(counts, words, row++, x, categories);
  auto limbs = counts.fingerprint.limbs();
  team.all_reduce(limbs, IntegerReduction::sum);
  return HashSum::of_limbs(limbs);
}

void profile_target(Team& team, const Table& table, TableProfile& profile) {
  const Index first = table.rows.begin;
  if (table.target_kind == TargetKind::number) {
    std::vector<double> values(to_size(table.rows.size()));
    for (Index t = 0; t < table.targets(); ++t) {
      for (Index i = 0; i < table.rows.size(); ++i) values[to_size(i)] = table.targets_of(i)[t];
      profile.targets_as_numbers.push_back(fingerprint_of(team, first, values, nullptr));
    }
  }
  if (table.target_kind != TargetKind::classes) return;
  const FirstRows names = first_rows(team, first, table.target, table.class_names.size());
  profile.targets_as_categories = {fingerprint_of(team, first, table.target, &names)};
  std::vector<double> numbers(table.class_names.size());
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (!parse_csv_number(table.class_names[k], numbers[k])) return;
  }
  std::vector<double> values;
  for (const double y : table.target) values.push_back(numbers[static_cast<std::size_t>(y)]);
  profile.targets_as_numbers = {fingerprint_of(team, first, values, nullptr)};
}

bool is_like_others(const ColumnProfile& column) {
  return column.present == 0 || column.is_constant();
}

}  // namespace

bool operator==(const ColumnProfile& a, const ColumnProfile& b) {
  const auto rest = [](const ColumnProfile& p) {
    return std::tie(p.present, p.missing, p.first_missing, p.common_count, p.first_other, p.stored,
                    p.fingerprint, p.tells_classes);
  };
  return bits_of(a.common) == bits_of(b.common) && rest(a) == rest(b);
}

TableProfile profile_columns(Team& team, const Table& table, int threads) {
  TableProfile profile;
  profile.columns = ColumnCounter(team, table, threads).profiles();
  profile_target(team, table, profile);
  return profile;
}

std::vector<std::vector<Index>> equal_columns(const Table& table, const TableProfile& profile) {
  std::map<std::pair<ColumnKind, Hash128>, std::vector<Index>> by_fingerprint;
  for (Index j = 0; j < static_cast<Index>(profile.columns.size()); ++j) {
    const ColumnProfile& column = profile.columns[to_size(j)];
    if (is_like_others(column)) continue;
    by_fingerprint[{kind_of(table, j), column.fingerprint}].push_back(j);
  }
  std::vector<std::vector<Index>> groups;
  for (auto& [fingerprint, columns] : by_fingerprint) {
    if (columns.size() > 1) groups.push_back(std::move(columns));
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

std::vector<EqualToTarget> columns_equal_to_target(const Table& table,
                                                   const TableProfile& profile) {
  std::vector<EqualToTarget> equal;
  for (Index j = 0; j < static_cast<Index>(profile.columns.size()); ++j) {
    const ColumnProfile& column = profile.columns[to_size(j)];
    const auto& targets = kind_of(table, j) == ColumnKind::number ? profile.targets_as_numbers
                                                                  : profile.targets_as_categories;
    const auto target = std::find(targets.begin(), targets.end(), column.fingerprint);
    if (is_like_others(column)) continue;
    if (column.tells_classes) {
      equal.push_back({j, 0});
    } else if (target != targets.end()) {
      equal.push_back({j, target - targets.begin()});
    }
  }
  return equal;
}

}  // namespace lockstep
