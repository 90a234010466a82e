#include "core/model/embedding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "core/base/memory.hpp"
#include "core/model/affine.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

// Five features: a number, one of 3 categories, a number, one of 20 categories, a number.
constexpr Index kInputs = 5;
const EmbeddedFeature kSmall{1, 3, 2};
const EmbeddedFeature kLarge{3, 20, 18};
constexpr Index kOutputs = 3 + 2 + 18;
constexpr Index kStride = 2 * kPanel;

template <class T>
AlignedVector<T> initial(const Embedding<T>& layer, std::uint64_t seed) {
  Index size = 0;
  for (const Tensor& tensor : layer.tensors()) size = tensor.offset + tensor.size();
  AlignedVector<T> theta(static_cast<std::size_t>(size), T(99));
  layer.initialize(Initialization::automatic, RandomStream(seed, Purpose::initialization), 0,
                   theta.data());
  return theta;
}

/// Row-major, padded; what the padding is does not matter.
template <class T>
AlignedVector<T> padded(const std::vector<std::vector<double>>& values) {
  AlignedVector<T> memory(values.size() * static_cast<std::size_t>(kStride), T(99));
  for (std::size_t r = 0; r < values.size(); ++r) {
    std::copy(values[r].begin(), values[r].end(),
              memory.begin() + static_cast<std::ptrdiff_t>(r) * kStride);
  }
  return memory;
}

TEST(Embedding, PutsTheNumbersOfACategoryInItsPlace) {
  const Embedding<double> layer(kInputs, {kSmall, kLarge});
  EXPECT_EQ(layer.outputs(), kOutputs);
  const AlignedVector<double> theta = initial(layer, 3);
  const std::vector<Tensor> tensors = layer.tensors();
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[1].name, "1.weight");
  const auto weight = [&](std::size_t tensor, Index category, Index d) {
    return theta[static_cast<std::size_t>(
        tensors[tensor].offset + kernel::panel_offset(tensors[tensor].inputs, category, d))];
  };
  AlignedVector<double> x = padded<double>({{0.5, 2, -7, 19, 8}, {1, 0, 2, 20, 3}});
  AlignedVector<double> y = padded<double>({{}, {}});
  layer.forward(2, {x.data(), kStride}, theta.data(), {y.data(), kStride}, {}, nullptr);
  std::vector<double> first{0.5, weight(0, 2, 0), weight(0, 2, 1), -7};
  std::vector<double> second{1, weight(0, 0, 0), weight(0, 0, 1), 2};
  for (Index d = 0; d < 18; ++d) first.push_back(weight(1, 19, d));
  second.insert(second.end(), 18, 0.0);  // of none of the categories
  first.push_back(8);
  second.push_back(3);
  for (std::vector<double>* row : {&first, &second}) row->resize(kStride);
  EXPECT_TRUE(std::equal(first.begin(), first.end(), y.begin()));
  EXPECT_TRUE(std::equal(second.begin(), second.end(), y.begin() + kStride));
}

TEST(Embedding, BeginsAsNormalNumbers) {
  const Embedding<double> layer(1, {{0, 500, 40}});
  const AlignedVector<double> theta = initial(layer, 3);
  double sum = 0;
  double squares = 0;
  for (Index k = 0; k < 500; ++k) {
    for (Index d = 0; d < 48; ++d) {
      const double w = theta[static_cast<std::size_t>(kernel::panel_offset(500, k, d))];
      if (d >= 40) {
        EXPECT_EQ(w, 0);
      }
      sum += w;
      squares += w * w;
    }
  }
  EXPECT_NEAR(sum / 20000, 0, 0.03);
  EXPECT_NEAR(squares / 20000, 1, 0.04);
  const Embedding<double> two(2, {{0, 3, 1}, {1, 3, 1}});
  const AlignedVector<double> of_two = initial(two, 3);
  EXPECT_NE(of_two[0], of_two[3 * 16]) << "each matrix has its own";
  const AlignedVector<double> again = initial(two, 4);
  EXPECT_NE(of_two[0], again[0]);
}

/// The gradient of one node, by tiles.
template <class T>
AlignedVector<T> gradient_of(const Embedding<T>& layer, std::size_t size,
                             const std::vector<Range>& leaves, AlignedVector<T>& x,
                             AlignedVector<T>& dy, Index pieces = 1) {
  AlignedVector<T> result(size, T(99));
  const Forwarded<T> done{Rows<T>{x.data(), kStride}, {}, {}};
  for (const GradientTile& tile : layer.gradient_tiles(pieces)) {
    layer.gradient(leaves, tile, done, Rows<T>{dy.data(), kStride}, result.data());
  }
  return result;
}

struct Case {
  AlignedVector<float> x;
  AlignedVector<float> dy;
};

Case random_case(Index rows) {
  Case c;
  const RandomStream stream(8, Purpose::synthetic);
  std::vector<std::vector<double>> x;
  std::vector<std::vector<double>> dy;
  for (Index r = 0; r < rows; ++r) {
    RandomSequence draws(stream, static_cast<std::uint64_t>(r));
    // Of twenty categories one does not occur; index 20 is none.
    const auto large = static_cast<double>(draws.below(21));
    x.push_back({draws.normal(), static_cast<double>(draws.below(3)), draws.normal(),
                 large == 7 ? 8 : large, draws.normal()});
    dy.emplace_back();
    for (Index o = 0; o < kOutputs; ++o) dy.back().push_back(draws.normal());
  }
  c.x = padded<float>(x);
  c.dy = padded<float>(dy);
  return c;
}

