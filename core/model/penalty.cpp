#include "core/model/penalty.hpp"

#include <optional>

#include "core/model/blocks.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {

template <class T>
double penalty_value(const std::vector<Tensor>& tensors, const Penalty& penalty, const T* theta) {
  const std::vector<Block> blocks = blocks_of(tensors);
  if (penalty.none() || blocks.empty()) return 0;
  const FloatingPointMode mode;
  const auto count = static_cast<Index>(blocks.size());
  return fold_subtree<double>(
      {0, tree_width(count)}, count,
      [&](TreeNode node) -> std::optional<double> {
        if (node.span > 1) return std::nullopt;
        const Block& block = blocks[static_cast<std::size_t>(node.leaf)];
        if (!penalty.applies_to(tensors[block.tensor])) return 0.0;
        return penalty.value(block.elements.size(), theta + block.elements.begin);
      },
      [](double left, double right) { return left + right; });
}

template double penalty_value(const std::vector<Tensor>&, const Penalty&, const float*);
template double penalty_value(const std::vector<Tensor>&, const Penalty&, const double*);

}  // namespace lockstep
