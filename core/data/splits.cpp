#include "core/data/splits.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <span>
#include <utility>
#include <variant>

#include "core/base/random.hpp"
#include "core/data/sparse_values.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/sort.hpp"
#include "core/parallel/sort_over_ranks.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

// Outside of ISO C++, hence the marker; every 64-bit target of gcc and clang has it.
__extension__ using Product = unsigned __int128;

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

Index sum_of(const std::vector<Index>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), Index{0});
}

/// `size` rows in proportion to those of the strata, by largest remainders.
std::vector<Index> apportion(Index size, const std::vector<Index>& strata) {
  const Index rows = sum_of(strata);
  assert(size <= rows);
  std::vector<Index> shares;
  std::vector<std::pair<Index, std::size_t>> remainders;  // of rows, and the stratum
  for (std::size_t s = 0; s < strata.size(); ++s) {
    const Product product = static_cast<Product>(size) * static_cast<Product>(strata[s]);
    const auto divisor = static_cast<Product>(std::max<Index>(rows, 1));
    shares.push_back(static_cast<Index>(product / divisor));
    remainders.emplace_back(static_cast<Index>(product % divisor), s);
  }
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  const Index left = size - sum_of(shares);
  for (Index i = 0; i < left; ++i) ++shares[remainders[to_size(i)].second];
  return shares;
}

/// The place of a row in the order by stratum, hash and number.
class RowOrder {
 public:
  RowOrder(const Table& table, std::uint64_t seed, bool stratified)
      : table_(table), stream_(seed, Purpose::split), stratified_(stratified) {}

  SortRecord operator()(Index local) const {
    constexpr unsigned kStratumBits = 16;
    const auto number = static_cast<std::uint64_t>(table_.number_read(local));
    const auto stratum =
        stratified_ ? static_cast<std::uint64_t>(table_.target[to_size(local)]) : 0;
    assert(stratum >> kStratumBits == 0);
    return {stratum << (64 - kStratumBits) | stream_.words(number)[0] >> kStratumBits, number};
  }

 private:
  const Table& table_;
  RandomStream stream_;
  bool stratified_;
};

/// The records at these positions of the order of all ranks' rows. *Collective*.
std::vector<SortRecord> records_at(Team& team, const RowOrder& order, Index rows,
                                   const std::vector<Index>& positions, int threads) {
  const auto source = [&](Index first, std::span<SortRecord> records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      records[i] = order(first + static_cast<Index>(i));
    }
  };
  const SortedSlice slice = sort_over_ranks(team, rows, source, threads);
  std::vector<SortRecord> mine;
  for (const Index position : positions) {
    if (slice.positions.contains(position)) mine.push_back(slice.at(position));
  }
  std::vector<SortRecord> all;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    const auto of_rank = FoldCodec<std::vector<SortRecord>>::decode(bytes);
    all.insert(all.end(), of_rank.begin(), of_rank.end());
  }
  return all;
}

/// @tparam Values  a vector
template <class Values>
Values selected(const Values& values, Index width, const std::vector<Index>& locals) {
  Values some;
  some.reserve(locals.size() * to_size(width));
  for (const Index local : locals) {
    const auto begin = values.begin() + local * width;
    some.insert(some.end(), begin, begin + width);
  }
  return some;
}

SparseValues selected(const SparseValues& values, const std::vector<Index>& locals) {
  SparseValues some;
  if (!locals.empty()) some.begins.push_back(0);
  for (const Index local : locals) {
    const auto columns = values.columns_of(local);
    const auto numbers = values.numbers_of(local);
    some.columns.insert(some.columns.end(), columns.begin(), columns.end());
    some.numbers.insert(some.numbers.end(), numbers.begin(), numbers.end());
    some.begins.push_back(some.cells());
  }
  return some;
}

}  // namespace

