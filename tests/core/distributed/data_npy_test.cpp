#include <gtest/gtest.h>

#include <limits>

#include "core/data/data_hash.hpp"
#include "core/data/npy_reader.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/core/data/data_files.hpp"
#include "tests/core/format/npy_files.hpp"

namespace lockstep {
namespace {

using test::bytes_of;
using test::for_each_team;
using test::npy_dictionary;
using test::npy_file;
using test::npy_matrix;
using test::npy_vector;
using test::TeamDirectory;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> some_numbers(Index rows, Index columns) {
  std::vector<double> numbers;
  for (Index i = 0; i < rows * columns; ++i) {
    numbers.push_back(static_cast<double>(i * 37 % 101) / 8);
  }
  return numbers;
}

std::vector<double> some_classes(Index rows) {
  std::vector<double> classes;
  for (Index i = 0; i < rows; ++i) classes.push_back(static_cast<double>(i * i % 7) - 2);
  return classes;
}

/// Expects the whole table to hold these rows, spread evenly. *Collective*.
void expect_rows(Team& team, const Table& table, const std::vector<double>& numbers, Index rows) {
  test::expect_whole(team, table, rows);
  EXPECT_EQ(table.rows, even_part(rows, team.size(), team.rank()));
  const auto begin = numbers.begin() + table.rows.begin * table.features;
  EXPECT_EQ(std::get<Table::NumberValues>(table.values),
            Table::NumberValues(begin, begin + table.rows.size() * table.features));
}

TEST(DistributedNpy, IsTheSameForAnyRanksOrdersAndFiles) {
  constexpr Index kRows = 1003;
  constexpr Index kColumns = 5;
  const std::vector<double> numbers = some_numbers(kRows, kColumns);
  const std::vector<double> classes = some_classes(kRows);
  std::string hash;
  for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    TeamDirectory folder(team);
    const auto part = [&](Index begin, Index end, bool fortran_order) {
      return npy_matrix({numbers.begin() + begin * kColumns, numbers.begin() + end * kColumns},
                        kColumns, fortran_order);
    };
    const auto labels = [&](Index begin, Index end) {
      return npy_vector<double>("<f8", {classes.begin() + begin, classes.begin() + end});
    };
    const std::vector<std::vector<InputFile>> inputs{
        {folder.put("c", part(0, kRows, false))},
        {folder.put("f", part(0, kRows, true))},
        {folder.put("1", part(0, 400, true)), folder.put("2", part(400, 401, false)),
         folder.put("3", part(401, kRows, true))}};
    const std::vector<std::vector<InputFile>> targets{
        {folder.put("y", labels(0, kRows))},
        {folder.put("y", labels(0, kRows))},
        {folder.put("y1", labels(0, 400)), folder.put("y2", labels(400, 401)),
         folder.put("y3", labels(401, kRows))}};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Table table = read_npy(team, inputs[i], targets[i], {}).table;
      expect_rows(team, table, numbers, kRows);
      for (Index r = 0; r < table.rows.size(); ++r) {
        const auto k = static_cast<std::size_t>(table.target[static_cast<std::size_t>(r)]);
        EXPECT_EQ(std::stod(table.class_names.at(k)),
                  classes[static_cast<std::size_t>(table.rows.begin + r)]);
      }
      const std::string found = data_hash(team, table);
      if (hash.empty()) hash = found;
      EXPECT_EQ(found, hash);
    }
    folder.remove();
  });
}

TEST(DistributedNpy, FewerRowsThanRanks) {
  for_each_team({1, 2, 5}, [](Team& team) {
    TeamDirectory folder(team);
    for (const bool fortran_order : {false, true}) {
      const InputFile file = folder.put("a", npy_matrix({1, 2, 3, 4, 5, 6}, 3, fortran_order));
      const Table table = read_npy(team, {file}, {}, {}).table;
      expect_rows(team, table, {1, 2, 4, 5}, 2);
      EXPECT_EQ(table.class_names, (std::vector<std::string>{"3", "6"}));
      team.barrier();
    }
    folder.remove();
  });
}

TEST(DistributedNpy, ARankReadsTheBytesOfItsRowsAlone) {
  for_each_team({1, 2, 4}, [](Team& team) {
    TeamDirectory folder(team);
    for (const bool fortran_order : {false, true}) {
      const InputFile file =
          folder.put("a", npy_matrix(some_numbers(10000, 20), 20, fortran_order));
      NpyOptions options;
      options.columns.target_kind = TargetKind::none;
      const NpyTable whole = read_npy(team, {file}, {}, options);
      const Index header = team.rank() == 0 ? 100 : 0;
      EXPECT_GE(whole.bytes_read, whole.table.rows.size() * 20 * 8);
      EXPECT_LE(whole.bytes_read, whole.table.rows.size() * 20 * 8 + header);
      for (int c = 0; c < 10; ++c) options.columns.ignored.push_back("c" + std::to_string(2 * c));
      const NpyTable half = read_npy(team, {file}, {}, options);
      if (fortran_order) {
        EXPECT_LE(half.bytes_read, whole.table.rows.size() * 10 * 8 + header);
      }
      team.barrier();
    }
    folder.remove();
  });
}

