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
      {"c", "n"}, TargetKind::classes, {"y"}, {"a", "b"}, {categories({"blue", "red"}), {}}};
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
  options.schema = TableSchema{{"n"}, TargetKind::classes, {"y"}, {"a", "b"}, {ColumnType{}}};
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", "n\n1\nx7\n");
    EXPECT_EQ(test::message_in(folder / "", [&] { read_csv(team, {file}, options); }),
              "a.csv:3:1: expected a number in column 'n', found 'x7'");
  });
}

/// What reading says is wrong.
std::string error_of(const std::string& content, const CsvOptions& options) {
  std::string message;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", content);
    message = test::message_in(folder / "", [&] { read_csv(team, {file}, options); });
  });
  return message;
}

/// The same rules for all features.
CsvRules for_all(const CsvFeatureRules& rules) {
  return [rules](const Texts& features) {
    return std::vector<CsvFeatureRules>(features.size(), rules);
  };
}

TEST(TypedCsv, UsersNameTheTypesOfColumns) {
  CsvOptions options = typed_features();
  options.categorical = {"zip", "mixed"};
  options.numeric = {"n"};
  const CsvTable csv = read_text("zip,n,mixed\n10.0,1,5\n9,2,a\n10,,5.0\n", options);
  EXPECT_EQ(csv.table.feature_types,
            (std::vector<ColumnType>{categories({"9", "10"}), {}, categories({"5", "5.0", "a"})}));
  EXPECT_EQ(cells(csv.table, 0), (Texts{"10", "9", "10"}));
  EXPECT_EQ(cells(csv.table, 1), (Texts{"1", "2", "-"}));
  EXPECT_TRUE(csv.notes.empty()) << "what a user has named needs no note";
  EXPECT_EQ(error_of("zip,n,mixed\n1,1,5\n9,x2,a\n", options),
            "a.csv:3:2: expected a number in column 'n', found 'x2'");
  options.numeric = {"m"};
  EXPECT_EQ(error_of("zip,n,mixed\n1,1,5\n", options),
            "data.numeric: no column 'm' in the header of a.csv; did you mean 'n'?");
  options.numeric = {"zip"};
  EXPECT_EQ(error_of("zip,n,mixed\n1,1,5\n", options),
            "data.numeric: 'zip' is named in data.categorical too");
  options.numeric = {};
  options.ignored = {"mixed"};
  EXPECT_EQ(error_of("zip,n,mixed\n1,1,5\n", options),
            "data.categorical: 'mixed' is left out by data.ignore");
  options.ignored = {};
  options.target_kind = TargetKind::classes;
  options.targets = {"zip"};
  EXPECT_EQ(error_of("zip,n,mixed\n1,1,5\n", options),
            "data.categorical: 'zip' is the column to predict");
}

TEST(TypedCsv, UsersNameTheTextsThatAreMissing) {
  CsvOptions options = typed_features();
  options.missing = {"?", "NA", "", "-999"};
  const CsvTable csv = read_text("n,c\n1,red\n ?,NA\n-999,\"?\"\n,nan\n", options);
  EXPECT_EQ(csv.table.feature_types, (std::vector<ColumnType>{{}, categories({"nan", "red"})}));
  EXPECT_EQ(cells(csv.table, 0), (Texts{"1", "-", "-", "-"}));
  EXPECT_EQ(cells(csv.table, 1), (Texts{"red", "-", "-", "nan"}));
  options.features = CsvFeatures::numbers;
  EXPECT_EQ(error_of("n,c\n1,-999\n", options), "a.csv:2:2: missing value in column 'c'");
  options.target_kind = TargetKind::classes;
  EXPECT_EQ(error_of("n,y\n1,a\n2,NA\n", options), "a.csv:3:2: missing value in column 'y'");
}

