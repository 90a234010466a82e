#include "trainer/run/preprocessing.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "trainer/cli/arguments.hpp"
#include "trainer/cli/resolve.hpp"

namespace lockstep::trainer {
namespace {

using Line = std::vector<std::string>;

Settings resolve(const Line& keys, const std::string& file = "") {
  Line line{"train"};
  line.insert(line.end(), keys.begin(), keys.end());
  return resolve_settings(parse_arguments(line), "a.ini", file);
}

const Line kRooms{"total_rooms", "family_rooms", "total_bedrooms", "age"};

std::vector<Scaling> scales(const Line& keys, const std::string& file = "") {
  std::vector<Scaling> scales;
  for (const ColumnOptions& options : choose_columns(resolve(keys, file), kRooms).options) {
    scales.push_back(options.scale);
  }
  return scales;
}

std::string error_of(const Line& keys, const std::string& file = "") {
  try {
    choose_columns(resolve(keys, file), kRooms);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ColumnChoices, AnExactNameBeatsAGlobBeatsTheSection) {
  using S = Scaling;
  EXPECT_EQ(scales({"--preprocess.scale=minmax"}),
            (std::vector<S>{S::minmax, S::minmax, S::minmax, S::minmax}));
  const std::string file =
      "[preprocess.*_rooms]\nscale = log1p\n[preprocess.total_rooms]\nscale = robust\n"
      "[preprocess]\nscale = standard\n";
  EXPECT_EQ(scales({}, file), (std::vector<S>{S::robust, S::log1p, S::standard, S::standard}));
  // Whoever gave the values: only for one name the command line beats the file.
  EXPECT_EQ(scales({"--preprocess.scale=minmax", "--preprocess.*_rooms.scale=none"}, file),
            (std::vector<S>{S::robust, S::none, S::minmax, S::minmax}));
  EXPECT_EQ(scales({"--preprocess.total_rooms.scale=none"}, file),
            (std::vector<S>{S::none, S::log1p, S::standard, S::standard}));
}

TEST(ColumnChoices, EachKeyIsChosenByItself) {
  const Settings settings = resolve(
      {},
      "[preprocess]\nimpute = mean\nindicator = yes\n[preprocess.total_*]\nimpute = constant\n"
      "fill = 3\n[preprocess.total_bedrooms]\nfill = 4\nscale = log1p\n");
  const auto options = choose_columns(settings, kRooms).options;
  EXPECT_EQ(options[0].impute, Imputation::constant);
  EXPECT_EQ(options[0].fill, "3");
  EXPECT_EQ(options[1].impute, Imputation::mean);
  EXPECT_EQ(options[2].impute, Imputation::constant);
  EXPECT_EQ(options[2].fill, "4");
  EXPECT_EQ(options[2].scale, Scaling::log1p);
  EXPECT_TRUE(options[3].indicator);
}

TEST(ColumnChoices, GlobsMayAgree) {
  EXPECT_EQ(error_of({"--preprocess.*_rooms.scale=log1p", "--preprocess.total*.scale=log1p"}),
            "accepted");
  EXPECT_EQ(error_of({"--preprocess.*_rooms.scale=log1p", "--preprocess.total*.impute=mean"}),
            "accepted");
  EXPECT_EQ(error_of({"--preprocess.total*.scale=minmax"}, "[preprocess.*_rooms]\nscale = log1p\n"),
            "command line: error: preprocess.*_rooms.scale and preprocess.total*.scale differ, and "
            "column 'total_rooms' fits both; give it a section of its own");
  EXPECT_EQ(error_of({"--preprocess.*_rooms.scale=log1p", "--preprocess.total_r*.scale=minmax",
                      "--preprocess.total_rooms.scale=none"}),
            "command line: error: preprocess.total_r*.scale: has no effect beside the other keys "
            "of its columns; remove it");
}

TEST(ColumnChoices, SectionsHaveColumns) {
  EXPECT_EQ(error_of({}, "[preprocess.total_room]\nscale = log1p\n"),
            "a.ini:2: error: [preprocess.total_room]: no feature column has this name, or fits it; "
            "did you mean 'total_rooms'?");
  EXPECT_EQ(error_of({"--preprocess.x*.scale=log1p"}),
            "command line: error: [preprocess.x*]: no feature column has this name, or fits it");
}

TEST(ColumnChoices, AConstantIsGiven) {
  EXPECT_EQ(error_of({"--preprocess.age.impute=constant"}),
            "command line: error: preprocess.age.impute: the constant for column 'age' is missing; "
            "set preprocess.fill");
  EXPECT_EQ(error_of({"--preprocess.age.impute=constant", "--preprocess.fill=0"}), "accepted");
  EXPECT_EQ(error_of({"--preprocess.age.impute=mean", "--preprocess.total_rooms.indicator=yes"}),
            "command line: error: preprocess.total_rooms.indicator: has no effect beside the other "
            "keys of its columns; remove it");
}

TEST(ColumnChoices, WhatAColumnMayHoldFollowsFromItsOptions) {
  const Settings settings =
      resolve({"--preprocess.age.encode=onehot", "--preprocess.total_*.impute=constant",
               "--preprocess.total_*.fill=x"});
  EXPECT_EQ(wanted_features(settings), CsvFeatures::typed);
  const auto rules = rules_for_training(settings)(kRooms);
  EXPECT_FALSE(rules[0].takes_text);
  EXPECT_TRUE(rules[0].takes_missing);
  EXPECT_EQ(rules[0].category, "x");
  EXPECT_FALSE(rules[1].takes_text);
  EXPECT_FALSE(rules[1].takes_missing);
  EXPECT_TRUE(rules[3].takes_text);
  EXPECT_FALSE(rules[3].takes_mixed);
  EXPECT_EQ(wanted_features(resolve({"--preprocess.scale=robust"})), CsvFeatures::numbers);
  EXPECT_EQ(wanted_features(resolve({"--data.categorical=age"})), CsvFeatures::typed);
}

TEST(ColumnChoices, LaterDataFollowsTheTransform) {
  TableSchema schema;
  schema.feature_names = {"n", "o", "h", "p"};
  const ColumnType two{ColumnKind::category, {"a", "b"}};
  schema.feature_types = {{}, two, two, two};
  std::vector<ColumnTransform> columns(4);
  columns[0].fill = 3;
  columns[1].encoding = Encoding::onehot;
  columns[1].size = 2;
  columns[2].encoding = Encoding::hash;
  columns[2].size = 8;
  columns[3].encoding = Encoding::ordinal;
  columns[3].size = 2;
  const auto rules_with = [&] { return rules_of(FeatureTransform(schema, columns)); };
  auto rules = rules_with();
  EXPECT_TRUE(rules[0].takes_missing);
  EXPECT_FALSE(rules[1].takes_missing);
  EXPECT_EQ(rules[1].unknown, CsvUnknown::kept);
  EXPECT_EQ(rules[2].unknown, CsvUnknown::kept);
  EXPECT_EQ(rules[3].unknown, CsvUnknown::refused) << "missing, and nothing fills it";
  columns[3].fill = 1;
  columns[1].encoding = Encoding::embedding;
  EXPECT_EQ(rules_with()[1].unknown, CsvUnknown::kept);
  columns[1].unknown = UnknownCategory::error;
  rules = rules_with();
  EXPECT_EQ(rules[1].unknown, CsvUnknown::refused);
  EXPECT_EQ(rules[3].unknown, CsvUnknown::missing);
  EXPECT_EQ(schema_of_model(schema, FeatureTransform(schema, columns)).feature_types,
            (std::vector<ColumnType>{{}, two, {ColumnKind::category, {}}, two}));
}

}  // namespace
}  // namespace lockstep::trainer
