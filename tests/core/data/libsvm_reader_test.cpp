#include "core/data/libsvm_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/data/csv_reader.hpp"
#include "core/data/data_hash.hpp"
#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;
using Columns = Buffer<std::uint32_t>;
using Begins = Buffer<Index>;

LibsvmOptions predicting(TargetKind kind, std::optional<Index> base = std::nullopt) {
  LibsvmOptions options;
  options.target_kind = kind;
  options.index_base = base;
  return options;
}

LibsvmTable read_texts(const Texts& contents, const LibsvmOptions& options) {
  LibsvmTable result;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    std::vector<InputFile> files;
    for (const std::string& content : contents) {
      files.push_back(folder.put(std::string(1, static_cast<char>('a' + files.size())), content));
    }
    result = read_libsvm(team, files, options);
    const std::size_t at = result.left_out.place.find(folder / "");
    if (at == 0) result.left_out.place.erase(0, (folder / "").size());
  });
  return result;
}

LibsvmTable read_text(const std::string& content,
                      const LibsvmOptions& options = predicting(TargetKind::number)) {
  return read_texts({content}, options);
}

std::string error_of(const std::string& content,
                     const LibsvmOptions& options = predicting(TargetKind::number)) {
  std::string message;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.svm", content);
    message = test::message_in(folder / "", [&] { read_libsvm(team, {file}, options); });
  });
  return message;
}

/// A schema of features with these names and the classes −1 and 1.
TableSchema schema(const Texts& features) {
  return {features, TargetKind::classes, {"y"}, {"-1", "1"}};
}

LibsvmOptions fitting(const TableSchema& schema, std::optional<Index> base = std::nullopt) {
  LibsvmOptions options = predicting(schema.target_kind, base);
  options.schema = schema;
  return options;
}

TEST(LibsvmReader, ReadsRowsOfPairs) {
  const LibsvmTable read = read_text("1.5 1:2 3:-4.25\n-2 2:1e-3\n");
  const Table& table = read.table;
  EXPECT_EQ(read.index_base, 1);
  EXPECT_EQ(table.features, 3);
  EXPECT_EQ(table.feature_names, (Texts{"c0", "c1", "c2"}));
  EXPECT_TRUE(table.feature_types.empty());
  EXPECT_EQ(table.target_name(), "label");
  EXPECT_EQ(table.target_kind, TargetKind::number);
  EXPECT_EQ(table.target, (Numbers{1.5, -2}));
  EXPECT_EQ(*table.sparse(), (SparseValues{{0, 2, 3}, {0, 2, 1}, {2, -4.25, 1e-3}}));
  EXPECT_EQ(table.rows, (Range{0, 2}));
  EXPECT_EQ(table.total_rows, 2);
}

TEST(LibsvmReader, TakesWhateverStandsBetweenFields) {
  const std::string rows = "1 1:2 3:4\n2\n3 2:5\n";
  const LibsvmTable expected = read_text(rows);
  for (const char* other :
       {"1 1:2 3:4\r\n2\r\n3 2:5\r\n", "1 1:2 3:4\n2\n3 2:5", "1 1:2 3:4\r\n2\r\n3 2:5\r",
        "\xEF\xBB\xBF"
        "1 1:2 3:4\n2\n3 2:5\n",
        "  1\t1:2  \t3:4 \n2 \n 3 2:5\t\n",
        "# one\n1 1:2 3:4# two 5:6\n\n \t\r\n2 # 3:4\n#\n3 2:5#",
        "1 qid:7 1:2 3:4\n2 qid:0\n3\tqid:1 2:5\n", "+1 01:2.0 3:+4\n2.0\n3e0 2:.5e1\n",
        "1 3:4 1:2\n2 2:0 1:0.0\n3 2:5 1:0\n", "1 1:2 2:0 3:4\n2\n3 2:5 3:-0.0e5\n"}) {
    const LibsvmTable read = read_text(other);
    EXPECT_EQ(read.table.target, expected.table.target) << other;
    if (std::string(other).ends_with("-0.0e5\n")) continue;
    EXPECT_EQ(*read.table.sparse(), *expected.table.sparse()) << other;
    EXPECT_EQ(read.table.features, expected.table.features) << other;
  }
}

TEST(LibsvmReader, ZerosAreNotStoredButCount) {
  const Table table = read_text("1 2:0 5:0.0\n2 1:-0 3:1\n").table;
  EXPECT_EQ(table.features, 5);
  ASSERT_EQ(table.sparse()->columns, (Columns{0, 2}));
  EXPECT_TRUE(std::signbit(table.sparse()->numbers[0]));  // as in a dense table
  EXPECT_EQ(table.sparse()->begins, (Begins{0, 0, 2}));
}

