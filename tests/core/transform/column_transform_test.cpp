#include "core/transform/column_transform.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/transform/category_bucket.hpp"
#include "tests/core/transform/tables.hpp"

namespace lockstep {
namespace {

using test::category;
using test::message_of;
using Values = std::vector<double>;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
const ColumnType kColors = category({"blue", "green", "red"});

ColumnTransform onehot() {
  ColumnTransform column;
  column.encoding = Encoding::onehot;
  column.size = 3;
  return column;
}

ColumnTransform ordinal() {
  ColumnTransform column = onehot();
  column.encoding = Encoding::ordinal;
  return column;
}

ColumnTransform embedding() {
  ColumnTransform column = onehot();
  column.encoding = Encoding::embedding;
  column.dimension = 2;
  return column;
}

/// The features of a cell; none when it is refused.
Values features(const ColumnTransform& column, double cell, const ColumnType& type = kColors) {
  Values out(static_cast<std::size_t>(column.width()), -7);
  return column.apply(cell, type.categories, out.data()) ? out : Values{};
}

TEST(ColumnTransform, OfNumbersFillsThenScales) {
  ColumnTransform column;
  EXPECT_EQ(features(column, 3.5), Values{3.5});
  EXPECT_EQ(features(column, kMissing), Values{});
  column.fill = 4;
  column.scaling = {Scaling::standard, 2, 0.5};
  EXPECT_EQ(features(column, 3), Values{2});
  EXPECT_EQ(features(column, kMissing), Values{4});
  column.indicator = true;
  EXPECT_EQ(features(column, 3), (Values{2, 0}));
  EXPECT_EQ(features(column, kMissing), (Values{4, 1}));
}

TEST(ColumnTransform, OfLogarithmsRefusesWhatHasNone) {
  ColumnTransform column;
  column.scaling.kind = Scaling::log1p;
  EXPECT_EQ(features(column, 0), Values{0});
  EXPECT_EQ(features(column, -1), Values{});
  EXPECT_EQ(column.problem(-1, {}, "x"),
            "expected a number > -1 in column 'x', whose scale is log1p, found -1");
}

TEST(ColumnTransform, OneHotHasAFeatureForEachCategory) {
  ColumnTransform column = onehot();
  EXPECT_EQ(features(column, 0), (Values{1, 0, 0}));
  EXPECT_EQ(features(column, 2), (Values{0, 0, 1}));
  EXPECT_EQ(features(column, 3), (Values{0, 0, 0}));
  EXPECT_EQ(features(column, kMissing), Values{});
  column.fill = 1;
  column.indicator = true;
  EXPECT_EQ(features(column, kMissing), (Values{0, 1, 0, 1}));
  EXPECT_EQ(features(column, 4), (Values{0, 0, 0, 0}));  // unknown is not missing
  column.unknown = UnknownCategory::error;
  EXPECT_EQ(features(column, 4), Values{});
}

TEST(ColumnTransform, OrdinalTakesTheUnknownForMissing) {
  ColumnTransform column = ordinal();
  EXPECT_EQ(features(column, 2), Values{2});
  EXPECT_EQ(features(column, 3), Values{});
  column.fill = 1;
  column.indicator = true;
  column.scaling = {Scaling::minmax, 0, 2};
  EXPECT_EQ(features(column, 2), (Values{1, 0}));
  EXPECT_EQ(features(column, 3), (Values{0.5, 1}));
  EXPECT_EQ(features(column, kMissing), (Values{0.5, 1}));
  column.unknown = UnknownCategory::error;
  EXPECT_EQ(features(column, 3), Values{});
}

TEST(ColumnTransform, EmbeddingHasAnIndexForTheUnknown) {
  ColumnTransform column = embedding();
  EXPECT_EQ(features(column, 0), Values{0});
  EXPECT_EQ(features(column, 2), Values{2});
  EXPECT_EQ(features(column, 3), Values{3});
  EXPECT_EQ(features(column, 7), Values{3});
  EXPECT_EQ(features(column, kMissing), Values{});
  column.fill = 1;
  column.indicator = true;
  EXPECT_EQ(features(column, kMissing), (Values{1, 1}));
  EXPECT_EQ(features(column, 4), (Values{3, 0})) << "unknown is not missing";
  column.unknown = UnknownCategory::error;
  EXPECT_EQ(features(column, 4), Values{});
}

TEST(ColumnTransform, HashHasAPlaceForAnyCategory) {
  ColumnTransform column;
  column.encoding = Encoding::hash;
  column.size = 4;
  const ColumnType cities = category({"Bonn", "Köln", "x"});
  for (std::size_t k = 0; k < 3; ++k) {
    Values expected(4);
    expected[static_cast<std::size_t>(category_bucket(cities.categories[k], 4))] = 1;
    EXPECT_EQ(features(column, static_cast<double>(k), cities), expected);
  }
  column.fill = 2;
  EXPECT_EQ(features(column, kMissing, cities), (Values{0, 0, 1, 0}));
}

TEST(CategoryBucket, IsXxh3OfTheText) {
  // The published XXH3_64bits of "abc", "" and "a": 78af5f94892f3950, 2d06800538d394c2,
  // e6c632b61e964e1f.
  EXPECT_EQ(category_bucket("abc", 1000), 0x78AF5F94892F3950U % 1000);
  EXPECT_EQ(category_bucket("", 256), 0xC2);
  EXPECT_EQ(category_bucket("a", 256), 0x1F);
  EXPECT_EQ(category_bucket("anything", 1), 0);
  for (const char* one : {"1.0", "+1", "1e0"}) {
    EXPECT_EQ(category_bucket(one, 1 << 20), category_bucket("1", 1 << 20));
  }
}

TEST(ColumnTransform, NamesItsFeatures) {
  const auto names = [](const ColumnTransform& column, const ColumnType& type) {
    std::vector<std::string> all{"first"};
    column.append_names("c", type, all);
    return all;
  };
  using Names = std::vector<std::string>;
  ColumnTransform number;
  number.indicator = true;
  EXPECT_EQ(names(number, {}), (Names{"first", "c", "c_missing"}));
  EXPECT_EQ(names(onehot(), kColors), (Names{"first", "c=blue", "c=green", "c=red"}));
  EXPECT_EQ(names(ordinal(), kColors), (Names{"first", "c"}));
  EXPECT_EQ(names(embedding(), kColors), (Names{"first", "c"}));
  ColumnTransform hashed;
  hashed.encoding = Encoding::hash;
  hashed.size = 2;
  EXPECT_EQ(names(hashed, kColors), (Names{"first", "c#0", "c#1"}));
}

TEST(ColumnTransform, SaysWhyItRefuses) {
  EXPECT_EQ(onehot().problem(kMissing, {}, "c"), "missing value in column 'c'");
  const ColumnType more = category({"blue", "green", "red", "mauve"});
  EXPECT_EQ(onehot().problem(3, more.categories, "c"),
            "category 'mauve' in column 'c' does not occur in the training data");
}

TEST(ColumnTransform, ReadsBackWhatItWrote) {
  ColumnTransform number;
  number.fill = 1.0 / 3;
  number.indicator = true;
  number.scaling = {Scaling::robust, 0.1, 0.7};
  ColumnTransform encoded = ordinal();
  encoded.fill = 2;
  encoded.unknown = UnknownCategory::error;
  ColumnTransform hashed;
  hashed.encoding = Encoding::hash;
  hashed.size = 64;
  const auto back = [](const ColumnTransform& column, const ColumnType& type) {
    return ColumnTransform::from_json("m", nlohmann::json::parse(column.to_json().dump()), type);
  };
  EXPECT_EQ(back({}, {}), ColumnTransform());
  EXPECT_EQ(back(number, {}), number);
  EXPECT_EQ(back(onehot(), kColors), onehot());
  EXPECT_EQ(back(encoded, kColors), encoded);
  EXPECT_EQ(back(hashed, category({})), hashed);
  EXPECT_EQ(back(embedding(), kColors), embedding());
  EXPECT_EQ(embedding().to_json().dump(), R"({"dimension":2,"encode":"embedding"})");
  EXPECT_EQ(ColumnTransform().to_json().dump(), "{}");
  EXPECT_EQ(encoded.to_json().dump(), R"({"encode":"ordinal","fill":2,"unknown":"error"})");
}

TEST(ColumnTransform, RefusesOtherTexts) {
  const auto error = [](const std::string& text, const ColumnType& type) {
    return message_of([&] { ColumnTransform::from_json("m", nlohmann::json::parse(text), type); });
  };
  EXPECT_EQ(error("3", {}), "m: expected an object");
  EXPECT_EQ(error("{}", kColors),
            "m: encode: expected an encoding of categories, and of no numbers");
  EXPECT_EQ(error(R"({"encode":"onehot"})", {}),
            "m: encode: expected an encoding of categories, and of no numbers");
  EXPECT_EQ(error(R"({"encode":"one"})", kColors),
            "m: encode: expected one of none, onehot, ordinal, hash, embedding");
  for (const char* dimension : {"0", "1025", "1.5"}) {
    EXPECT_EQ(
        error(std::string(R"({"encode":"embedding","dimension":)") + dimension + "}", kColors),
        "m: dimension: expected an integer in [1, 1024]");
  }
  EXPECT_EQ(error(R"({"encode":"embedding","dimension":2,"scaling":{"kind":"log1p"}})", kColors),
            "m: scaling: expected none of this encoding");
  EXPECT_EQ(error(R"({"encode":"onehot","dimension":2})", kColors),
            "m: unknown member 'dimension'");
  EXPECT_EQ(error(R"({"encode":"onehot"})", category({})), "m: expected at least one category");
  EXPECT_EQ(error(R"({"encode":"hash"})", kColors), "m: buckets: expected a value");
  EXPECT_EQ(error(R"({"encode":"hash","buckets":0})", kColors),
            "m: buckets: expected an integer in [1, 65536]");
  EXPECT_EQ(error(R"({"encode":"onehot","buckets":3})", kColors), "m: unknown member 'buckets'");
  EXPECT_EQ(error(R"({"fill":"1"})", {}), "m: fill: expected a number");
  for (const char* fill : {"3", "-1", "1.5", "null"}) {
    EXPECT_EQ(error(std::string(R"({"encode":"ordinal","fill":)") + fill + "}", kColors),
              "m: fill: expected an integer in [0, 2]");
  }
  EXPECT_EQ(error(R"({"indicator":1})", {}), "m: indicator: expected true or false");
  EXPECT_EQ(error(R"({"unknown":"no"})", {}), "m: unknown: expected one of zero, error");
  EXPECT_EQ(error(R"({"scaling":{"kind":"minmax","offset":0,"scale":-1}})", {}),
            "m: scaling: scale: expected a number > 0");
  EXPECT_EQ(error(R"({"encode":"onehot","scaling":{"kind":"log1p"}})", kColors),
            "m: scaling: expected none of this encoding");
}

}  // namespace
}  // namespace lockstep
