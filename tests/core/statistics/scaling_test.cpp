#include "core/statistics/scaling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

const std::vector<std::string> kNames = {"a", "b", "c"};

/// Columns 1 2 3 4 10 (mean 4, Σ of squared deviations 50), all 0.1, and −5 5.
std::vector<ColumnMoments> three_columns() {
  std::vector<ColumnMoments> columns(3);
  for (const double x : {1.0, 2.0, 3.0, 4.0, 10.0}) columns[0].add(x);
  for (int i = 0; i < 5; ++i) columns[1].add(0.1);
  for (const double x : {-5.0, 5.0}) columns[2].add(x);
  return columns;
}

ColumnMoments moments_of(const std::vector<double>& values) {
  ColumnMoments moments;
  for (const double x : values) moments.add(x);
  return moments;
}

template <class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const DataError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(FeatureScaling, StandardHasMeanZeroAndDeviationOne) {
  const auto scaling = FeatureScaling::fit(Scaling::standard, three_columns(), kNames);
  EXPECT_EQ(scaling.kind(), Scaling::standard);
  EXPECT_EQ(scaling.offsets(), (std::vector<double>{4, 0.1, 0}));
  EXPECT_DOUBLE_EQ(scaling.scales()[0], std::sqrt(10));
  EXPECT_EQ(scaling.scales()[1], 1);
  EXPECT_EQ(scaling.scales()[2], 5);
  std::vector<double> row = {10, 0.1, 5};
  scaling.apply(row);
  EXPECT_DOUBLE_EQ(row[0], 6 / std::sqrt(10));
  EXPECT_EQ(row[1], 0);
  EXPECT_EQ(row[2], 1);
  EXPECT_EQ(scaling.apply(1, 2.1), 2);  // a constant column is only moved
}

TEST(FeatureScaling, MinmaxReachesZeroAndOneExactly) {
  const std::vector<double> values = {0.1, 0.3, 0.7};
  const std::vector<ColumnMoments> columns = {moments_of(values)};
  const auto scaling = FeatureScaling::fit(Scaling::minmax, columns, std::vector<std::string>{"a"});
  EXPECT_EQ(scaling.apply(0, 0.1), 0);
  EXPECT_EQ(scaling.apply(0, 0.7), 1);
  EXPECT_NEAR(scaling.apply(0, 0.3), 1.0 / 3, 1e-15);
  EXPECT_GT(scaling.apply(0, 0.8), 1);  // what was not seen is not clipped
  const auto three = FeatureScaling::fit(Scaling::minmax, three_columns(), kNames);
  EXPECT_EQ(three.offsets(), (std::vector<double>{1, 0.1, -5}));
  EXPECT_EQ(three.scales(), (std::vector<double>{9, 1, 10}));
  EXPECT_EQ(three.apply(1, 0.1), 0);
}

TEST(FeatureScaling, NoneChangesNothing) {
  const auto scaling = FeatureScaling::fit(Scaling::none, three_columns(), kNames);
  std::vector<double> row = {10, 0.1, 5};
  scaling.apply(row);
  EXPECT_EQ(row, (std::vector<double>{10, 0.1, 5}));
  EXPECT_EQ(scaling.apply(2, 7), 7);
  EXPECT_EQ(scaling.invert(2, 7), 7);
  EXPECT_TRUE(scaling.offsets().empty());
}

TEST(FeatureScaling, InvertUndoesApply) {
  for (const Scaling kind : {Scaling::none, Scaling::standard, Scaling::minmax}) {
    const auto scaling = FeatureScaling::fit(kind, three_columns(), kNames);
    for (Index j = 0; j < 3; ++j) {
      for (const double x : {-7.5, 0.0, 0.1, 3.0, 1e6}) {
        EXPECT_NEAR(scaling.invert(j, scaling.apply(j, x)), x, 1e-9);
      }
    }
  }
}

