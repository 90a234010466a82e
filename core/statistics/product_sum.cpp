#include "core/statistics/product_sum.hpp"

#include <algorithm>
#include <span>

#include "core/kernel/product.hpp"

namespace lockstep {

static_assert(kSlab == kernel::kChain);

void ProductSum::start(Index columns, Part part) {
  columns_ = columns;
  part_ = part;
  is_first_ = true;
  const auto size = static_cast<std::size_t>(kernel::panel_matrix_size(columns, columns));
  sum_.resize(size);
  slab_.resize(size);
}

Index ProductSum::inputs_of(Index panel) const {
  return part_ == Part::all ? columns_ : std::min(columns_, (panel + 1) * kPanel);
}

void ProductSum::add(Index rows, const double* x, const double* y, Index stride) {
  const Range slab{0, rows};
  AlignedVector<double>& target = is_first_ ? sum_ : slab_;
  const Index panels = kernel::panel_count(columns_);
  if (part_ == Part::all) {
    kernel::fold_outer_products<double>({&slab, 1}, {0, columns_}, {0, panels}, x, stride, y,
                                        stride, target.data(), columns_);
  }
  for (Index panel = 0; panel < panels; ++panel) {
    if (part_ == Part::upper) {
      kernel::fold_outer_products<double>({&slab, 1}, {0, inputs_of(panel)}, {panel, panel + 1}, x,
                                          stride, y, stride, target.data(), columns_);
    }
    if (is_first_) continue;
    double* sum = sum_.data() + panel * columns_ * kPanel;
    const double* term = slab_.data() + panel * columns_ * kPanel;
    for (Index e = 0; e < inputs_of(panel) * kPanel; ++e) sum[e] += term[e];
  }
  is_first_ = false;
}

}  // namespace lockstep
