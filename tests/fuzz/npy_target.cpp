#include <algorithm>

#include "core/base/error.hpp"
#include "core/data/npy_array.hpp"
#include "core/data/npy_reader.hpp"
#include "tests/core/format/npy_files.hpp"
#include "tests/fuzz/tables.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

/// Rank 0 alone reads headers, so a wrong one ends the reading alike on any ranks: most inputs need
/// no threads.
bool has_good_header(const InputFile& input) {
  try {
    RangeFile file(input);
    read_npy_header(file);
    return true;
  } catch (const DataError&) {
    return false;  // refused, with a message
  }
}

/// The first byte says how the columns are read, the second how much of the rest is the file of
/// labels; that of the rows follows.
void read_anything(std::string_view input) {
  if (input.size() < 3) return;
  const auto how = static_cast<unsigned char>(input[0]);
  const std::size_t labels_size =
      std::min<std::size_t>(static_cast<unsigned char>(input[1]), input.size() - 2);
  input.remove_prefix(2);
  NpyOptions options;
  CsvOptions& columns = options.columns;
  columns.target_kind = how % 3 == 0   ? TargetKind::classes
                        : how % 3 == 1 ? TargetKind::number
                                       : TargetKind::none;
  columns.features = how / 3 % 3 == 0   ? CsvFeatures::numbers
                     : how / 3 % 3 == 1 ? CsvFeatures::typed
                                        : CsvFeatures::categories;
  if (how / 9 % 2 == 1) columns.targets = {"c0"};
  if (how / 72 % 2 == 1 && columns.target_kind == TargetKind::number)
    columns.targets = {"c1", "c0"};
  if (how / 18 % 2 == 1) columns.ignored = {"c1"};
  if (how / 36 % 2 == 1) {
    columns.schema = TableSchema{{"c1", "c0"}, TargetKind::classes, {"c2"}, {"0", "1", "2"}};
  }
  if (how / 144 % 2 == 1) columns.on_bad_row = OnBadRow::skip;
  std::vector<InputFile> labels;
  if (labels_size > 0) labels.push_back(fuzz_file("labels", input.substr(0, labels_size)));
  const InputFile rows = fuzz_file("rows", input.substr(labels_size));
  if (rows.size == 0) return;  // refused when files are looked for
  if (!has_good_header(rows) || (!labels.empty() && !has_good_header(labels[0]))) return;
  const auto read = [&](Team& team) { return read_npy(team, {rows}, labels, options).table; };
  read_on_one_rank_and_three(input, read);
}

std::string seed(int how, const std::string& rows, const std::string& labels = "") {
  return std::string{static_cast<char>(how), static_cast<char>(labels.size())} + labels + rows;
}

}  // namespace

const FuzzTarget& npy_target() {
  static const FuzzTarget kTarget{
      "npy",
      read_anything,
      {seed(0, npy_matrix({1, 2, 0, 3, 4, 1, 5, 6, 2, 7, 8, 0}, 3)),
       seed(1, npy_matrix({1, 2, 3, 4, 5, 6}, 2, true),
            npy_vector<std::int16_t>("<i2", {1, -1, 1})),
       seed(5, npy_file(npy_dictionary("|u1", "(5,)"), "abcde", 2)),
       seed(6, npy_vector<float>("<f4", {1.5F, 0, -2}), npy_vector<std::int8_t>("|i1", {0, 1, 0})),
       seed(36, npy_file(npy_dictionary("<u4", "(2, 3L)", true), std::string(24, '\0'), 3)),
       seed(61, npy_file(npy_dictionary("<i8", "(3, 2)"), std::string(48, 'x'))),
       seed(57, npy_file(npy_dictionary("<i8", "(4, 2)"), std::string(64, 'x'))),
       seed(0,
            npy_file("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }", "N."))}};
  return kTarget;
}

}  // namespace lockstep::test
