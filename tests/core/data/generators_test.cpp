#include "core/data/generators.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/data/digit_skeletons.hpp"
#include "core/data/digits.hpp"
#include "core/data/schema.hpp"
#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

using test::row_of;

const std::array kKinds = {SyntheticKind::digits, SyntheticKind::blobs, SyntheticKind::moons,
                           SyntheticKind::linear};

SyntheticOptions options_for(SyntheticKind kind) {
  SyntheticOptions options;
  options.kind = kind;
  options.features = 3;
  options.classes = 4;
  return options;
}

TEST(Generators, ARowDependsOnItsNumberAlone) {
  for (const SyntheticKind kind : kKinds) {
    const SyntheticOptions options = options_for(kind);
    const Table whole = generate(options, 7, {0, 20}, 20);
    EXPECT_EQ(whole.total_rows, 20);
    for (const Range part : {Range{0, 1}, Range{5, 13}, Range{13, 20}, Range{9, 9}}) {
      const Table table = generate(options, 7, part, 20);
      EXPECT_EQ(table.rows, part);
      EXPECT_EQ(schema_of(table), schema_of(whole));
      for (Index i = 0; i < part.size(); ++i) {
        EXPECT_EQ(row_of(table, i), row_of(whole, part.begin + i));
        EXPECT_EQ(table.target[static_cast<std::size_t>(i)],
                  whole.target[static_cast<std::size_t>(part.begin + i)]);
      }
    }
  }
}

TEST(Generators, ATestSetFollowsAfterTheTrainingRows) {
  for (const SyntheticKind kind : kKinds) {
    const SyntheticOptions options = options_for(kind);
    const Table whole = generate(options, 7, {0, 20}, 20);
    const Table test = generate(options, 7, {0, 5}, 5, 15);
    EXPECT_EQ(test.rows, (Range{0, 5}));
    EXPECT_EQ(test.total_rows, 5);
    for (Index i = 0; i < 5; ++i) EXPECT_EQ(row_of(test, i), row_of(whole, 15 + i));
  }
}

TEST(Generators, TheSeedChangesEverything) {
  for (const SyntheticKind kind : kKinds) {
    const SyntheticOptions options = options_for(kind);
    EXPECT_NE(row_of(generate(options, 1, {0, 1}, 1), 0),
              row_of(generate(options, 2, {0, 1}, 1), 0));
  }
}

TEST(Generators, BlobsLieAroundTheirCentres) {
  SyntheticOptions options = options_for(SyntheticKind::blobs);
  options.noise = 0.5;
  const Index rows = 4000;
  const Table table = generate(options, 3, {0, rows}, rows);
  EXPECT_EQ(table.features, 3);
  EXPECT_EQ(table.class_names, (std::vector<std::string>{"0", "1", "2", "3"}));
  EXPECT_EQ(table.target_name(), "class");
  options.noise = 0;
  const Table centres = generate(options, 3, {0, rows}, rows);  // the same without the noise
  std::array<int, 4> counts{};
  double squares = 0;
  for (Index i = 0; i < rows; ++i) {
    ++counts.at(static_cast<std::size_t>(table.target[static_cast<std::size_t>(i)]));
    const std::vector<double> point = row_of(table, i);
    const std::vector<double> centre = row_of(centres, i);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_LT(std::fabs(centre[j]), 10);
      squares += (point[j] - centre[j]) * (point[j] - centre[j]);
    }
  }
  EXPECT_NEAR(squares / (3.0 * static_cast<double>(rows)), 0.25, 0.015);
  for (const int count : counts) EXPECT_NEAR(count, 1000, 140);
}

TEST(Generators, MoonsAreHalfCircles) {
  SyntheticOptions options = options_for(SyntheticKind::moons);
  options.noise = 0;
  const Table table = generate(options, 3, {0, 500}, 500);
  EXPECT_EQ(table.features, 2);
  for (Index i = 0; i < 500; ++i) {
    const std::vector<double> p = row_of(table, i);
    const bool second = table.target[static_cast<std::size_t>(i)] > 0;
    const double x = second ? p[0] - 1 : p[0];
    const double y = second ? p[1] - 0.5 : p[1];
    EXPECT_NEAR(x * x + y * y, 1, 1e-12);
    EXPECT_GE(second ? -y : y, -1e-12);
  }
}

