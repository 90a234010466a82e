#include "core/data/csv_columns.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "tests/core/format/temporary_directory.hpp"

namespace lockstep {
namespace {

using test::message_of;
using Texts = std::vector<std::string>;

constexpr Index kTarget = CsvColumns::kTarget;
constexpr Index kSkipped = CsvColumns::kSkipped;

TableSchema wine() { return {{"pH", "sugar"}, TargetKind::classes, {"colour"}, {"red", "white"}}; }

TEST(CsvHeader, NamesColumnsByPositionWhenTheyHaveNone) {
  EXPECT_EQ(parse_csv_header(",a, ,\"b,c\",\"\"", ',', "x.csv"),
            (Texts{"c0", "a", "c2", "b,c", "c4"}));
}

TEST(CsvHeader, RefusesDuplicates) {
  EXPECT_EQ(message_of<DataError>([] { parse_csv_header("a,b,c,b", ',', "x.csv"); }),
            "x.csv:1:4: duplicate column name 'b', first at column 2");
  EXPECT_EQ(message_of<DataError>([] { parse_csv_header("c1,", ',', "x.csv"); }),
            "x.csv:1:2: duplicate column name 'c1', first at column 1");
}

TEST(CsvHeader, RefusesLinesThatEndInCarriageReturnsAlone) {
  EXPECT_EQ(message_of<DataError>([] { parse_csv_header("a,y\r1,2\r3,2", ',', "x.csv"); }),
            "x.csv:1: expected lines that end in LF, or CR LF, found CR alone; convert the file");
  EXPECT_EQ(parse_csv_header("\"a\rb\",y", ',', "x.csv"), (Texts{"a\rb", "y"}));
}

TEST(CsvHeader, RefusesBadQuotes) {
  EXPECT_EQ(message_of<DataError>([] { parse_csv_header("a,\"b", ',', "x.csv"); }),
            "x.csv:1:2: expected a closing quote, found '\"b'");
}

TEST(CsvColumns, TheLastColumnIsTheTarget) {
  const CsvColumns columns = assign_csv_columns({"a", "b", "y"}, {}, "x.csv");
  EXPECT_EQ(columns.use, (std::vector<Index>{0, 1, kTarget}));
  EXPECT_EQ(columns.schema.feature_names, (Texts{"a", "b"}));
  EXPECT_EQ(columns.schema.target_name(), "y");
  EXPECT_EQ(columns.schema.target_kind, TargetKind::classes);
}

TEST(CsvColumns, TargetAndIgnoredColumnsByName) {
  CsvOptions options;
  options.targets = {"y"};
  options.ignored = {"id", "z"};
  options.target_kind = TargetKind::number;
  const CsvColumns columns = assign_csv_columns({"id", "y", "a", "b", "z"}, options, "x.csv");
  EXPECT_EQ(columns.use, (std::vector<Index>{kSkipped, kTarget, 0, 1, kSkipped}));
  EXPECT_TRUE(columns.extra.empty());

  options.targets.clear();  // then it is the last one that is left
  EXPECT_EQ(assign_csv_columns({"id", "y", "a", "b", "z"}, options, "x.csv").use,
            (std::vector<Index>{kSkipped, 0, 1, kTarget, kSkipped}));
}

TEST(CsvColumns, SeveralTargetsAndWeightsAreBehindTheFeatures) {
  CsvOptions options;
  options.targets = {"z", "y"};
  options.target_kind = TargetKind::number;
  options.weight = "w";
  const std::vector<std::string> names{"y", "a", "w", "z", "b"};
  CsvColumns columns = assign_csv_columns(names, options, "x.csv");
  EXPECT_EQ(columns.use, (std::vector<Index>{3, 0, 4, 2, 1}));
  EXPECT_EQ(columns.schema.target_names, (Texts{"z", "y"}));
  EXPECT_EQ(columns.carried_targets, 2);
  EXPECT_EQ(columns.carried(), 3);
  EXPECT_EQ(columns.rules.size(), 5U);
  EXPECT_FALSE(columns.rules[2].takes_text || columns.rules[3].takes_missing);

  CsvOptions known;
  known.schema = TableSchema{{"b", "a"}, TargetKind::number, {"z", "y"}, {}, {{}, {}}};
  columns = assign_csv_columns(names, known, "x.csv");
  EXPECT_EQ(columns.use, (std::vector<Index>{3, 1, kSkipped, 2, 0}));
  EXPECT_EQ(columns.extra, (Texts{"w"}));
  known.target_kind = TargetKind::none;  // as predict reads them
  columns = assign_csv_columns(names, known, "x.csv");
  EXPECT_EQ(columns.use, (std::vector<Index>{kSkipped, 1, kSkipped, kSkipped, 0}));
  EXPECT_EQ(columns.carried(), 0);
  EXPECT_EQ(assign_csv_columns({"a", "b"}, known, "x.csv").use, (std::vector<Index>{1, 0}));
}

TEST(CsvColumns, WithoutTargetAllColumnsAreFeatures) {
  CsvOptions options;
  options.target_kind = TargetKind::none;
  EXPECT_EQ(assign_csv_columns({"a", "b"}, options, "x.csv").use, (std::vector<Index>{0, 1}));
  options.targets = {"a"};
  EXPECT_EQ(assign_csv_columns({"a", "b"}, options, "x.csv").use,
            (std::vector<Index>{kSkipped, 0}));
}

TEST(CsvColumns, UnknownNamesGetASuggestion) {
  CsvOptions options;
  options.targets = {"qualty"};
  const auto assign = [&] { assign_csv_columns({"id", "quality", "a"}, options, "x.csv"); };
  EXPECT_EQ(message_of<ConfigError>(assign),
            "data.target: no column 'qualty' in the header of x.csv; did you mean 'quality'?");
  options.targets = {"quality"};
  options.ignored = {"hopeless name"};
  EXPECT_EQ(message_of<ConfigError>(assign),
            "data.ignore: no column 'hopeless name' in the header of x.csv");
  options.ignored = {"quality"};
  EXPECT_EQ(message_of<ConfigError>(assign), "data.target: 'quality' is named in data.ignore too");
  options.ignored = {"id", "a"};
  EXPECT_EQ(message_of<DataError>(assign),
            "x.csv:1: expected feature columns beside the target, found none of 3 columns left");
}

TEST(CsvColumns, ASchemaFindsColumnsByName) {
  CsvOptions options;
  options.schema = wine();
  options.ignored = {"id"};
  const CsvColumns columns =
      assign_csv_columns({"id", "colour", "sugar", "more", "pH"}, options, "x.csv");
  EXPECT_EQ(columns.use, (std::vector<Index>{kSkipped, kTarget, 1, kSkipped, 0}));
  EXPECT_EQ(columns.extra, (Texts{"more"}));
  EXPECT_EQ(columns.schema, wine());
}

TEST(CsvColumns, ASchemaMayDoWithoutItsTarget) {
  CsvOptions options;
  options.schema = wine();
  options.target_kind = TargetKind::none;
  const CsvColumns columns = assign_csv_columns({"sugar", "pH"}, options, "x.csv");
  EXPECT_EQ(columns.use, (std::vector<Index>{1, 0}));
  EXPECT_EQ(columns.schema.target_kind, TargetKind::none);
  const CsvColumns more = assign_csv_columns({"sugar", "pH", "colour"}, options, "x.csv");
  EXPECT_EQ(more.use, (std::vector<Index>{1, 0, kSkipped}));
  EXPECT_TRUE(more.extra.empty());
}

TEST(CsvColumns, WhatASchemaNeedsMustBeThere) {
  CsvOptions options;
  options.schema = wine();
  EXPECT_EQ(message_of<DataError>([&] {
              assign_csv_columns({"ph", "sugar", "colour"}, options, "x.csv");
            }),
            "x.csv:1: the feature column 'pH' is missing; did you mean 'ph'?");
  EXPECT_EQ(message_of<DataError>([&] {
              assign_csv_columns({"pH", "sugar"}, options, "x.csv");
            }),
            "x.csv:1: the target column 'colour' is missing");
}

}  // namespace
}  // namespace lockstep
