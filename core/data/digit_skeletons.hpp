#pragma once

#include <vector>

namespace lockstep {

struct Point {
  double x = 0;  ///< to the right
  double y = 0;  ///< downwards
};

/// The way of the pen from setting it down to lifting it: a polyline.
using Stroke = std::vector<Point>;
using Skeleton = std::vector<Stroke>;

/// The ways in which people write `digit` (0 … 9), each about 2 high and 1 wide around the origin.
const std::vector<Skeleton>& digit_skeletons(int digit);

}  // namespace lockstep