TEST(LibsvmReader, PairsAreSortedInTheirRow) {
  const Table table = read_text("-1 5:2.5 2:-5.2 15:1.5 1:0\n1 9:1 8:2 7:3 # x\n").table;
  EXPECT_EQ(*table.sparse(),
            (SparseValues{{0, 3, 6}, {1, 4, 14, 6, 7, 8}, {-5.2, 2.5, 1.5, 3, 2, 1}}));
}

TEST(LibsvmReader, RowsWithoutPairsAreZeros) {
  const Table table = read_text("1\n2 # no\n").table;
  EXPECT_EQ(table.features, 1);
  EXPECT_EQ(*table.sparse(), (SparseValues{{0, 0, 0}, {}, {}}));
}

TEST(LibsvmReader, IndicesBeginAtZeroWhereOneIsZero) {
  EXPECT_EQ(read_text("1 1:2 2:3\n2 0:0\n").index_base, 0);
  const LibsvmTable zero = read_text("1 0:2\n2 2:3\n");
  EXPECT_EQ(zero.index_base, 0);
  EXPECT_EQ(zero.table.features, 3);
  EXPECT_EQ(zero.table.sparse()->columns, (Columns{0, 2}));
  // Whichever file it is in, for all of them.
  const LibsvmTable both = read_texts({"1 1:2\n", "1 0:2\n"}, predicting(TargetKind::number));
  EXPECT_EQ(both.index_base, 0);
  EXPECT_EQ(both.table.sparse()->columns, (Columns{1, 0}));
  // A user may know better.
  const LibsvmTable given = read_text("1 1:2 2:3\n", predicting(TargetKind::number, 0));
  EXPECT_EQ(given.index_base, 0);
  EXPECT_EQ(given.table.features, 3);
  EXPECT_EQ(given.table.sparse()->columns, (Columns{1, 2}));
  EXPECT_EQ(read_text("1 1:2 2:3\n", predicting(TargetKind::number, 1)).table.features, 2);
  EXPECT_EQ(error_of("1 1:2\n2 1:1 0:3\n", predicting(TargetKind::number, 1)),
            "a.svm:2:3: expected an index from 1 on (data.index_base), found '0:3'");
}

TEST(LibsvmReader, ClassesAreThoseOfCsv) {
  const Table table = read_text("+1 1:1\n-1 1:1\n1 1:1\n1.0 1:2\n", {}).table;
  EXPECT_EQ(table.class_names, (Texts{"-1", "1"}));
  EXPECT_EQ(table.target, (Numbers{1, 0, 1, 1}));
  EXPECT_EQ(table.target_kind, TargetKind::classes);
}

TEST(LibsvmReader, WithoutATargetLabelsAreCheckedAndLeftOut) {
  const Table table = read_text("7 1:1\n8 2:1\n", predicting(TargetKind::none)).table;
  EXPECT_EQ(table.target_kind, TargetKind::none);
  EXPECT_TRUE(table.target.empty());
  EXPECT_EQ(error_of("1:1 2:1\n", predicting(TargetKind::none)),
            "a.svm:1:1: expected a number as the label, found '1:1'");
}

TEST(LibsvmReader, TypesAreStatedWhereTheyAreAskedFor) {
  LibsvmOptions options;
  options.typed = true;
  EXPECT_EQ(read_text("1 2:1\n", options).table.feature_types, std::vector<ColumnType>(2));
  TableSchema typed = schema({"c0"});
  typed.feature_types.resize(1);
  EXPECT_EQ(read_text("1 1:1\n", fitting(typed)).table.feature_types, std::vector<ColumnType>(1));
  EXPECT_TRUE(read_text("1 1:1\n", fitting(schema({"c0"}))).table.feature_types.empty());
}

TEST(LibsvmReader, TablesAreThoseOfCsv) {
  test::on_one_rank([](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile sparse = folder.put("a.svm", "1 1:2.5 3:-0\n-1\n1 3:1e-300 2:7\n");
    const InputFile dense =
        folder.put("a.csv", "label,c0,c1,c2\n1,2.5,0,-0\n-1,0,0,0\n1,0,7,1e-300\n");
    CsvOptions options;
    options.targets = {"label"};
    const Table table = read_libsvm(team, {sparse}, {}).table;
    const Table of_csv = read_csv(team, {dense}, options).table;
    EXPECT_EQ(schema_of(table), schema_of(of_csv));
    EXPECT_EQ(table.target, of_csv.target);
    for (Index row = 0; row < 3; ++row) {
      EXPECT_EQ(test::row_of(table, row), test::row_of(of_csv, row));
    }
    EXPECT_EQ(data_hash(team, table), data_hash(team, of_csv));
  });
}

