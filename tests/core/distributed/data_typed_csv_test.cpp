#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/data/csv_reader.hpp"
#include "tests/core/data/data_files.hpp"

// Types are found from the rows of all ranks: whoever meets the one text in a column of numbers,
// and however many ranks have to read again, all end with the same table.

namespace lockstep {
namespace {

CsvOptions typed_features() {
  CsvOptions options;
  options.target_kind = TargetKind::none;
  options.features = CsvFeatures::typed;
  return options;
}

/// `rows` rows of a number, a category, and a number that is text in row `odd`.
std::string example(Index rows, Index odd) {
  std::string text = "n,color,mixed\n";
  for (Index i = 0; i < rows; ++i) {
    text += i % 5 == 0 ? "," : std::to_string(i) + ".5,";
    text += i % 3 == 0 ? "red," : i % 3 == 1 ? "\"dark \"\"blue\"\"\"," : ",";
    text += i == odd ? "about 7\n" : std::to_string(i % 4) + "\n";
  }
  return text;
}

TEST(DistributedTypedCsv, AllRanksAgreeOnTypes) {
  test::for_each_team({1, 2, 3, 5, 8}, [](Team& team) {
    test::TeamDirectory folder(team);
    constexpr Index kRows = 40;
    for (const Index odd : {Index{0}, Index{17}, kRows - 1}) {
      const CsvTable csv =
          read_csv(team, {folder.put("a.csv", example(kRows, odd))}, typed_features());
      test::expect_whole(team, csv.table, kRows);
      EXPECT_EQ(csv.table.feature_types,
                (std::vector<ColumnType>{{},
                                         {ColumnKind::category, {"dark \"blue\"", "red"}},
                                         {ColumnKind::category, {"0", "1", "2", "3", "about 7"}}}));
      for (Index local = 0; local < csv.table.rows.size(); ++local) {
        const Index i = csv.table.rows.begin + local;
        const std::vector<double> row = test::row_of(csv.table, local);
        EXPECT_EQ(std::isnan(row[0]), i % 5 == 0);
        if (i % 5 != 0) {
          EXPECT_EQ(row[0], static_cast<double>(i) + 0.5);
        }
        EXPECT_EQ(std::isnan(row[1]), i % 3 == 2);
        if (i % 3 != 2) {
          EXPECT_EQ(row[1], i % 3 == 0 ? 1 : 0);
        }
        EXPECT_EQ(row[2], i == odd ? 4 : static_cast<double>(i % 4)) << "row " << i;
      }
      EXPECT_EQ(csv.notes.size(), 1U);
      for (const CsvColumnNote& note : csv.notes) {
        EXPECT_EQ(note.column, "mixed");
        EXPECT_EQ(note.numbers, kRows - 1);
        EXPECT_EQ(note.texts, 1);
        EXPECT_EQ(note.example, "about 7");
        EXPECT_EQ(note.place, folder / "a.csv" + ":" + std::to_string(odd + 2) + ":3");
      }
    }
    folder.remove();
  });
}

TEST(DistributedTypedCsv, PlacesAreThoseOfTheFiles) {
  test::for_each_team({1, 2, 3, 5, 8}, [](Team& team) {
    test::TeamDirectory folder(team);
    constexpr Index kRows = 40;
    const std::vector<InputFile> files{folder.put("a.csv", example(kRows, -1)),
                                       folder.put("b.csv", example(kRows, 30) + "\n\n"),
                                       folder.put("c.csv", example(kRows, 7))};
    const CsvTable csv = read_csv(team, files, typed_features());
    EXPECT_EQ(csv.notes.size(), 1U);
    for (const CsvColumnNote& note : csv.notes) {
      EXPECT_EQ(note.texts, 2);
      EXPECT_EQ(note.place, folder / "b.csv:32:3");
    }
    EXPECT_EQ(csv.table.places.of(0), folder / "a.csv:2");
    EXPECT_EQ(csv.table.places.of(kRows - 1), folder / "a.csv:41");
    EXPECT_EQ(csv.table.places.of(kRows), folder / "b.csv:2");
    EXPECT_EQ(csv.table.places.of(3 * kRows - 1), folder / "c.csv:41");
    EXPECT_EQ(RowPlaces().of(3), "row 4");
    EXPECT_EQ(csv.table.places.of(kRows, 1), folder / "b.csv:2:2");
    EXPECT_EQ(RowPlaces().of(3, 0), "row 4, column 1");
    folder.remove();
  });
}

TEST(DistributedTypedCsv, AllRanksAgreeOnUnknownCategories) {
  test::for_each_team({1, 2, 3, 5, 8}, [](Team& team) {
    test::TeamDirectory folder(team);
    CsvOptions options = typed_features();
    options.schema = TableSchema{{"c"},
                                 TargetKind::classes,
                                 {"y"},
                                 {"a", "b"},
                                 {ColumnType{ColumnKind::category, {"c3", "c7"}}}};
    options.rules = [](const std::vector<std::string>&) {
      CsvFeatureRules rules;
      rules.unknown = CsvUnknown::kept;
      return std::vector<CsvFeatureRules>{rules};
    };
    std::string text = "c\n";
    for (Index i = 0; i < 60; ++i) text += "c" + std::to_string(9 - i % 10) + "\n";
    const CsvTable csv = read_csv(team, {folder.put("a.csv", text)}, options);
    EXPECT_EQ(
        csv.table.feature_types.at(0).categories,
        (std::vector<std::string>{"c3", "c7", "c0", "c1", "c2", "c4", "c5", "c6", "c8", "c9"}));
    for (Index local = 0; local < csv.table.rows.size(); ++local) {
      const auto code = static_cast<std::size_t>(test::row_of(csv.table, local)[0]);
      EXPECT_EQ(csv.table.feature_types[0].categories.at(code),
                "c" + std::to_string(9 - (csv.table.rows.begin + local) % 10));
    }
    EXPECT_EQ(csv.notes.size(), 1U);
    for (const CsvColumnNote& note : csv.notes) {
      EXPECT_EQ(note.unknown, 48);
      EXPECT_EQ(note.example, "c9");
      EXPECT_EQ(note.place, folder / "a.csv:2:1");
    }
    folder.remove();
  });
}

// Which row stands in which line is not kept where rows span lines.
TEST(DistributedTypedCsv, PlacesAreRowsWhereRowsSpanLines) {
  test::for_each_team({1, 2, 5}, [](Team& team) {
    test::TeamDirectory folder(team);
    const std::vector<InputFile> files{folder.put("a.csv", "\"n\nm\",c\n1,a\n2,b\nx,c\n"),
                                       folder.put("b.csv", "\"n\nm\",c\n1,\"a\nb\"\n2,b\n3,c\n")};
    const CsvTable csv = read_csv(team, files, typed_features());
    EXPECT_EQ(csv.notes.size(), 1U);
    for (const CsvColumnNote& note : csv.notes) EXPECT_EQ(note.place, folder / "a.csv:5:1");
    EXPECT_EQ(csv.table.places.of(5), folder / "b.csv, row 3");
    EXPECT_EQ(csv.table.places.of(3, 1), folder / "b.csv, row 1, column 2");
    folder.remove();
  });
}

TEST(DistributedTypedCsv, AMixedColumnIsRefusedWithItsFirstText) {
  test::for_each_team({1, 2, 3, 5}, [](Team& team) {
    test::TeamDirectory folder(team);
    CsvOptions options = typed_features();
    options.rules = [](const std::vector<std::string>& features) {
      CsvFeatureRules rules;
      rules.takes_mixed = false;
      return std::vector<CsvFeatureRules>(features.size(), rules);
    };
    for (const Index odd : {Index{0}, Index{17}, Index{39}}) {
      const InputFile file = folder.put("a.csv", example(40, odd));
      EXPECT_EQ(
          test::message_in(folder / "", [&] { read_csv(team, {file}, options); }),
          "a.csv:" + std::to_string(odd + 2) +
              ":3: column 'mixed' mixes 39 numbers and 1 other texts, here 'about 7'; name "
              "it in data.categorical, data.numeric or data.ignore, or its texts in data.missing");
    }
    folder.remove();
  });
}

TEST(DistributedTypedCsv, RefusesAColumnOfTooManyTexts) {
  std::string text = "n,id\n";
  for (int i = 0; i <= 1048576; ++i) text += "1,k" + std::to_string(i) + '\n';
  const auto message_of = [&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", text);
    const std::string message =
        test::message_in(folder / "", [&] { read_csv(team, {file}, typed_features()); });
    folder.remove();
    return message;
  };
  const std::string too_many =
      "more than 1048576 different texts in column 'id'; leave it out (data.ignore)";
  test::for_each_thread_team(
      {1}, [&](Team& team) { EXPECT_EQ(message_of(team), "a.csv:1048578:2: " + too_many); });
  // No rank has too many alone.
  test::for_each_thread_team(
      {3}, [&](Team& team) { EXPECT_EQ(message_of(team), "a.csv: " + too_many); });
}

TEST(DistributedTypedCsv, OnlyMixedColumnsAreReadAgain) {
  test::for_each_team({1, 2, 3}, [](Team& team) {
    test::TeamDirectory folder(team);
    std::string text = "n,color\n";
    for (Index i = 0; i < 20000; ++i) text += std::to_string(i) + (i % 2 == 0 ? ",a\n" : ",b\n");
    const InputFile once = folder.put("once.csv", text);
    const CsvTable csv = read_csv(team, {once}, typed_features());
    // Counted once and read once, and the first 16 KiB for what they say of the others.
    EXPECT_LE(10 * sum_over(team, csv.bytes_read), 22 * once.size);
    const InputFile twice = folder.put("twice.csv", text + "x,a\n");
    const CsvTable again = read_csv(team, {twice}, typed_features());
    EXPECT_GT(sum_over(team, again.bytes_read), twice.size / 2 * 5);
    folder.remove();
  });
}

}  // namespace
}  // namespace lockstep
