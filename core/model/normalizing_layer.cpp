#include "core/model/normalizing_layer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/parallel/fold.hpp"

namespace lockstep {

template <class T>
std::vector<Tensor> NormalizingLayer<T>::tensors() const {
  return {{"weight", 1, width_, false, 0}, {"bias", 1, width_, false, vector_size()}};
}

template <class T>
void NormalizingLayer<T>::initialize(Initialization, const RandomStream&, std::uint64_t,
                                     T* theta) const {
  std::fill_n(theta, 2 * vector_size(), T(0));
  std::fill_n(theta, width_, T(1));
}

template <class T>
void NormalizingLayer<T>::prepare(const T* theta, T* prepared, Index) const {
  std::copy_n(scale(theta), prepared_size(), prepared);
}

template <class T>
void NormalizingLayer<T>::clear_padding(T* row) const {
  std::fill(row + width_, row + kernel::panel_count(width_) * kPanel, T(0));
}

template <class T>
std::vector<GradientTile> NormalizingLayer<T>::gradient_tiles(Index) const {
  const Range panels{0, kernel::panel_count(width_)};
  return {{0, {0, 1}, panels}, {1, {0, 1}, panels}};
}

template <class T>
void NormalizingLayer<T>::gradient(std::span<const Range> leaves, const GradientTile& tile,
                                   const Forwarded<T>& done, Rows<const T> dy, T* dtheta) const {
  if (tile.tensor == 1) {
    static constexpr T kOne = T(1);
    kernel::fold_outer_products<T>(leaves, tile.inputs, tile.panels, &kOne, 0, dy.data, dy.stride,
                                   dtheta + vector_size(), 1);
    return;
  }
  using Panel = std::array<T, static_cast<std::size_t>(kPanel)>;
  const auto count = static_cast<Index>(leaves.size());
  for (Index panel = tile.panels.begin; panel < tile.panels.end; ++panel) {
    const Index first = panel * kPanel;
    const Index columns = std::min(kPanel, width_ - first);
    const auto sum_of_leaf = [&](TreeNode leaf) -> std::optional<Panel> {
      if (leaf.span > 1) return std::nullopt;
      Panel sum{};
      const Range rows = leaves[static_cast<std::size_t>(leaf.leaf)];
      for (Index r = rows.begin; r < rows.end; ++r) {
        Panel normalized{};
        normalize(done, r, first, columns, normalized.data());
        const T* derivative = dy.row(r) + first;
        for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += derivative[c] * normalized[c];
      }
      return sum;
    };
    const auto add = [](Panel left, const Panel& right) {
      for (std::size_t c = 0; c < left.size(); ++c) left[c] += right[c];
      return left;
    };
    const Panel root = fold_subtree<Panel>({0, count}, count, sum_of_leaf, add);
    std::copy(root.begin(), root.end(), dtheta + first);
  }
}

template class NormalizingLayer<float>;
template class NormalizingLayer<double>;

}  // namespace lockstep