/// Of each leaf in the order of the rows, leaves in a tree, with zeros where there is nothing.
TEST(Embedding, GradientsAreSumsOfRowsAlongTheTree) {
  constexpr Index kRows = 90;
  Case c = random_case(kRows);
  const Embedding<float> layer(kInputs, {kSmall, kLarge});
  const std::vector<Range> leaves{{0, 10}, {10, 10}, {10, 47}, {47, kRows}};
  const std::size_t size = initial(layer, 1).size();
  const AlignedVector<float> gradient = gradient_of(layer, size, leaves, c.x, c.dy);
  const std::vector<Tensor> tensors = layer.tensors();
  for (const auto& [tensor, of, output] :
       {std::tuple(tensors[0], kSmall, Index{1}), std::tuple(tensors[1], kLarge, Index{4})}) {
    for (Index k = 0; k < of.categories; ++k) {
      for (Index d = 0; d < of.dimension; ++d) {
        std::vector<float> sums;
        for (const Range& leaf : leaves) {
          float sum = 0;
          for (Index r = leaf.begin; r < leaf.end; ++r) {
            const auto row = static_cast<std::size_t>(r * kStride);
            if (c.x[row + static_cast<std::size_t>(of.feature)] != static_cast<float>(k)) continue;
            sum += c.dy[row + static_cast<std::size_t>(output + d)];
          }
          sums.push_back(sum);
        }
        const float expected = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        EXPECT_EQ(gradient[static_cast<std::size_t>(tensor.offset +
                                                    kernel::panel_offset(of.categories, k, d))],
                  expected)
            << tensor.name << ' ' << k << ' ' << d;
      }
    }
  }
  for (const Index pieces : {2, 3, 7, 100}) {
    EXPECT_EQ(gradient_of(layer, size, leaves, c.x, c.dy, pieces), gradient) << pieces;
  }
  AlignedVector<float> left = gradient_of(layer, size, {leaves[0], leaves[1]}, c.x, c.dy);
  const AlignedVector<float> right = gradient_of(layer, size, {leaves[2], leaves[3]}, c.x, c.dy);
  for (std::size_t i = 0; i < size; ++i) left[i] += right[i];
  EXPECT_EQ(left, gradient);
}

/// What is too small to be normal is flushed to −0, to which the zeros of a leaf without the
/// category must be added as if they were there.
TEST(Embedding, ASumOfZerosHasNoSign) {
  const FloatingPointMode mode;
  const Embedding<float> layer(1, {{0, 2, 1}});
  AlignedVector<float> x = padded<float>({{1}, {1}, {0}});
  AlignedVector<float> dy = padded<float>({{-1.3e-38}, {1.2e-38}, {0}});
  const AlignedVector<float> of_leaf = gradient_of(layer, 32, {{0, 2}}, x, dy);
  EXPECT_EQ(of_leaf[16], 0);
  ASSERT_TRUE(std::signbit(of_leaf[16])) << "nothing is flushed here";
  const AlignedVector<float> of_two = gradient_of(layer, 32, {{0, 2}, {2, 3}}, x, dy);
  EXPECT_EQ(of_two[16], 0);
  EXPECT_FALSE(std::signbit(of_two[16]));
}

/// The same as an affine layer without bias on the columns of onehot.
TEST(Embedding, IsAnAffineLayerOfOneHotFeatures) {
  constexpr Index kRows = 12;
  const Embedding<double> layer(1, {{0, 5, 3}});
  const Affine<double> affine(5, 3);
  AlignedVector<double> theta = initial(layer, 3);
  AlignedVector<double> with_bias = theta;
  with_bias.resize(theta.size() + static_cast<std::size_t>(kPanel));
  std::vector<std::vector<double>> categories;
  std::vector<std::vector<double>> onehot;
  for (Index r = 0; r < kRows; ++r) {
    const Index k = r * r % 5;
    categories.push_back({static_cast<double>(k)});
    onehot.emplace_back(5, 0.0)[static_cast<std::size_t>(k)] = 1;
  }
  AlignedVector<double> x = padded<double>(categories);
  AlignedVector<double> x_onehot = padded<double>(onehot);
  AlignedVector<double> y = padded<double>(categories);
  AlignedVector<double> y_onehot = padded<double>(categories);
  layer.forward(kRows, {x.data(), kStride}, theta.data(), {y.data(), kStride}, {}, nullptr);
  affine.forward(kRows, {x_onehot.data(), kStride}, with_bias.data(), {y_onehot.data(), kStride},
                 {}, nullptr);
  for (Index r = 0; r < kRows; ++r) {
    for (Index c = 0; c < 3; ++c) {
      const auto i = static_cast<std::size_t>(r * kStride + c);
      EXPECT_EQ(y[i], y_onehot[i]);
    }
  }
}

}  // namespace
}  // namespace lockstep