TEST(Generators, LinearTargetsAreLinear) {
  SyntheticOptions options = options_for(SyntheticKind::linear);
  options.noise = 0;
  options.features = 2;
  const Table table = generate(options, 3, {0, 100}, 100);
  EXPECT_EQ(table.target_kind, TargetKind::number);
  EXPECT_EQ(table.target_name(), "y");
  // Four points of a plane are dependent: the determinant of their rows (1, x, y) is 0.
  for (std::size_t i = 0; i + 3 < 100; ++i) {
    std::array<std::array<double, 3>, 3> m{};
    const std::vector<double> origin = row_of(table, static_cast<Index>(i));
    for (std::size_t k = 0; k < 3; ++k) {
      const std::vector<double> p = row_of(table, static_cast<Index>(i + k + 1));
      m[k] = {p[0] - origin[0], p[1] - origin[1], table.target[i + k + 1] - table.target[i]};
    }
    const double determinant = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
                               m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                               m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
    EXPECT_NEAR(determinant, 0, 1e-12);
  }
}

TEST(Digits, AreImagesOfTenClasses) {
  const Index rows = 2000;
  const Table table = generate({}, 3, {0, rows}, rows);
  EXPECT_EQ(table.features, kDigitPixels);
  EXPECT_EQ(table.class_names.size(), 10U);
  EXPECT_EQ(table.target_name(), "label");
  EXPECT_EQ(table.feature_names.back(), "p783");
  ASSERT_TRUE(std::holds_alternative<Table::ByteValues>(table.values));
  std::array<int, 10> counts{};
  for (const double label : table.target) ++counts.at(static_cast<std::size_t>(label));
  for (const int count : counts) EXPECT_NEAR(count, 200, 70);
}

TEST(Digits, AreInkOnPaper) {
  SyntheticOptions options;
  options.noise = 0;
  const Table table = generate(options, 3, {0, 500}, 500);
  const auto& pixels = std::get<Table::ByteValues>(table.values);
  for (std::size_t i = 0; i < 500; ++i) {
    int inked = 0;
    int edge = 0;
    for (std::size_t p = 0; p < static_cast<std::size_t>(kDigitPixels); ++p) {
      const bool ink = pixels[i * kDigitPixels + p] > 0;
      const std::size_t column = p % kDigitSide;
      const std::size_t row = p / kDigitSide;
      if (ink) ++inked;
      if (ink && (column == 0 || row == 0 || column == kDigitSide - 1 || row == kDigitSide - 1)) {
        ++edge;
      }
    }
    EXPECT_GT(inked, 20) << "image " << i;
    EXPECT_LT(inked, 350) << "image " << i;
    EXPECT_LT(edge, 15) << "image " << i;  // a stroke's end may touch the edge
  }
}

TEST(Digits, NoiseHasTheDeviationAskedFor) {
  SyntheticOptions options;
  options.noise = 0.02;
  const Table noisy = generate(options, 3, {0, 200}, 200);
  options.noise = 0;
  const Table clean = generate(options, 3, {0, 200}, 200);
  double squares = 0;
  double count = 0;
  for (Index i = 0; i < 200; ++i) {
    const std::vector<double> a = row_of(noisy, i);
    const std::vector<double> b = row_of(clean, i);
    for (std::size_t p = 0; p < a.size(); ++p) {
      if (b[p] < 0.2 || b[p] > 0.8) continue;  // paper and full ink cut the noise
      squares += (a[p] - b[p]) * (a[p] - b[p]);
      ++count;
    }
  }
  EXPECT_NEAR(std::sqrt(squares / count), 0.02, 0.001);
}

TEST(Digits, SkeletonsFitTheirBox) {
  for (int digit = 0; digit < 10; ++digit) {
    EXPECT_GE(digit_skeletons(digit).size(), 2U);
    for (const Skeleton& skeleton : digit_skeletons(digit)) {
      double top = 1;
      double bottom = -1;
      for (const Stroke& stroke : skeleton) {
        EXPECT_GE(stroke.size(), 2U);
        for (const Point& p : stroke) {
          EXPECT_LE(std::fabs(p.x), 0.7) << digit;
          EXPECT_LE(std::fabs(p.y), 1.0) << digit;
          top = std::min(top, p.y);
          bottom = std::max(bottom, p.y);
        }
      }
      EXPECT_LT(top, -0.8) << digit;
      EXPECT_GT(bottom, 0.8) << digit;
    }
  }
}

}  // namespace
}  // namespace lockstep