std::vector<Index> rows_of_strata(Team& team, const Table& table, bool stratified) {
  if (!stratified) return {table.total_rows};
  assert(table.target_kind == TargetKind::classes);
  std::vector<Index> rows(table.class_names.size());
  for (const double y : table.target) ++rows[static_cast<std::size_t>(y)];
  team.all_reduce(rows, IntegerReduction::sum);
  return rows;
}

PartSizes sizes_of_parts(std::vector<Index> strata, const std::vector<Index>& sizes) {
  PartSizes parts(strata.size());
  for (const Index size : sizes) {
    const std::vector<Index> shares = apportion(size, strata);
    for (std::size_t s = 0; s < strata.size(); ++s) {
      parts[s].push_back(shares[s]);
      strata[s] -= shares[s];
    }
  }
  for (std::size_t s = 0; s < strata.size(); ++s) parts[s].push_back(strata[s]);
  return parts;
}

PartSizes sizes_of_folds(const std::vector<Index>& strata, Index folds) {
  PartSizes parts;
  Index next = 0;  // the fold whose turn it is
  for (const Index rows : strata) {
    std::vector<Index>& sizes = parts.emplace_back(to_size(folds), rows / folds);
    for (Index i = 0; i < rows % folds; ++i) ++sizes[to_size((next + i) % folds)];
    next = (next + rows) % folds;
  }
  return parts;
}

std::vector<std::size_t> parts_of_rows(Team& team, const Table& table, std::uint64_t seed,
                                       const PartSizes& sizes, int threads) {
  const RowOrder order(table, seed, sizes.size() > 1);
  const Index rows = table.rows.size();
  std::vector<std::size_t> part_of_run;  // of what follows each of `positions`
  std::vector<Index> positions;
  Index end = 0;
  for (const std::vector<Index>& stratum : sizes) {
    for (std::size_t part = 0; part < stratum.size(); ++part) {
      if (stratum[part] == 0) continue;
      part_of_run.push_back(part);
      positions.push_back(end);
      end += stratum[part];
    }
  }
  assert(end == table.total_rows);
  const std::vector<SortRecord> starts = records_at(team, order, rows, positions, threads);
  std::vector<std::size_t> parts;
  guard(team, "splitting rows", [&] { parts.resize(to_size(rows)); });
  parallel_for(threads, rows, [&](Index i) {
    const auto run = std::upper_bound(starts.begin(), starts.end(), order(i)) - starts.begin() - 1;
    parts[to_size(i)] = part_of_run[to_size(run)];
  });
  return parts;
}

Table select_rows(Team& team, const Table& table, const std::vector<Index>& locals) {
  Table some;
  some.features = table.features;
  some.target_kind = table.target_kind;
  some.class_names = table.class_names;
  some.feature_names = table.feature_names;
  some.feature_types = table.feature_types;
  some.file_columns = table.file_columns;
  some.target_names = table.target_names;
  some.places = table.places;
  guard(team, "splitting rows", [&] {
    if (const SparseValues* sparse = table.sparse()) {
      some.values = selected(*sparse, locals);
    } else if (const auto* bytes = std::get_if<Table::ByteValues>(&table.values)) {
      some.values = selected(*bytes, table.features, locals);
    } else if (const MappedRows* mapped = table.mapped()) {
      some.values = *mapped;  // which knows them by the numbers below
    } else if (const MappedSparseRows* mapped_sparse = table.mapped_sparse()) {
      some.values = *mapped_sparse;
    } else {
      some.values = selected(std::get<Table::NumberValues>(table.values), table.features, locals);
    }
    if (!table.target.empty()) some.target = selected(table.target, table.targets(), locals);
    if (table.weights) some.weights = selected(*table.weights, 1, locals);
    some.numbers_read.emplace();
    some.numbers_read->reserve(locals.size());
    for (const Index local : locals) some.numbers_read->push_back(table.number_read(local));
  });
  const auto mine = static_cast<std::int64_t>(locals.size());
  some.rows.begin = exclusive_scan(team, mine);
  some.rows.end = some.rows.begin + mine;
  some.total_rows = sum_over(team, mine);
  return some;
}

}  // namespace lockstep