TEST(TypedCsv, RulesSayWhatCellsMayBe) {
  CsvOptions options = typed_features();
  CsvFeatureRules rules;
  rules.takes_text = false;
  rules.text_hint = "; no text";
  options.rules = for_all(rules);
  EXPECT_EQ(error_of("a,b\n1,2\n,x\n", options),
            "a.csv:3:2: expected a number in column 'b', found 'x'; no text");
  rules = {};
  rules.takes_missing = false;
  rules.missing_hint = "; no gaps";
  options.rules = for_all(rules);
  EXPECT_EQ(error_of("a,b\n1,x\n1,\n", options), "a.csv:3:2: missing value in column 'b'; no gaps");
  options.features = CsvFeatures::numbers;
  EXPECT_EQ(error_of("a,b\n1,\n", options), "a.csv:2:2: missing value in column 'b'; no gaps");
}

TEST(TypedCsv, MixedColumnsAreRefusedWhereRulesSaySo) {
  CsvOptions options = typed_features();
  CsvFeatureRules rules;
  rules.takes_mixed = false;
  options.rules = for_all(rules);
  const std::string mixed = "a,b\n1,x\n2,\n,y\n3,7\n4,z\n";
  EXPECT_EQ(error_of(mixed, options),
            "a.csv:5:2: column 'b' mixes 1 numbers and 3 other texts, here '7'; name it in "
            "data.categorical, data.numeric or data.ignore, or its texts in data.missing");
  options.categorical = {"b"};
  EXPECT_EQ(read_text(mixed, options).table.feature_types,
            (std::vector<ColumnType>{{}, categories({"7", "x", "y", "z"})}));
}

TEST(TypedCsv, ACategoryMayBeThereWithoutACell) {
  CsvOptions options = typed_features();
  CsvFeatureRules rules;
  rules.category = "none";
  options.rules = for_all(rules);
  // Of numbers nothing is made; they are read before anyone knows that the second are none.
  const CsvTable csv = read_text("a,b\n1,5\n2,x\n", options);
  EXPECT_EQ(csv.table.feature_types, (std::vector<ColumnType>{{}, categories({"5", "none", "x"})}));
  EXPECT_EQ(cells(csv.table, 1), (Texts{"5", "x"}));
}

TEST(TypedCsv, UnknownCategoriesAreMissingKeptOrRefused) {
  CsvOptions options = typed_features();
  options.schema =
      TableSchema{{"c"}, TargetKind::classes, {"y"}, {"a", "b"}, {categories({"m", "q"})}};
  const std::string text = "c\nq\nz\nm\nn\nz\n\"\"\n";
  EXPECT_EQ(cells(read_text(text, options).table, 0), (Texts{"q", "-", "m", "-", "-", "-"}));
  CsvFeatureRules rules;
  rules.unknown = CsvUnknown::kept;
  options.rules = for_all(rules);
  const CsvTable kept = read_text(text, options);
  EXPECT_EQ(kept.table.feature_types, (std::vector<ColumnType>{categories({"m", "q", "n", "z"})}));
  EXPECT_EQ(cells(kept.table, 0), (Texts{"q", "z", "m", "n", "z", "-"}));
  ASSERT_EQ(kept.notes.size(), 1U);
  EXPECT_EQ(kept.notes[0].unknown, 3);
  EXPECT_EQ(kept.notes[0].example, "z");
  EXPECT_EQ(kept.notes[0].unknown_are, CsvUnknown::kept);
  rules.unknown = CsvUnknown::refused;
  options.rules = for_all(rules);
  EXPECT_EQ(error_of(text, options),
            "a.csv:3:1: category 'z' in column 'c' does not occur in the training data");
}

TEST(TypedCsv, AModelWithoutCategoriesKnowsNone) {
  CsvOptions options = typed_features();
  options.schema = TableSchema{{"c"}, TargetKind::classes, {"y"}, {"a", "b"}, {categories({})}};
  CsvFeatureRules rules;
  rules.unknown = CsvUnknown::kept;
  options.rules = for_all(rules);
  const CsvTable csv = read_text("c\nq\nz\nq\n", options);
  EXPECT_EQ(cells(csv.table, 0), (Texts{"q", "z", "q"}));
  EXPECT_TRUE(csv.notes.empty());
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
  options.targets = {"y"};
  EXPECT_EQ(read_text("x,y\n1,a\n", options).table.feature_names, Texts{"x"});
  options.targets = {"yaer"};
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
