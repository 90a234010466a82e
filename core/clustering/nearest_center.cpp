#include "core/clustering/nearest_center.hpp"

#include <algorithm>
#include <cassert>

#include "core/kernel/product.hpp"

namespace lockstep {

NearestCenter::NearestCenter(const Matrix& centers)
    : centers_(centers.rows()),
      columns_(centers.cols()),
      panels_(static_cast<std::size_t>(kernel::panel_matrix_size(columns_, centers_))) {
  assert(centers_ >= 1);
  for (Index c = 0; c < centers_; ++c) {
    for (Index j = 0; j < columns_; ++j) {
      panels_[static_cast<std::size_t>(kernel::panel_offset(columns_, j, c))] = centers(c, j);
    }
  }
}

NearestCenter::Found NearestCenter::of(const double* row) const {
  using Lanes = Eigen::Array<double, kPanel, 1>;
  Found nearest;
  for (Index first = 0; first < centers_; first += kPanel) {
    const double* panel = panels_.data() + kernel::panel_offset(columns_, 0, first);
    Lanes sums = Lanes::Zero();
    for (Index j = 0; j < columns_; ++j, panel += kPanel) {
      sums += (row[j] - Eigen::Map<const Lanes, Eigen::Aligned64>(panel)).square();
    }
    for (Index c = 0; c < std::min(kPanel, centers_ - first); ++c) {
      if (first + c > 0 && !(sums[c] < nearest.squared_distance)) continue;
      nearest = {first + c, sums[c]};
    }
  }
  return nearest;
}

}  // namespace lockstep
