#include "core/data/table_writer.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/shared_file.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 22;

/// Turns rows into lines.
class CsvRowFormatter {
 public:
  explicit CsvRowFormatter(const Table& table)
      : table_(table), row_(static_cast<std::size_t>(table.features)) {
    assert(table.feature_types.empty());  // the generators make numbers without gaps
    for (const std::string& name : table.class_names) classes_.push_back(csv_field(name));
    if (!std::holds_alternative<Table::ByteValues>(table.values)) return;
    for (int v = 0; v < 256; ++v) bytes_.push_back(format_real(v / 255.0));
  }

  /// Appends the line of row `local` to `text`.
  void append(Index local, std::string& text) {
    if (const auto* bytes = std::get_if<Table::ByteValues>(&table_.values)) {
      const std::uint8_t* row = bytes->data() + local * table_.features;
      for (Index j = 0; j < table_.features; ++j) text.append(bytes_[row[j]]).push_back(',');
    } else {
      table_.copy_row(local, row_.data());
      for (const double value : row_) text.append(format_real(value)).push_back(',');
    }
    if (table_.target_kind == TargetKind::none) {
      text.back() = '\n';
      return;
    }
    const double target = table_.target[static_cast<std::size_t>(local)];
    if (table_.target_kind == TargetKind::classes) {
      text.append(classes_[static_cast<std::size_t>(target)]).push_back('\n');
    } else {
      text.append(format_real(target)).push_back('\n');
    }
  }

 private:
  const Table& table_;
  std::vector<double> row_;
  std::vector<std::string> bytes_;    ///< by value
  std::vector<std::string> classes_;  ///< by index
};

std::string csv_header(const Table& table) {
  std::string header;
  for (const std::string& name : table.feature_names) header += csv_field(name) + ',';
  if (table.target_kind == TargetKind::none) {
    header.back() = '\n';
  } else {
    header += csv_field(table.target_name()) + '\n';
  }
  return header;
}

void refuse_newlines(const std::vector<std::string>& names, const std::string& path) {
  for (const std::string& name : names) {
    if (name.find('\n') == std::string::npos) continue;
    throw DataError(
        fmt::format("{}: expected names without a newline for CSV, found {}", path, quoted(name)));
  }
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text));
}

/// The header of an IDX file of unsigned bytes: big-endian numbers.
std::string idx_header(const std::vector<Index>& dimensions, const std::string& path) {
  constexpr Index kLargest = 0xFFFFFFFF;
  std::string header{'\x00', '\x00', '\x08', static_cast<char>(dimensions.size())};
  for (const Index n : dimensions) {
    if (n > kLargest) {
      throw DataError(fmt::format("{}: {} rows do not fit into an IDX file; write CSV", path, n));
    }
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
      header += static_cast<char>(static_cast<std::uint64_t>(n) >> shift & 0xFFU);
    }
  }
  return header;
}

/// The byte of each class.
std::vector<std::uint8_t> idx_labels(const Table& table, const std::string& path) {
  constexpr Index kLargest = 255;
  if (table.target_kind != TargetKind::classes) {
    throw DataError(fmt::format("{}: IDX labels are classes, and {} is a number; write CSV", path,
                                quoted(table.target_name())));
  }
  std::vector<std::uint8_t> labels;
  for (const std::string& name : table.class_names) {
    Index value = 0;
    if (!parse_integer(name, value) || value < 0 || value > kLargest) {
      throw DataError(
          fmt::format("{}: expected classes that are numbers from 0 to 255 for IDX, "
                      "found {}; write CSV",
                      path, quoted(name)));
    }
    labels.push_back(static_cast<std::uint8_t>(value));
  }
  return labels;
}

/// One IDX file, of which this rank has `values` from byte `begin` after the header.
struct IdxPart {
  std::string header;
  Index begin;
  std::span<const std::uint8_t> values;
};

/// *Collective*.
void write_part(Team& team, SharedFile& file, const IdxPart& part) {
  guard(team, "writing rows", [&] {
    if (team.rank() == 0) file.write_at(0, bytes_of(part.header));
    file.write_at(static_cast<Index>(part.header.size()) + part.begin, std::as_bytes(part.values));
  });
}

}  // namespace

void write_csv(Team& team, const Table& table, const std::string& path) {
  refuse_newlines(table.feature_names, path);
  refuse_newlines(table.class_names, path);
  refuse_newlines({table.target_name()}, path);
  const std::string header = csv_header(table);
  CsvRowFormatter formatter(table);
  // Rows are formatted twice, to learn where they go and to write them: that needs no memory.
  std::string text;
  Index size = 0;
  guard(team, "measuring rows", [&] {
    for (Index i = 0; i < table.rows.size(); ++i) {
      text.clear();
      formatter.append(i, text);
      size += static_cast<Index>(text.size());
    }
  });
  Index offset = static_cast<Index>(header.size()) + exclusive_scan(team, size);
  SharedFile file(team, path);
  guard(team, "writing rows", [&] {
    if (team.rank() == 0) file.write_at(0, bytes_of(header));
    text.clear();
    for (Index i = 0; i < table.rows.size(); ++i) {
      formatter.append(i, text);
      if (text.size() < kBuffer && i + 1 < table.rows.size()) continue;
      file.write_at(offset, bytes_of(text));
      offset += static_cast<Index>(text.size());
      text.clear();
    }
  });
  file.commit();
}

void write_idx(Team& team, const Table& table, const std::vector<Index>& item_dimensions,
               const std::string& images_path, const std::string& labels_path) {
  assert(std::accumulate(item_dimensions.begin(), item_dimensions.end(), Index{1},
                         std::multiplies<>()) == table.features);
  const auto* values = std::get_if<Table::ByteValues>(&table.values);
  if (values == nullptr) {
    throw DataError(
        fmt::format("{}: IDX files hold bytes, and these features are numbers; write "
                    "CSV",
                    images_path));
  }
  std::vector<Index> dimensions{table.total_rows};
  dimensions.insert(dimensions.end(), item_dimensions.begin(), item_dimensions.end());
  const std::string header = idx_header(dimensions, images_path);
  const bool has_labels = table.target_kind != TargetKind::none;
  std::vector<std::uint8_t> labels;
  if (has_labels) {
    const std::vector<std::uint8_t> label_of_class = idx_labels(table, labels_path);
    for (const double k : table.target)
      labels.push_back(label_of_class[static_cast<std::size_t>(k)]);
  }
  SharedFile images_file(team, images_path);
  write_part(team, images_file, {header, table.rows.begin * table.features, *values});
  if (has_labels) {
    SharedFile labels_file(team, labels_path);
    write_part(team, labels_file,
               {idx_header({table.total_rows}, labels_path), table.rows.begin, labels});
    labels_file.commit();
  }
  images_file.commit();
}

}  // namespace lockstep
