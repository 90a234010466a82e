#include "core/data/lsd_mapping.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "core/parallel/fold.hpp"

namespace lockstep {
namespace {

/// Bytes of the file.
std::vector<Index> begins_of_blocks(const LsdFile& lsd) {
  std::vector<Index> begins;
  Index begin = lsd.blocks_begin;
  for (const LsdBlock& block : lsd.header.blocks) {
    begins.push_back(begin);
    begin += block.bytes;
  }
  return begins;
}

/// What `make` makes of the file, on each rank.
template <class Make>
auto mapped(Team& team, const Make& make) {
  std::optional<decltype(make())> rows;
  guard(team, "mapping rows", [&] { rows.emplace(make()); });
  return std::move(*rows);
}

/// What the cells of a feature of categories stand for, on whatever rank they are. *Collective*;
/// sends the distinct cells of this rank.
CellValues values_of_cells(Team& team, const CsvTypedColumn& typed, const CellValues& codes) {
  struct CellValue {
    std::uint64_t bits;
    double value;
  };
  std::vector<CellValue> mine;
  for (const auto& [bits, code] : codes) mine.push_back({bits, typed.final_value(code)});
  CellValues values;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    for (const auto& [cell, value] : FoldCodec<std::vector<CellValue>>::decode(bytes)) {
      values.emplace(cell, value);
    }
  }
  return values;
}

bool are_themselves(const CellValues& values) {
  return std::all_of(values.begin(), values.end(), [](const auto& cell) {
    return cell.first == std::bit_cast<std::uint64_t>(cell.second);
  });
}

}  // namespace

MappedRows map_columns(Team& team, const LsdFile& lsd, const LsdColumns& how, const LsdPart& part,
                       std::size_t features) {
  const LsdHeader& header = lsd.header;
  std::vector<std::size_t> columns = how.columns_of;
  columns.resize(features);
  MappedRows rows = mapped(team, [&] {
    const auto stored = static_cast<Index>(header.columns.size());
    const RowLayout layout{begins_of_blocks(lsd), header.block_rows, stored};
    return MappedRows(lsd.file.path, layout, columns);
  });
  for (std::size_t j = 0; j < features; ++j) {
    if (how.kinds[j] == ColumnKind::number) continue;
    CellValues values = values_of_cells(team, how.typed[j], part.codes[j]);
    if (!are_themselves(values)) rows.translate(j, std::move(values));
  }
  return rows;
}

MappedRows map_bytes(Team& team, const LsdFile& lsd) {
  const LsdHeader& header = lsd.header;
  return mapped(team, [&] {
    RowLayout layout{begins_of_blocks(lsd), header.block_rows, header.byte_columns, true};
    for (std::size_t b = 0; b < layout.blocks.size(); ++b) {
      const Index rows = header.rows_of(static_cast<Index>(b)).size();
      layout.blocks[b] += parts_of_block(header, rows, 0).bytes;
    }
    std::vector<std::size_t> columns(static_cast<std::size_t>(header.byte_columns));
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    return MappedRows(lsd.file.path, std::move(layout), columns);
  });
}

MappedSparseRows map_sparse(Team& team, const LsdFile& lsd, const LsdColumns& how,
                            const LsdPart& part) {
  const LsdHeader& header = lsd.header;
  const std::vector<Bytes> begins = team.all_gather(std::as_bytes(std::span(part.begins)));
  return mapped(team, [&] {
    SparseRowLayout layout{{}, header.block_rows, {}, how.index_base, how.width};
    for (const Bytes& bytes : begins) {
      const auto theirs = FoldCodec<std::vector<Index>>::decode(bytes);
      layout.begins.insert(layout.begins.end(), theirs.begin(), theirs.end());
    }
    const std::vector<Index> blocks = begins_of_blocks(lsd);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const Index cells = header.blocks[b].cells;
      const LsdBlockParts parts =
          parts_of_block(header, header.rows_of(static_cast<Index>(b)).size(), cells);
      layout.blocks.push_back(
          {blocks[b] + parts.lengths, blocks[b] + parts.indices, blocks[b] + parts.numbers, cells});
    }
    return MappedSparseRows(lsd.file.path, std::move(layout));
  });
}

}  // namespace lockstep
