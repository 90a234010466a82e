#include "core/data/digits.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/data/digit_skeletons.hpp"
#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

// How much hands differ. With these a network learns what a linear model cannot: the strokes of a
// digit move over each other's pixels.
constexpr double kBend = 0.11;  // coefficients of the quadratic map
constexpr double kTurn = 0.22;  // radians
constexpr double kShear = 0.28;
constexpr double kSmallest = 7.2;  // pixels for a unit of the skeleton
constexpr double kLargest = 10.2;
constexpr double kNarrowest = 0.8;  // width over height, on top of the skeleton's own
constexpr double kWidest = 1.15;
constexpr double kShift = 2.2;       // pixels
constexpr double kFinestPen = 0.55;  // half the width of a stroke, pixels
constexpr double kBroadestPen = 1.6;
constexpr double kPalestInk = 0.65;

using Pixels = std::array<double, kDigitPixels>;

/// The map from the skeleton's plane to pixels: a bend, then an affine map.
class Hand {
 public:
  explicit Hand(RandomSequence& draws) {
    for (double& c : bend_) c = draws.uniform(-kBend, kBend);
    const kernel::SinCos turn = kernel::sincos(draws.uniform(-kTurn, kTurn));
    const double shear = draws.uniform(-kShear, kShear);
    const double height = draws.uniform(kSmallest, kLargest);
    const double width = height * draws.uniform(kNarrowest, kWidest);
    // rotation · shear · scale
    xx_ = turn.cos * width;
    xy_ = (turn.cos * shear - turn.sin) * height;
    yx_ = turn.sin * width;
    yy_ = (turn.sin * shear + turn.cos) * height;
    constexpr double kMiddle = static_cast<double>(kDigitSide - 1) / 2;
    x0_ = kMiddle + draws.uniform(-kShift, kShift);
    y0_ = kMiddle + draws.uniform(-kShift, kShift);
  }

  Point place(Point p) const {
    const double bent_x = p.x + bend_[0] * p.y * p.y + bend_[1] * p.x * p.y + bend_[2] * p.x * p.x;
    const double bent_y = p.y + bend_[3] * p.y * p.y + bend_[4] * p.x * p.y + bend_[5] * p.x * p.x;
    return {x0_ + xx_ * bent_x + xy_ * bent_y, y0_ + yx_ * bent_x + yy_ * bent_y};
  }

 private:
  std::array<double, 6> bend_{};
  double xx_, xy_, yx_, yy_, x0_, y0_;
};

/// The pixels of a row or column between low and high, cut to the image.
Range pixels_between(double low, double high) {
  constexpr auto kSide = static_cast<double>(kDigitSide);
  return {static_cast<Index>(std::clamp(std::ceil(low), 0.0, kSide)),
          static_cast<Index>(std::clamp(std::floor(high) + 1.0, 0.0, kSide))};
}

/// Lowers each pixel's squared distance to that from the segment ab, within `reach` of it.
void approach(Pixels& squared_distance, Point a, Point b, double reach) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double inverse = length > 0 ? 1.0 / length : 0.0;
  const Range columns = pixels_between(std::min(a.x, b.x) - reach, std::max(a.x, b.x) + reach);
  const Range rows = pixels_between(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach);
  for (Index row = rows.begin; row < rows.end; ++row) {
    const double py = static_cast<double>(row) - a.y;
    double* line = squared_distance.data() + row * kDigitSide;
    for (Index column = columns.begin; column < columns.end; ++column) {
      const double px = static_cast<double>(column) - a.x;
      const double along = std::clamp((px * dx + py * dy) * inverse, 0.0, 1.0);
      const double ex = px - along * dx;
      const double ey = py - along * dy;
      line[column] = std::min(line[column], ex * ex + ey * ey);
    }
  }
}

/// A number of mean 0 and variance 1 from the four bytes of `bits`: their sum is nearly normal.
double nearly_normal(std::uint32_t bits) {
  constexpr double kMean = 4 * 127.5;
  constexpr double kInverseDeviation = 1 / 147.80054127;  // √(4·(256² − 1)/12)
  const std::uint32_t pairs = (bits & 0x00FF00FFU) + (bits >> 8U & 0x00FF00FFU);
  const std::uint32_t sum = (pairs & 0xFFFFU) + (pairs >> 16U);
  return (static_cast<double>(sum) - kMean) * kInverseDeviation;
}

}  // namespace

int draw_digit(RandomSequence& draws, double noise, std::span<std::uint8_t, kDigitPixels> pixels) {
  const int digit = static_cast<int>(draws.below(10));
  const std::vector<Skeleton>& skeletons = digit_skeletons(digit);
  const Skeleton& skeleton = skeletons[draws.below(skeletons.size())];
  const Hand hand(draws);
  const double pen = draws.uniform(kFinestPen, kBroadestPen);
  const double ink = draws.uniform(kPalestInk, 1.0);

  const double reach = pen + 0.5;  // half a pixel of grey at the edge of a stroke
  Pixels squared_distance;
  squared_distance.fill(reach * reach);
  for (const Stroke& stroke : skeleton) {
    Point from = hand.place(stroke.front());
    for (std::size_t i = 1; i < stroke.size(); ++i) {
      const Point to = hand.place(stroke[i]);
      approach(squared_distance, from, to, reach);
      from = to;
    }
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    bits = i % 2 == 0 ? draws.next() : bits >> 32U;
    const double cover = std::min(reach - std::sqrt(squared_distance[i]), 1.0);
    const double value = ink * cover + noise * nearly_normal(static_cast<std::uint32_t>(bits));
    const double level = std::clamp(value, 0.0, 1.0) * 255.0 + 0.5;  // cut, it is rounded
    pixels[i] = static_cast<std::uint8_t>(level);
  }
  return digit;
}

}  // namespace lockstep
