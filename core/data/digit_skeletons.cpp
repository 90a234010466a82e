#include "core/data/digit_skeletons.hpp"

#include <array>
#include <cmath>
#include <initializer_list>

#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

/// A piece of an ellipse around (x, y); 0° is right, 90° down, 180° left, 270° up.
struct Arc {
  double x, y;
  double width, height;  ///< half axes
  double from, to;       ///< degrees
};

/// A stroke through points and along arcs, in the order in which they were added.
class Pen {
 public:
  Pen& line(std::initializer_list<Point> points) {
    stroke_.insert(stroke_.end(), points);
    return *this;
  }

  Pen& arc(const Arc& arc) {
    constexpr double kDegree = 0.017453292519943295;
    constexpr double kStep = 18;
    const int steps = static_cast<int>(std::ceil(std::fabs(arc.to - arc.from) / kStep));
    for (int i = 0; i <= steps; ++i) {
      const double angle = arc.from + (arc.to - arc.from) * i / steps;
      const kernel::SinCos at = kernel::sincos(angle * kDegree);
      stroke_.push_back({arc.x + arc.width * at.cos, arc.y + arc.height * at.sin});
    }
    return *this;
  }

  operator Stroke() const { return stroke_; }  // NOLINT(google-explicit-constructor)

 private:
  Stroke stroke_;
};

using Skeletons = std::vector<Skeleton>;

Pen line(std::initializer_list<Point> points) { return Pen().line(points); }
Pen arc(const Arc& a) { return Pen().arc(a); }

Skeletons zeros() {
  return {{arc({0, 0, 0.55, 0.95, 270, 630})}, {arc({0, 0, 0.42, 0.95, 250, 610})}};
}

Skeletons ones() {
  return {{line({{0, -0.95}, {0, 0.95}})},
          {line({{-0.35, -0.55}, {0.05, -0.95}, {0.05, 0.95}})},
          {line({{-0.3, -0.6}, {0.05, -0.95}, {0.05, 0.92}}), line({{-0.35, 0.92}, {0.42, 0.92}})}};
}

Skeletons twos() {
  return {{arc({0, -0.45, 0.5, 0.5, 190, 385}).line({{-0.52, 0.92}, {0.55, 0.92}})},
          {arc({0, -0.42, 0.48, 0.53, 200, 400})
               .arc({-0.22, 0.68, 0.28, 0.24, 290, 90})
               .line({{0.1, 0.72}, {0.58, 0.9}})}};
}

Skeletons threes() {
  return {
      {arc({0, -0.48, 0.45, 0.46, 205, 440}).arc({0, 0.46, 0.52, 0.49, 275, 515})},
      {line({{-0.45, -0.92}, {0.42, -0.92}, {-0.05, -0.15}}).arc({0, 0.4, 0.5, 0.55, 275, 510})}};
}

Skeletons fours() {
  return {{line({{0.2, -0.95}, {-0.55, 0.3}, {0.6, 0.3}}), line({{0.24, -0.3}, {0.24, 0.95}})},
          {line({{-0.42, -0.9}, {-0.46, 0.08}, {0.5, 0.08}}), line({{0.34, -0.9}, {0.28, 0.95}})},
          {line({{0.26, 0.95}, {0.26, -0.95}, {-0.55, 0.32}, {0.6, 0.32}})}};
}

Skeletons fives() {
  return {{line({{0.5, -0.92}, {-0.34, -0.92}, {-0.4, -0.05}}).arc({0, 0.38, 0.5, 0.55, 225, 505})},
          {line({{-0.32, -0.85}, {-0.38, -0.1}}).arc({0, 0.36, 0.48, 0.55, 230, 490}),
           line({{-0.32, -0.85}, {0.48, -0.95}})}};
}

Skeletons sixes() {
  return {{arc({0.35, 0.3, 0.85, 1.25, 270, 180}).arc({0, 0.42, 0.5, 0.52, 180, -180})},
          {line({{0.22, -0.95}, {-0.42, 0.2}}).arc({0, 0.44, 0.46, 0.5, 195, -165})}};
}

Skeletons sevens() {
  return {{line({{-0.5, -0.9}, {0.5, -0.9}, {-0.1, 0.95}})},
          {line({{-0.5, -0.9}, {0.5, -0.9}, {-0.1, 0.95}}), line({{-0.3, 0.05}, {0.42, 0.05}})},
          {line({{-0.45, -0.9}, {0.45, -0.88}, {0.12, -0.1}, {0.02, 0.95}})}};
}

Skeletons eights() {
  return {{arc({0, -0.48, 0.42, 0.45, 90, 450}), arc({0, 0.47, 0.52, 0.48, 270, 630})},
          {arc({0, -0.46, 0.4, 0.46, 330, 90})
               .arc({0, 0.46, 0.48, 0.46, 270, 630})
               .arc({0, -0.46, 0.4, 0.46, 90, -30})}};
}

Skeletons nines() {
  return {{arc({0, -0.42, 0.48, 0.52, 360, 0}).line({{0.4, 0.95}})},
          {arc({0, -0.42, 0.48, 0.52, 360, 0}).arc({-0.37, -0.42, 0.85, 1.37, 0, 80})},
          {arc({0, -0.42, 0.46, 0.5, 360, 0}).arc({-0.06, 0.45, 0.52, 0.5, 0, 150})}};
}

}  // namespace

const std::vector<Skeleton>& digit_skeletons(int digit) {
  static const std::array<Skeletons, 10> kSkeletons = {
      zeros(), ones(), twos(), threes(), fours(), fives(), sixes(), sevens(), eights(), nines()};
  return kSkeletons.at(static_cast<std::size_t>(digit));
}

}  // namespace lockstep
