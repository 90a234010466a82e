#include "core/model/embedding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <optional>

#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

/// A row of a batch whose feature is one of the categories at hand.
struct Occurrence {
  Index category;
  Index leaf;  // of the node at hand
  Index row;
};

template <class T>
using Panel = std::array<T, static_cast<std::size_t>(kPanel)>;

/// The occurrences of categories in a range, by category, those of one in the order of the rows.
template <class T>
std::vector<Occurrence> occurrences_of(Range categories, Index feature,
                                       std::span<const Range> leaves, Rows<const T> x) {
  std::vector<Occurrence> found;
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    for (Index r = leaves[leaf].begin; r < leaves[leaf].end; ++r) {
      const auto category = static_cast<Index>(x.row(r)[feature]);
      if (categories.contains(category)) found.push_back({category, static_cast<Index>(leaf), r});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Occurrence& a, const Occurrence& b) {
    return a.category < b.category;
  });
  return found;
}

/// Those of a node's leaves, of the occurrences of one category.
std::span<const Occurrence> occurrences_in(TreeNode node, std::span<const Occurrence> all) {
  const auto first_from = [&](Index leaf) {
    return std::partition_point(all.begin(), all.end(),
                                [&](const Occurrence& o) { return o.leaf < leaf; });
  };
  return {first_from(node.leaf), first_from(node.leaf + node.span)};
}

/// Σ of some columns of dy over the occurrences of one category: inside each leaf in the order of
/// the rows, then along the tree over the leaves. Leaves without any count as zeros, and are left
/// out.
template <class T>
Panel<T> sum_over(std::span<const Occurrence> all, Index leaves, Rows<const T> dy, Range columns) {
  using Sum = std::optional<Panel<T>>;
  const auto take = [&](TreeNode node) -> std::optional<Sum> {
    const std::span<const Occurrence> here = occurrences_in(node, all);
    if (here.empty()) return Sum();
    if (node.span > 1) return std::nullopt;
    Panel<T> sum{};
    for (const Occurrence& o : here) {
      const T* from = dy.row(o.row) + columns.begin;
      for (Index c = 0; c < columns.size(); ++c) sum[static_cast<std::size_t>(c)] += from[c];
    }
    return sum;
  };
  const auto add = [](Sum left, const Sum& right) {
    if (!left && !right) return Sum();
    static constexpr Panel<T> kZeros{};
    Panel<T> sum = left.value_or(kZeros);
    const Panel<T>& other = right ? *right : kZeros;  // a zero that is added makes −0 a 0
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += other[c];
    return Sum(sum);
  };
  return *fold_subtree<Sum>({0, leaves}, leaves, take, add);
}

}  // namespace

template <class T>
Embedding<T>::Embedding(Index inputs, const std::vector<EmbeddedFeature>& embedded)
    : inputs_(inputs), outputs_(inputs) {
  Index offset = 0;
  for (const EmbeddedFeature& of : embedded) {
    assert(0 <= of.feature && of.feature < inputs && of.categories > 0 && of.dimension > 0);
    tables_.push_back({of, of.feature + outputs_ - inputs_, offset});
    outputs_ += of.dimension - 1;
    offset += kernel::panel_matrix_size(of.categories, of.dimension);
  }
}

template <class T>
std::vector<Tensor> Embedding<T>::tensors() const {
  std::vector<Tensor> tensors;
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const EmbeddedFeature& of = tables_[t].of;
    Tensor& tensor = tensors.emplace_back();
    tensor.name = fmt::format("{}.weight", t);
    tensor.inputs = of.categories;
    tensor.outputs = of.dimension;
    tensor.penalised = true;
    tensor.offset = tables_[t].offset;
    tensor.has_row_for_each_input = true;
  }
  return tensors;
}

template <class T>
void Embedding<T>::initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                              T* theta) const {
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const auto& [of, output, offset] = tables_[t];
    T* weights = theta + offset;
    std::fill_n(weights, kernel::panel_matrix_size(of.categories, of.dimension), T(0));
    for (Index k = 0; k < of.categories && how != Initialization::zero; ++k) {
      for (Index d = 0; d < of.dimension; ++d) {
        // Affine layers have the even numbers.
        RandomSequence draws(stream, layer + 1 + 2 * t, static_cast<std::uint64_t>(k),
                             static_cast<std::uint64_t>(d));
        weights[kernel::panel_offset(of.categories, k, d)] = static_cast<T>(draws.normal());
      }
    }
  }
}

template <class T>
void Embedding<T>::forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T>,
                           const TrainingRows*) const {
  for (Index r = 0; r < n; ++r) {
    const T* in = x.row(r);
    T* out = y.row(r);
    Index next = 0;  // of the features
    for (const auto& [of, output, offset] : tables_) {
      std::copy(in + next, in + of.feature, out + output - (of.feature - next));
      next = of.feature + 1;
      const auto category = static_cast<Index>(in[of.feature]);
      for (Index d = 0; d < of.dimension; d += kPanel) {
        const Index columns = std::min(kPanel, of.dimension - d);
        if (category < of.categories) {
          std::copy_n(theta + offset + kernel::panel_offset(of.categories, category, d), columns,
                      out + output + d);
        } else {
          std::fill_n(out + output + d, columns, T(0));
        }
      }
    }
    std::copy(in + next, in + inputs_, out + outputs_ - (inputs_ - next));
    std::fill(out + outputs_, out + kernel::panel_count(outputs_) * kPanel, T(0));
  }
}

template <class T>
void Embedding<T>::backward(Index, const Forwarded<T>&, Rows<const T>, const T*, Rows<T>) const {
  assert(false && "the first layer");
}

template <class T>
std::vector<GradientTile> Embedding<T>::gradient_tiles(Index pieces) const {
  std::vector<GradientTile> tiles;
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const EmbeddedFeature& of = tables_[t].of;
    const Index parts = std::clamp<Index>(pieces, 1, of.categories);
    for (Index part = 0; part < parts; ++part) {
      tiles.push_back(
          {t, even_part(of.categories, parts, part), {0, kernel::panel_count(of.dimension)}});
    }
  }
  return tiles;
}

template <class T>
void Embedding<T>::gradient(std::span<const Range> leaves, const GradientTile& tile,
                            const Forwarded<T>& done, Rows<const T> dy, T* dtheta) const {
  const auto& [of, output, offset] = tables_[tile.tensor];
  const auto place = [&, start = offset, categories = of.categories](Index category, Index d) {
    return dtheta + start + kernel::panel_offset(categories, category, d);
  };
  const std::vector<Occurrence> found = occurrences_of<T>(tile.inputs, of.feature, leaves, done.x);
  for (Index panel = tile.panels.begin; panel < tile.panels.end; ++panel) {
    const Index d = panel * kPanel;
    const Range columns{output + d, output + std::min(of.dimension, d + kPanel)};
    std::fill_n(place(tile.inputs.begin, d), tile.inputs.size() * kPanel, T(0));
    for (auto first = found.begin(); first != found.end();) {
      const auto last = std::find_if(
          first, found.end(), [&](const Occurrence& o) { return o.category != first->category; });
      const Panel<T> sum =
          sum_over<T>({first, last}, static_cast<Index>(leaves.size()), dy, columns);
      std::copy(sum.begin(), sum.end(), place(first->category, d));
      first = last;
    }
  }
}

template class Embedding<float>;
template class Embedding<double>;

}  // namespace lockstep