TEST(LibsvmReader, TheSchemaSaysHowWide) {
  const LibsvmTable narrow = read_text("1 1:5\n", fitting(schema({"c0", "c1", "c2"})));
  EXPECT_EQ(narrow.table.features, 3);
  EXPECT_EQ(narrow.table.target_name(), "y");
  EXPECT_EQ(narrow.table.class_names, (Texts{"-1", "1"}));
  EXPECT_EQ(narrow.table.target, Numbers{1});
  EXPECT_EQ(narrow.left_out.cells, 0);
  const LibsvmTable wide =
      read_text("1 2:5 3:0\n-1 4:1 2:6 1:4 5:1\n1 7:1 1:3\n", fitting(schema({"c0", "c1"})));
  EXPECT_EQ(wide.table.features, 2);
  EXPECT_EQ(*wide.table.sparse(), (SparseValues{{0, 1, 3, 4}, {1, 0, 1, 0}, {5, 4, 6, 3}}));
  EXPECT_EQ(wide.left_out.cells, 3);  // zeros are not there to be left out
  EXPECT_EQ(wide.left_out.place, "a:2");
  EXPECT_EQ(wide.left_out.index, 4);
  const LibsvmTable from_zero = read_text("1 2:5\n", fitting(schema({"c0", "c1"}), 0));
  EXPECT_EQ(from_zero.left_out.cells, 1);
  EXPECT_EQ(from_zero.left_out.index, 2);
  EXPECT_EQ(*from_zero.table.sparse(), (SparseValues{{0, 0}, {}, {}}));
}

TEST(LibsvmReader, TheSchemaMustBeOfNumberedFeatures) {
  EXPECT_EQ(
      error_of("1 1:2\n", fitting(schema({"c0", "pH"}))),
      "a.svm: the features of a LIBSVM file are c0, c1, …, but the model has 'pH' in place of "
      "c1; give it a CSV file");
  EXPECT_EQ(
      error_of("1 1:2\n", fitting(schema({"c1"}))),
      "a.svm: the features of a LIBSVM file are c0, c1, …, but the model has 'c1' in place of "
      "c0; give it a CSV file");
  EXPECT_EQ(error_of("1 1:2\n3 1:2\n", fitting(schema({"c0"}))),
            "a.svm:2:1: class '3' in column 'y' does not occur in the training data");
}

TEST(LibsvmReader, RowsKnowTheirLines) {
  const Table table = read_texts({"# a\n\n1 1:1\n2\n3\n#\n", "1 1:1\n# between\n2\n"},
                                 predicting(TargetKind::number))
                          .table;
  const auto name = [&](Index row) {
    const std::string place = table.places.of(row);
    return place.substr(place.rfind('/') + 1);
  };
  EXPECT_EQ(name(0), "a:3");
  EXPECT_EQ(name(2), "a:5");
  EXPECT_EQ(name(4), "b, row 2");
}

TEST(LibsvmReader, WrongLabelsHaveTheirPlace) {
  const std::string row = "1 1:2\n";
  EXPECT_EQ(error_of(row + "python 2:2.5\n"),
            "a.svm:2:1: expected a number as the label, found 'python'");
  EXPECT_EQ(error_of(row + "python 2:2.5\n", {}),
            "a.svm:2:1: expected a number as the label, found 'python'");
  EXPECT_EQ(error_of("# x\n\n1,2 20:27\n", {}), "a.svm:3:1: expected one label a row, found '1,2'");
  EXPECT_EQ(error_of(row + " 2:3.5 11:26\n"),
            "a.svm:2:1: expected a number as the label, found '2:3.5'");
  EXPECT_EQ(error_of("nan 1:2\n"), "a.svm:1:1: expected a number as the label, found 'nan'");
  EXPECT_EQ(error_of("\x1f\x8c\x08 1\n"),
            "a.svm:1:1: expected a number as the label, found '\\x1f\\x8c\\x08'");
  EXPECT_EQ(error_of("++1 1:2\n"), "a.svm:1:1: expected a number as the label, found '++1'");
}

