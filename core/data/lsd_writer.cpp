#include "core/data/lsd_writer.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "core/data/class_labels.hpp"
#include "core/data/partition.hpp"
#include "core/data/shared_file.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

/// A block stays in a cache from when it is read until its rows are taken.
constexpr Index kBlockBytes = Index{1} << 19;
constexpr Index kMostBlockRows = Index{1} << 16;

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// What rows hold, of dense and sparse tables.
Index columns_of(const Table& table) {
  const bool numbers = std::holds_alternative<Table::NumberValues>(table.values);
  return (numbers ? table.features : 0) + (table.target_kind == TargetKind::none ? 0 : 1);
}

/// Rows of a block: a function of the whole table alone. *Collective*.
Index rows_of_block(Team& team, const Table& table) {
  const SparseValues* sparse = table.sparse();
  const Index cells = sum_over(team, sparse == nullptr ? 0 : sparse->cells());
  const bool bytes = std::holds_alternative<Table::ByteValues>(table.values);
  const Index row_bytes = 8 * columns_of(table) + (bytes ? table.features : 0) +
                          (sparse == nullptr ? 0 : 4 + 12 * (cells / table.total_rows));
  return std::clamp<Index>(kBlockBytes / std::max<Index>(row_bytes, 1), 1, kMostBlockRows);
}

/// The value of column `c` of row `local`.
double cell_of(const Table& table, Index local, std::size_t c) {
  const auto* numbers = std::get_if<Table::NumberValues>(&table.values);
  const std::size_t features = numbers == nullptr ? 0 : to_size(table.features);
  return c < features ? (*numbers)[to_size(local) * features + c] : table.target[to_size(local)];
}

struct ColumnCounts {
  std::int64_t numbers = 0;
  std::int64_t others = 0;
  std::int64_t missing = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
};

/// Whether each text of a column is a number, and which.
std::vector<double> numbers_of(const ColumnType& type) {
  std::vector<double> numbers;
  for (const std::string& text : type.categories) {
    if (!parse_csv_number(text, numbers.emplace_back())) {
      numbers.back() = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return numbers;
}

/// Rank-local.
ColumnCounts count(const Table& table, std::size_t c, const ColumnType& type) {
  const std::vector<double> numbers = numbers_of(type);
  ColumnCounts counts;
  for (Index i = 0; i < table.rows.size(); ++i) {
    double value = cell_of(table, i, c);
    if (std::isnan(value)) {
      ++counts.missing;
      continue;
    }
    if (type.kind == ColumnKind::category) value = numbers[static_cast<std::size_t>(value)];
    if (std::isnan(value)) {
      ++counts.others;
      continue;
    }
    ++counts.numbers;
    counts.min = std::min(counts.min, value);
    counts.max = std::max(counts.max, value);
  }
  return counts;
}

/// Completes the columns by what the rows of all ranks hold. *Collective*.
void count_columns(Team& team, const Table& table, std::vector<LsdColumn>& columns) {
  std::vector<ColumnCounts> mine(columns.size());
  guard(team, "counting cells", [&] {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (c < table.feature_types.size() && table.sparse() == nullptr) {
        columns[c].type = table.feature_types[c];
      }
      mine[c] = count(table, c, columns[c].type);
    }
  });
  std::vector<ColumnCounts> all(columns.size());
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    const auto theirs = FoldCodec<std::vector<ColumnCounts>>::decode(bytes);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      all[c].numbers += theirs[c].numbers;
      all[c].others += theirs[c].others;
      all[c].missing += theirs[c].missing;
      all[c].min = std::min(all[c].min, theirs[c].min);
      all[c].max = std::max(all[c].max, theirs[c].max);
    }
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    columns[c].numbers = all[c].numbers;
    columns[c].others = all[c].others;
    columns[c].missing = all[c].missing;
    if (all[c].numbers == 0) continue;
    columns[c].min = all[c].min + 0.0;  // which of −0 and 0 comes first depends on the ranks
    columns[c].max = all[c].max + 0.0;
  }
}

/// The cells of rows of a sparse table.
Index cells_of(const Table& table, Range locals) {
  const SparseValues* sparse = table.sparse();
  if (sparse == nullptr || locals.empty()) return 0;
  return sparse->begins[to_size(locals.end)] - sparse->begins[to_size(locals.begin)];
}

template <class V>
void put(std::byte* to, const V* from, Index count) {
  if (count > 0) std::memcpy(to, from, to_size(count) * sizeof(V));
}

