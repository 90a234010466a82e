#include "core/transform/column_scaling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/core/transform/tables.hpp"

namespace lockstep {
namespace {

using test::message_of;

ColumnMoments moments_of(const std::vector<double>& values) {
  ColumnMoments moments;
  for (const double x : values) moments.add(x);
  return moments;
}

ColumnScaling fit(Scaling kind, const std::vector<double>& values) {
  return kind == Scaling::robust ? ColumnScaling::fit(quartiles(values), "x")
                                 : ColumnScaling::fit(kind, moments_of(values), "x");
}

constexpr std::array kAllKinds{Scaling::none, Scaling::standard, Scaling::minmax, Scaling::robust,
                               Scaling::log1p};

TEST(ColumnScaling, StandardHasMeanZeroAndDeviationOne) {
  // Mean 4, Σ of squared deviations 50.
  const ColumnScaling scaling = fit(Scaling::standard, {1, 2, 3, 4, 10});
  EXPECT_EQ(scaling.kind, Scaling::standard);
  EXPECT_EQ(scaling.offset, 4);
  EXPECT_DOUBLE_EQ(scaling.scale, std::sqrt(10));
  EXPECT_DOUBLE_EQ(scaling.apply(10), 6 / std::sqrt(10));
  EXPECT_EQ(fit(Scaling::standard, {-5, 5}).apply(5), 1);
}

TEST(ColumnScaling, MinmaxReachesZeroAndOneExactly) {
  const ColumnScaling scaling = fit(Scaling::minmax, {0.1, 0.3, 0.7});
  EXPECT_EQ(scaling.apply(0.1), 0);
  EXPECT_EQ(scaling.apply(0.7), 1);
  EXPECT_NEAR(scaling.apply(0.3), 1.0 / 3, 1e-15);
  EXPECT_GT(scaling.apply(0.8), 1);  // what was not seen is not clipped
}

TEST(ColumnScaling, RobustIsInQuartiles) {
  const ColumnScaling scaling = fit(Scaling::robust, {1, 2, 3, 4, 1000});
  EXPECT_EQ(scaling, (ColumnScaling{Scaling::robust, 3, 2}));
  EXPECT_EQ(scaling.apply(7), 2);
  EXPECT_EQ(fit(Scaling::robust, {1, 5, 5, 5, 9}), (ColumnScaling{Scaling::robust, 5, 1}));
}

TEST(ColumnScaling, Log1pTakesWhatIsAboveMinusOne) {
  const ColumnScaling scaling = fit(Scaling::log1p, {3});
  EXPECT_DOUBLE_EQ(scaling.apply(std::exp(1.0) - 1), 1);
  EXPECT_DOUBLE_EQ(scaling.apply(1e-17), 1e-17);
  EXPECT_TRUE(scaling.takes(std::nextafter(-1.0, 0.0)));
  EXPECT_FALSE(scaling.takes(-1));
  EXPECT_FALSE(scaling.takes(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(fit(Scaling::standard, {3}).takes(-7));
}

TEST(ColumnScaling, NoneChangesNothing) {
  const ColumnScaling scaling = fit(Scaling::none, {1, 2});
  EXPECT_EQ(scaling.apply(7), 7);
  EXPECT_EQ(scaling.invert(7), 7);
  EXPECT_EQ(scaling, ColumnScaling());
}

TEST(ColumnScaling, AConstantColumnIsOnlyMoved) {
  for (const Scaling kind : {Scaling::standard, Scaling::minmax, Scaling::robust}) {
    const ColumnScaling scaling = fit(kind, {0.1, 0.1, 0.1});
    EXPECT_EQ(scaling, (ColumnScaling{kind, 0.1, 1}));
    EXPECT_EQ(scaling.apply(2.1), 2);
  }
}

TEST(ColumnScaling, InvertUndoesApply) {
  for (const Scaling kind : kAllKinds) {
    if (kind == Scaling::log1p) continue;
    const ColumnScaling scaling = fit(kind, {1, 2, 3, 4, 10});
    for (const double x : {-7.5, 0.0, 0.1, 3.0, 1e6}) {
      EXPECT_NEAR(scaling.invert(scaling.apply(x)), x, 1e-9);
    }
  }
}

TEST(ColumnScaling, ASpreadThatUnderflowsIsNoDivisor) {
  EXPECT_EQ(fit(Scaling::standard, {0, 1e-200}).scale, 1);
  EXPECT_EQ(fit(Scaling::minmax, {0, 1e-200}).apply(1e-200), 1);
  EXPECT_EQ(fit(Scaling::robust, {0, 4e-310}).scale, 1);
}

TEST(ColumnScaling, NamesTheColumnThatOverflows) {
  for (const Scaling kind : {Scaling::standard, Scaling::minmax}) {
    EXPECT_EQ(message_of([&] {
                fit(kind, {-1.7e308, 1.7e308});
              }),
              "column 'x': values from -1.7e+308 to 1.7e+308 are too large to be scaled");
  }
  EXPECT_EQ(message_of([] {
              fit(Scaling::robust, {-1.7e308, -1.7e308, 1.7e308, 1.7e308});
            }),
            "column 'x': values from -1.7e+308 to 1.7e+308 are too large to be scaled");
  EXPECT_NO_THROW(fit(Scaling::none, {-1.7e308, 1.7e308}));
}

TEST(ColumnScaling, TextKeepsEveryBit) {
  for (const Scaling kind : kAllKinds) {
    for (const std::vector<double>& values :
         {std::vector{0.1, 0.2, 1.0 / 3}, std::vector{5e-324, 0.0}, std::vector{-1e150, 7.0}}) {
      const ColumnScaling scaling = fit(kind, values);
      const std::string text = scaling.to_json().dump();
      EXPECT_EQ(ColumnScaling::from_json("m", nlohmann::json::parse(text)), scaling) << text;
    }
  }
  EXPECT_EQ(ColumnScaling().to_json().dump(), R"({"kind":"none"})");
  EXPECT_EQ((ColumnScaling{Scaling::minmax, 0.5, 2}).to_json().dump(),
            R"({"kind":"minmax","offset":0.5,"scale":2.0})");
}

TEST(ColumnScaling, RefusesOtherTexts) {
  const auto error = [](const std::string& text) {
    return message_of([&] { ColumnScaling::from_json("m", nlohmann::json::parse(text)); });
  };
  EXPECT_EQ(error("[]"), "m: expected an object");
  EXPECT_EQ(error("{}"), "m: kind: expected a value");
  for (const char* text : {R"({"kind":3})", R"({"kind":"other"})"}) {
    EXPECT_EQ(error(text), "m: kind: expected one of none, standard, minmax, robust, log1p");
  }
  EXPECT_EQ(error(R"({"kind":"standard"})"), "m: offset: expected a value");
  EXPECT_EQ(error(R"({"kind":"standard","offset":[1],"scale":1})"), "m: offset: expected a number");
  EXPECT_EQ(error(R"({"kind":"minmax","offset":1,"scale":"2"})"), "m: scale: expected a number");
  EXPECT_EQ(error(R"({"kind":"robust","offset":1,"scale":0})"), "m: scale: expected a number > 0");
  EXPECT_EQ(error(R"({"kind":"log1p","offset":1})"), "m: unknown member 'offset'");
}

}  // namespace
}  // namespace lockstep