TEST(LibsvmReader, WrongPairsHaveTheirPlace) {
  const auto problem = [](const std::string& fields) {
    const std::string message = error_of("1 1:2\n# c\n2 " + fields + "\n3 x\n");
    const std::string place = "a.svm:3:";
    return message.starts_with(place) ? message.substr(place.size()) : message;
  };
  EXPECT_EQ(problem("3"), "2: expected index:value, found '3'");
  EXPECT_EQ(problem("3:1 4 5:1"), "3: expected index:value, found '4'");
  EXPECT_EQ(problem("3: 1"), "2: expected a number as the value, found '3:'");
  EXPECT_EQ(problem("3 :1"), "2: expected index:value, found '3'");
  EXPECT_EQ(problem("qid:1 5:1 6:x"), "4: expected a number as the value, found '6:x'");
  EXPECT_EQ(problem("qid:x 5:1"), "2: expected a whole number after qid:, found 'qid:x'");
  EXPECT_EQ(problem("5:1 qid:1"), "3: expected qid behind the label alone, found 'qid:1'");
  for (const char* index : {"-1", "1.0", "+3", "a", "", "0x3", "1e2"}) {
    EXPECT_EQ(problem("2:1 " + std::string(index) + ":4"),
              "3: expected an index that is a whole number from 0 on, found '" +
                  std::string(index) + ":4'");
  }
  for (const char* value : {"nan", "inf", "-inf", "1e999", "0x10", "1,5", "1:2", "", "+", "--1",
                            "+-1", "1.", "1e", "x", "1x", "11x", "1\r"}) {
    if (std::string(value) == "1." || std::string(value) == "1\r") continue;
    EXPECT_EQ(problem("2:1 7:" + std::string(value)),
              "3: expected a number as the value, found '7:" + std::string(value) + "'");
  }
  EXPECT_EQ(problem("2:1\r 3:4"), "3: expected index:value, found '\\x0d'");
  EXPECT_EQ(problem("2:1\v3:4"), "2: expected a number as the value, found '2:1\\x0b3:4'");
  EXPECT_EQ(problem("1:2 67108864:1"), "3: expected an index below 67108864, found '67108864:1'");
  EXPECT_EQ(problem("1:2 18446744073709551617:1"),
            "3: expected an index below 67108864, found '18446744073709551617:1'");
  EXPECT_EQ(problem("3:1 " + std::string(50, 'y')),
            "3: expected index:value, found '" + std::string(40, 'y') + "…'");
}

TEST(LibsvmReader, ZerosMayLeadAnIndex) {
  EXPECT_EQ(error_of("1 000000001:1 0002:1 000000000003:1\n1 1:x\n"),
            "a.svm:2:2: expected a number as the value, found '1:x'");
  EXPECT_EQ(error_of("1 00000000067108864:1\n"),
            "a.svm:1:2: expected an index below 67108864, found '00000000067108864:1'");
  EXPECT_EQ(error_of("1 001:1 1:2\n"),
            "a.svm:1:3: expected each index once, found 1 as in field 2");
}

TEST(LibsvmReader, AnIndexOccursOnceInARow) {
  EXPECT_EQ(error_of("1 1:2\n1 5:1 5:2\n"),
            "a.svm:2:3: expected each index once, found 5 as in field 2");
  EXPECT_EQ(error_of("1 qid:3 5:1 7:2 6:1 7:0 5:0\n"),
            "a.svm:1:6: expected each index once, found 7 as in field 4");
  EXPECT_EQ(error_of("1 2:1 3:1 1:1 3:1 3:1\n"),
            "a.svm:1:5: expected each index once, found 3 as in field 3");
}

TEST(LibsvmReader, FilesWithoutRowsAreRefused) {
  EXPECT_EQ(error_of("# nothing\n\n"), "a.svm: no rows");
  EXPECT_EQ(error_of("\xEF\xBB\xBF"), "a.svm: no rows");
}

TEST(LibsvmReader, TooManyClassesAreNumbers) {
  std::string text;
  for (int i = 0; i <= 65536; ++i) text += std::to_string(i) + " 1:1\n";
  EXPECT_NE(error_of(text, {}).find("a.svm: more than 65536 different labels in column 'label'"),
            std::string::npos);
}

TEST(LibsvmReader, LongLinesAreRows) {
  std::string row = "1";
  Index pairs = 0;
  while (row.size() < (std::size_t{3} << 18U)) row += " " + std::to_string(++pairs) + ":0.5";
  const Table table = read_text(row + "\n2 1:1\n" + row).table;
  EXPECT_EQ(table.features, pairs);
  EXPECT_EQ(table.sparse()->begins, (Begins{0, pairs, pairs + 1, 2 * pairs + 1}));
  EXPECT_EQ(error_of("1 1:1\n" + std::string(std::size_t{65} << 20U, '#') + "\n"),
            "a.svm:2: a row is longer than 64 MiB");
}

}  // namespace
}  // namespace lockstep