TEST(FeatureScaling, ADeviationThatUnderflowsIsNoDivisor) {
  const std::vector<ColumnMoments> columns = {moments_of({0, 1e-200})};
  const std::vector<std::string> names = {"tiny"};
  const auto standard = FeatureScaling::fit(Scaling::standard, columns, names);
  EXPECT_EQ(standard.scales()[0], 1);
  const auto minmax = FeatureScaling::fit(Scaling::minmax, columns, names);
  EXPECT_EQ(minmax.apply(0, 1e-200), 1);
}

TEST(FeatureScaling, NamesTheColumnThatOverflows) {
  const std::vector<ColumnMoments> columns = {moments_of({1}), moments_of({-1.7e308, 1.7e308})};
  const std::vector<std::string> names = {"a", "huge"};
  for (const Scaling kind : {Scaling::standard, Scaling::minmax}) {
    EXPECT_EQ(message_of([&] { FeatureScaling::fit(kind, columns, names); }),
              "column 'huge': values from -1.7e+308 to 1.7e+308 are too large to be scaled");
  }
  EXPECT_NO_THROW(FeatureScaling::fit(Scaling::none, columns, names));
}

TEST(FeatureScaling, TextKeepsEveryBit) {
  for (const Scaling kind : {Scaling::none, Scaling::standard, Scaling::minmax}) {
    const std::vector<ColumnMoments> columns = {moments_of({0.1, 0.2, 1.0 / 3}),
                                                moments_of({5e-324, 0}), moments_of({-1e150, 7})};
    const auto scaling = FeatureScaling::fit(kind, columns, kNames);
    const auto read = FeatureScaling::from_text("m", scaling.to_text(), 3);
    EXPECT_EQ(read.kind(), kind);
    EXPECT_EQ(read.offsets(), scaling.offsets());
    EXPECT_EQ(read.scales(), scaling.scales());
    EXPECT_EQ(read.to_text(), scaling.to_text());
  }
  EXPECT_EQ(FeatureScaling().to_text(), R"({"kind":"none"})");
  EXPECT_EQ(FeatureScaling(Scaling::minmax, {0.5}, {2}).to_text(),
            R"({"kind":"minmax","offset":[0.5],"scale":[2.0]})");
}

TEST(FeatureScaling, RefusesOtherTexts) {
  const auto error = [](const std::string& text) {
    return message_of([&] { FeatureScaling::from_text("m: 'scaling'", text, 2); });
  };
  EXPECT_EQ(error("{"), "m: 'scaling': not valid JSON");
  EXPECT_EQ(error(R"({"kind":"standard","offset":[1,1e999],"scale":[1,1]})"),
            "m: 'scaling': not valid JSON");
  for (const char* text : {"[]", "{}", "3", R"({"kind":3})", R"({"kind":"other"})"}) {
    EXPECT_EQ(error(text), "m: 'scaling': kind: expected one of none, standard, minmax");
  }
  for (const char* text :
       {R"({"kind":"standard"})", R"({"kind":"standard","offset":1})",
        R"({"kind":"standard","offset":[1]})", R"({"kind":"standard","offset":[1,2,3]})",
        R"({"kind":"standard","offset":[1,null]})"}) {
    EXPECT_EQ(error(text), "m: 'scaling': offset: expected a list of 2 numbers");
  }
  EXPECT_EQ(error(R"({"kind":"minmax","offset":[1,2],"scale":[1,"2"]})"),
            "m: 'scaling': scale: expected a list of 2 numbers");
  EXPECT_EQ(error(R"({"kind":"minmax","offset":[1,2],"scale":[1,0]})"),
            "m: 'scaling': scale: expected numbers > 0");
}

TEST(FeatureScaling, NamesAndKindsBelongTogether) {
  for (const Scaling kind : {Scaling::none, Scaling::standard, Scaling::minmax}) {
    EXPECT_EQ(scaling_named(scaling_name(kind)), kind);
  }
  EXPECT_EQ(scaling_name(Scaling::standard), "standard");
}

}  // namespace
}  // namespace lockstep
