#include "core/data/csv_typed_column.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/options.hpp"
#include "core/data/csv_reader.hpp"
#include "core/data/data_hash.hpp"
#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

using Texts = std::vector<std::string>;

ColumnType categories(const Texts& names) { return {ColumnKind::category, names}; }

CsvOptions typed_features() {
  CsvOptions options;
  options.target_kind = TargetKind::none;
  options.features = CsvFeatures::typed;
  return options;
}

CsvTable read_text(const std::string& content, const CsvOptions& options) {
  CsvTable result;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    result = read_csv(team, {folder.put("a.csv", content)}, options);
  });
  return result;
}

/// The cells of column j as a user would write them; "-" for a missing one.
Texts cells(const Table& table, Index j) {
  Texts texts;
  const ColumnType& type = table.feature_types.at(static_cast<std::size_t>(j));
  for (Index i = 0; i < table.rows.size(); ++i) {
    const double value = test::row_of(table, i)[static_cast<std::size_t>(j)];
    if (std::isnan(value)) {
      texts.emplace_back("-");
    } else if (type.kind == ColumnKind::number) {
      texts.push_back(format_real(value));
    } else {
      texts.push_back(type.categories.at(static_cast<std::size_t>(value)));
    }
  }
  return texts;
}

TEST(TypedCsv, FindsTheTypesOfColumns) {
  const CsvTable csv =
      read_text("n,c,gap\n1.5,red,\n-2,\"blue, dark\",7\n,red,\"\"\n", typed_features());
  EXPECT_EQ(csv.table.feature_types,
            (std::vector<ColumnType>{{}, categories({"blue, dark", "red"}), {}}));
  EXPECT_EQ(cells(csv.table, 0), (Texts{"1.5", "-2", "-"}));
  EXPECT_EQ(cells(csv.table, 1), (Texts{"red", "blue, dark", "red"}));
  EXPECT_EQ(cells(csv.table, 2), (Texts{"-", "7", "-"}));
  EXPECT_TRUE(csv.notes.empty());
}

TEST(TypedCsv, ATextAmongNumbersMakesCategoriesOfThemAsTheyAreWritten) {
  const CsvTable csv = read_text("x,y\n1.0,1\n1,2\nn/a,3\n2,4\n", typed_features());
  EXPECT_EQ(csv.table.feature_types,
            (std::vector<ColumnType>{categories({"1", "1.0", "2", "n/a"}), {}}));
  EXPECT_EQ(cells(csv.table, 0), (Texts{"1.0", "1", "n/a", "2"}));
  EXPECT_EQ(cells(csv.table, 1), (Texts{"1", "2", "3", "4"}));
  ASSERT_EQ(csv.notes.size(), 1U);
  EXPECT_EQ(csv.notes[0].column, "x");
  EXPECT_EQ(csv.notes[0].numbers, 3);
  EXPECT_EQ(csv.notes[0].texts, 1);
  EXPECT_EQ(csv.notes[0].example, "n/a");
  EXPECT_TRUE(csv.notes[0].place.ends_with("/a.csv:4:1")) << csv.notes[0].place;
}

TEST(TypedCsv, TheExampleOfAMixedColumnIsOfTheFewer) {
  const CsvTable csv = read_text("y,x\n,\n1,a\n2,\"7\"\n3,b\n4,8\n5,c\n", typed_features());
  ASSERT_EQ(csv.notes.size(), 1U);
  EXPECT_EQ(csv.notes[0].numbers, 2);
  EXPECT_EQ(csv.notes[0].texts, 3);
  EXPECT_EQ(csv.notes[0].example, "7");
  EXPECT_TRUE(csv.notes[0].place.ends_with("/a.csv:4:2")) << csv.notes[0].place;
}

TEST(TypedCsv, WordsForNumbersThatAreNoneAreText) {
  const CsvTable csv = read_text("x\nnan\n1e999\n0x10\n", typed_features());
  EXPECT_EQ(csv.table.feature_types,
            (std::vector<ColumnType>{categories({"0x10", "1e999", "nan"})}));
}

TEST(TypedCsv, AColumnWithoutCellsIsNumbers) {
  const CsvTable csv = read_text("x,y\n,1\n,2\n", typed_features());
  EXPECT_EQ(csv.table.feature_types, std::vector<ColumnType>(2));
  EXPECT_EQ(cells(csv.table, 0), (Texts{"-", "-"}));
}

TEST(TypedCsv, ASchemaWithTypesFixesThem) {
  CsvOptions options = typed_features();
  options.schema = TableSchema{
      {"c", "n"}, TargetKind::classes, "y", {"a", "b"}, {categories({"blue", "red"}), {}}};
  const CsvTable csv = read_text("n,c\n1,red\n2,green\n,\n3,7\n", options);
  EXPECT_EQ(csv.table.feature_types, options.schema->feature_types);
  EXPECT_EQ(cells(csv.table, 0), (Texts{"red", "-", "-", "-"}));
  EXPECT_EQ(cells(csv.table, 1), (Texts{"1", "2", "-", "3"}));
  ASSERT_EQ(csv.notes.size(), 1U);
  EXPECT_EQ(csv.notes[0].unknown, 2);
  EXPECT_EQ(csv.notes[0].example, "green");
  EXPECT_TRUE(csv.notes[0].place.ends_with("/a.csv:3:2")) << csv.notes[0].place;
}

TEST(TypedCsv, TextInAColumnOfKnownNumbersIsAnError) {
  CsvOptions options = typed_features();
  options.schema = TableSchema{{"n"}, TargetKind::classes, "y", {"a", "b"}, {ColumnType{}}};
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", "n\n1\nx7\n");
    EXPECT_EQ(test::message_in(folder / "", [&] { read_csv(team, {file}, options); }),
              "a.csv:3:1: expected a number in column 'n', found 'x7'");
  });
}

TEST(TypedCsv, TextMustBeUtf8) {
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", "n\nok\nM\xFCller\n");
    EXPECT_EQ(test::message_in(folder / "", [&] { read_csv(team, {file}, typed_features()); }),
              "a.csv:3:1: text 'M\\xfcller' in column 'n' is not UTF-8; convert the file");
  });
}

TEST(TypedCsv, TheTargetIsNeverAFeature) {
  CsvOptions options = typed_features();
  options.target = "y";
  EXPECT_EQ(read_text("x,y\n1,a\n", options).table.feature_names, Texts{"x"});
  options.target = "yaer";
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", "x,year\n1,a\n");
    EXPECT_EQ(test::message_in(folder / "", [&] { read_csv(team, {file}, options); }),
              "data.target: no column 'yaer' in the header of a.csv; did you mean 'year'?");
  });
}

TEST(TypedCsv, CategoriesArePartOfTheHash) {
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const auto hash = [&](const std::string& text) {
      return data_hash(team, read_csv(team, {folder.put("a.csv", text)}, typed_features()).table);
    };
    EXPECT_EQ(hash("x\nred\nblue\n"), hash("x\n\"red\"\nblue\n"));
    EXPECT_NE(hash("x\nred\nblue\n"), hash("x\ntan\nblue\n"));
    EXPECT_NE(hash("x\nred\n\"\"\n"), hash("x\nred\nred\n"));
  });
}

}  // namespace
}  // namespace lockstep
