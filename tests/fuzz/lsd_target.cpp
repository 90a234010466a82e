#include <cstddef>
#include <limits>
#include <utility>

#include "core/base/error.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/lsd_reader.hpp"
#include "tests/core/data/lsd_bytes.hpp"
#include "tests/fuzz/tables.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

/// Rank 0 alone looks at headers first, and a wrong one ends the reading alike on any ranks: most
/// inputs need no threads.
bool has_good_header(std::string_view bytes) {
  const auto all = std::as_bytes(std::span(bytes));
  const auto size = static_cast<Index>(bytes.size());
  try {
    const Index header = lsd_header_size("rows", all, size);
    decode_lsd_header("rows", all.first(static_cast<std::size_t>(header)), size);
    return true;
  } catch (const DataError&) {
    return false;  // refused, with a message
  }
}

/// The first byte says how the columns are read; the file follows, whose hashes are put right.
void read_anything(std::string_view input) {
  if (input.size() < 2) return;
  const auto how = static_cast<unsigned char>(input[0]);
  std::string bytes(input.substr(1));
  if (how < 128) bytes = with_right_hashes(std::move(bytes));
  if (!has_good_header(bytes)) return;
  LsdOptions options;
  CsvOptions& columns = options.columns;
  columns.target_kind = how % 3 == 0   ? TargetKind::classes
                        : how % 3 == 1 ? TargetKind::number
                                       : TargetKind::none;
  columns.features = how / 3 % 3 == 0   ? CsvFeatures::numbers
                     : how / 3 % 3 == 1 ? CsvFeatures::typed
                                        : CsvFeatures::categories;
  if (how / 9 % 2 == 1) columns.targets = {"c"};
  if (how / 36 % 2 == 1 && columns.target_kind == TargetKind::number) columns.targets = {"y", "x"};
  if (how / 18 % 2 == 1) {
    columns.schema = TableSchema{{"x", "c"}, TargetKind::classes, {"y"}, {"0", "1"}};
  }
  const InputFile rows = fuzz_file("rows", bytes);
  const auto read = [&](Team& team) { return read_lsd(team, open_lsd(team, rows), options).table; };
  read_on_one_rank_and_three(input, read);
  const std::string in_memory = outcome_of_reading(1, read);
  options.mapped = true;
  require(outcome_of_reading(1, read) == in_memory, "rows that stay in the file are others");
}

/// A file of these blocks, all of whose sizes are right.
std::string seed(char how, const LsdHeader& header, const std::string& blocks) {
  const auto bytes = encode_lsd_header(header);
  return how + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) + blocks;
}

std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + 63) / 64 * 64);
  return bytes;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return padded({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}

LsdColumn column(std::string name, std::int64_t numbers, std::int64_t missing) {
  LsdColumn column;
  column.name = std::move(name);
  column.numbers = numbers;
  column.missing = missing;
  return column;
}

std::string dense_seed() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  LsdHeader header;
  header.format = "csv";
  header.columns = {column("x", 2, 1), column("c", 1, 0), column("y", 3, 0)};
  header.columns[1].others = 2;
  header.columns[1].type = {ColumnKind::category, {"1", "a"}};
  header.columns[2].spelling = {NumberSpelling::Kind::listed,
                                {{0, "00"}, {0x3FF0000000000000, "1.0"}}};
  header.rows = 3;
  header.block_rows = 2;
  header.blocks = {{64, 0, {}}, {64, 0, {}}};
  header.sources = {{"a.csv", 9, 1, 3, 2}};
  return seed('\x03', header,
              bytes_of<double>({1, 0, 0, kNan, 1, 1}) + bytes_of<double>({2, 1, 0}));
}

std::string sparse_seed() {
  LsdHeader header;
  header.format = "libsvm";
  header.has_labels = true;
  header.sparse = true;
  header.smallest_index = 1;
  header.largest_index = 4;
  header.columns = {column("label", 3, 0)};
  header.rows = 3;
  header.block_rows = 3;
  header.blocks = {{256, 3, {}}};
  return seed('\x01', header,
              bytes_of<double>({1, 0, 1}) + bytes_of<std::uint32_t>({2, 0, 1}) +
                  bytes_of<std::uint32_t>({1, 4, 2}) + bytes_of<double>({0.5, -1, 3}));
}

std::string bytes_seed() {
  LsdHeader header;
  header.format = "idx";
  header.has_labels = true;
  header.byte_columns = 3;
  header.columns = {column("label", 2, 0)};
  header.rows = 2;
  header.blocks = {{128, 0, {}}, {128, 0, {}}};
  const std::string pixels = padded("abc");
  return seed('\x00', header, bytes_of<double>({1}) + pixels + bytes_of<double>({2}) + pixels);
}

}  // namespace

const FuzzTarget& lsd_target() {
  static const FuzzTarget kTarget{
      "lsd", read_anything, {dense_seed(), sparse_seed(), bytes_seed()}};
  return kTarget;
}

}  // namespace lockstep::test