void encode_sparse(const SparseValues& sparse, Range locals, const LsdBlockParts& parts,
                   std::byte* block) {
  for (Index i = locals.begin; i < locals.end; ++i) {
    const auto length = static_cast<std::uint32_t>(sparse.cells_of(i).size());
    put(block + parts.lengths + (i - locals.begin) * 4, &length, 1);
  }
  const Index first = sparse.begins[to_size(locals.begin)];
  const Index cells = sparse.begins[to_size(locals.end)] - first;
  put(block + parts.indices, sparse.columns.data() + first, cells);
  put(block + parts.numbers, sparse.numbers.data() + first, cells);
}

/// The bytes of a block of these rows.
std::vector<std::byte> encode_block(const LsdHeader& header, const Table& table, Range locals) {
  const LsdBlockParts parts = parts_of_block(header, locals.size(), cells_of(table, locals));
  std::vector<std::byte> block(to_size(parts.end));
  const auto columns = static_cast<Index>(header.columns.size());
  const auto* numbers = std::get_if<Table::NumberValues>(&table.values);
  const Index features = numbers == nullptr ? 0 : table.features;
  for (Index i = locals.begin; i < locals.end; ++i) {
    std::byte* row = block.data() + (i - locals.begin) * columns * 8;
    if (features > 0) put(row, numbers->data() + i * features, features);
    if (columns > features) put(row + features * 8, &table.target[to_size(i)], 1);
  }
  if (const auto* bytes = std::get_if<Table::ByteValues>(&table.values)) {
    put(block.data() + parts.bytes, bytes->data() + locals.begin * table.features,
        locals.size() * table.features);
  }
  if (const SparseValues* sparse = table.sparse()) {
    encode_sparse(*sparse, locals, parts, block.data());
  }
  return block;
}

/// The blocks of all ranks, in order. *Collective*.
std::vector<LsdBlock> gather(Team& team, const std::vector<LsdBlock>& mine) {
  std::vector<LsdBlock> blocks;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    const auto theirs = FoldCodec<std::vector<LsdBlock>>::decode(bytes);
    blocks.insert(blocks.end(), theirs.begin(), theirs.end());
  }
  return blocks;
}

}  // namespace

void write_lsd(Team& team, LsdHeader header, Table table, const std::string& path,
               const std::string& suffix) {
  assert(columns_of(table) == static_cast<Index>(header.columns.size()) && !table.weights);
  SharedFile file(team, path, suffix);
  header.rows = table.total_rows;
  header.sparse = table.sparse() != nullptr;
  if (std::holds_alternative<Table::ByteValues>(table.values)) header.byte_columns = table.features;
  header.block_rows = rows_of_block(team, table);
  count_columns(team, table, header.columns);

  const Index blocks = (header.rows + header.block_rows - 1) / header.block_rows;
  const std::vector<Index> first_blocks = even_boundaries(blocks, team.size());
  std::vector<Index> boundaries;
  boundaries.reserve(first_blocks.size());
  for (const Index b : first_blocks) {
    boundaries.push_back(std::min(b * header.block_rows, header.rows));
  }
  table = move_rows(team, std::move(table), boundaries);

  const Range my_blocks = part_of(first_blocks, team.rank());
  const auto locals = [&](Index block) {
    const Range rows = header.rows_of(block);
    return Range{rows.begin - table.rows.begin, rows.end - table.rows.begin};
  };
  std::vector<LsdBlock> mine;
  for (Index b = my_blocks.begin; b < my_blocks.end; ++b) {
    const Index cells = cells_of(table, locals(b));
    mine.push_back({header.bytes_of_block(locals(b).size(), cells), cells, {}});
  }
  header.blocks = gather(team, mine);
  Index at = header.size();
  for (Index b = 0; b < my_blocks.begin; ++b) at += header.blocks[to_size(b)].bytes;
  guard(team, "writing rows", [&] {
    for (Index b = my_blocks.begin; b < my_blocks.end; ++b) {
      const std::vector<std::byte> block = encode_block(header, table, locals(b));
      mine[to_size(b - my_blocks.begin)].hash = lsd_hash(block);
      file.write_at(at, block);
      at += static_cast<Index>(block.size());
    }
  });
  header.blocks = gather(team, mine);
  guard(team, "writing the header", [&] {
    if (team.rank() == 0) file.write_at(0, encode_lsd_header(header));
  });
  file.commit();
}

}  // namespace lockstep