TEST(DistributedNpy, EveryRankThrowsTheFirstErrorInRowOrder) {
  for_each_team({1, 2, 3, 4, 7}, [](Team& team) {
    TeamDirectory folder(team);
    const auto message = [&](const std::vector<InputFile>& files, const NpyOptions& options) {
      return test::message_in(folder / "", [&] { read_npy(team, files, {}, options); });
    };
    for (const bool fortran_order : {false, true}) {
      std::vector<double> numbers = some_numbers(100, 4);
      numbers[4 * 61 + 2] = kNan;
      numbers[4 * 61 + 1] = -std::numeric_limits<double>::infinity();
      numbers[248] = kNan;
      numbers[4 * 99 + 3] = kNan;
      const InputFile good = folder.put("a", npy_matrix(some_numbers(50, 4), 4, fortran_order));
      const InputFile bad = folder.put("b", npy_matrix(numbers, 4, fortran_order));
      NpyOptions options;
      options.columns.target_kind = TargetKind::number;
      EXPECT_EQ(message({good, bad}, options),
                "b[61, 1]: expected a finite number in column 'c1', found -inf");
      options.columns.targets = {"c1"};
      options.columns.ignored = {"c0", "c2"};
      EXPECT_EQ(message({good, bad}, options),
                "b[61, 1]: expected a finite number in column 'c1', found -inf");
      const InputFile longer = folder.put("c", npy_matrix(numbers, 4, fortran_order) + "\n");
      EXPECT_EQ(message({good, longer}, options),
                "c: expected 3200 bytes after the header, for shape (100, 4) of <f8, found 3201");
      options.columns.target_kind = TargetKind::classes;
      options.columns.ignored = {"c3"};
      options.columns.targets = {"c0"};
      options.columns.schema = TableSchema{{"c1", "c2"}, TargetKind::classes, {"c0"}, {"0", "0.5"}};
      EXPECT_EQ(message({good}, options),
                "a[1, 0]: class '5.875' in column 'c0' does not occur in the training data");
      team.barrier();
    }
    folder.remove();
  });
}

TEST(DistributedNpy, CategoriesAndClassesAreThoseOfAllRanks) {
  for_each_team({1, 2, 3, 5}, [](Team& team) {
    TeamDirectory folder(team);
    const std::vector<std::int64_t> rows{7, 100, 1, 8, 20, 3, 7, 3, 2, 9, 20, 1, 10, 100, 5};
    const InputFile file =
        folder.put("a", npy_file(npy_dictionary("<i8", "(5, 3)"), bytes_of(rows)));
    NpyOptions options;
    options.columns.features = CsvFeatures::categories;
    const Table table = read_npy(team, {file}, {}, options).table;
    EXPECT_EQ(table.feature_types[0].categories, (std::vector<std::string>{"7", "8", "9", "10"}));
    EXPECT_EQ(table.feature_types[1].categories, (std::vector<std::string>{"3", "20", "100"}));
    EXPECT_EQ(table.class_names, (std::vector<std::string>{"1", "2", "3", "5"}));
    const std::vector<double> codes{0, 2, 1, 1, 0, 0, 2, 1, 3, 2};
    expect_rows(team, table, codes, 5);
    const std::vector<double> classes{0, 2, 1, 0, 3};
    for (Index i = table.rows.begin; i < table.rows.end; ++i) {
      EXPECT_EQ(table.target[static_cast<std::size_t>(i - table.rows.begin)],
                classes[static_cast<std::size_t>(i)]);
    }
    const TableSchema schema = schema_of(table);
    options.columns.schema = schema;
    options.columns.target_kind = TargetKind::none;
    const std::vector<std::int64_t> others{7, 1, 6, 3, 6, 2, 6, 2};
    const InputFile second =
        folder.put("b", npy_file(npy_dictionary("<i8", "(4, 2)", true), bytes_of(others)));
    const NpyTable again = read_npy(team, {second}, {}, options);
    const std::string path = folder / "b";
    EXPECT_EQ(again.notes.size(), 2U);
    for (const CsvColumnNote& note : again.notes) {
      const bool first = note.column == "c0";
      EXPECT_EQ(note.unknown, first ? 3 : 4);
      EXPECT_EQ(note.example, first ? "1" : "6");
      EXPECT_EQ(note.place, path + (first ? "[1, 0]" : "[0, 1]"));
    }
    EXPECT_EQ(again.table.places.of(2), path + "[2]");
    folder.remove();
  });
}

}  // namespace
}  // namespace lockstep
