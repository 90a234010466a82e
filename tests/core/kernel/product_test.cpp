#include "core/kernel/product.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace lockstep {
namespace {

using kernel::InstructionSet;

/// Values that round in every operation, from a small generator of our own.
template <class T>
AlignedVector<T> values(Index n, std::uint64_t seed) {
  AlignedVector<T> v(static_cast<std::size_t>(n));
  std::uint64_t state = seed * 2654435761U + 12345;
  for (T& x : v) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    x = static_cast<T>(static_cast<double>(state >> 11) * 0x1p-53 - 0.5);
  }
  return v;
}

template <class T>
T definition(Index inner, const T* a, Index a_step, const T* b, Index b_step) {
  T sum = T(0);
  for (Index k0 = 0; k0 == 0 || k0 < inner; k0 += kernel::kChain) {
    T chain = T(0);
    for (Index k = k0; k < std::min(k0 + kernel::kChain, inner); ++k) {
      chain = std::fma(a[k * a_step], b[k * b_step], chain);
    }
    sum = k0 == 0 ? chain : sum + chain;
  }
  return sum;
}

template <class T>
AlignedVector<T> to_panels(Index rows, Index columns, const AlignedVector<T>& dense) {
  AlignedVector<T> p(static_cast<std::size_t>(kernel::panel_matrix_size(rows, columns)));
  for (Index i = 0; i < rows; ++i) {
    for (Index o = 0; o < columns; ++o) {
      p[static_cast<std::size_t>(kernel::panel_offset(rows, i, o))] =
          dense[static_cast<std::size_t>(i * columns + o)];
    }
  }
  return p;
}

/// Runs a check under every instruction set of this machine.
template <class Check>
void with_every_instruction_set(const Check& check) {
  const InstructionSet before = kernel::instruction_set();
  for (const InstructionSet set : kernel::available_instruction_sets()) {
    SCOPED_TRACE(kernel::name_of(set));
    kernel::use_instruction_set(set);
    check();
  }
  kernel::use_instruction_set(before);
}

template <class T>
class Product : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Product, Scalars);

TYPED_TEST(Product, MultiplyIsTheDefinitionBitByBit) {
  using T = TypeParam;
  with_every_instruction_set([] {
    const Index shapes[][3] = {{1, 1, 1},     {1, 4, 16},    {5, 3, 17},    {12, 255, 32},
                               {13, 256, 33}, {67, 257, 48}, {300, 70, 10}, {255, 520, 100},
                               {7, 0, 5},     {64, 1000, 3}};
    for (const auto& [m, k, n] : shapes) {
      const Index lda = k + 3;
      const Index ldc = kernel::panel_count(n) * kPanel + 16;
      const auto a = values<T>(m * lda + 1, 1);
      const auto dense = values<T>(k * n, 2);
      const auto b = to_panels(k, n, dense);
      auto c = values<T>(m * ldc, 3);
      kernel::multiply<T>(m, k, kernel::panel_count(n), a.data(), lda, b.data(), c.data(), ldc);
      for (Index i = 0; i < m; ++i) {
        for (Index o = 0; o < n; ++o) {
          ASSERT_EQ(c[static_cast<std::size_t>(i * ldc + o)],
                    definition(k, a.data() + i * lda, 1, dense.data() + o, n))
              << m << 'x' << k << 'x' << n << " at " << i << ',' << o;
        }
      }
    }
  });
}

TYPED_TEST(Product, TransposeMovesEveryElementAndPadsWithZeros) {
  using T = TypeParam;
  const Index rows = 37;
  const Index columns = 21;
  const auto dense = values<T>(rows * columns, 4);
  const auto b = to_panels(rows, columns, dense);
  AlignedVector<T> bt(static_cast<std::size_t>(kernel::panel_matrix_size(columns, rows)), T(7));
  kernel::transpose<T>(rows, columns, b.data(), bt.data(), {0, 1});
  kernel::transpose<T>(rows, columns, b.data(), bt.data(), {1, 3});
  for (Index o = 0; o < columns; ++o) {
    for (Index i = 0; i < kernel::panel_count(rows) * kPanel; ++i) {
      ASSERT_EQ(bt[static_cast<std::size_t>(kernel::panel_offset(columns, o, i))],
                i < rows ? dense[static_cast<std::size_t>(i * columns + o)] : T(0));
    }
  }
}

template <class T>
T tree(const std::vector<T>& leaves, std::size_t begin, std::size_t count) {
  if (count == 1) return leaves[begin];
  return tree(leaves, begin, count / 2) + tree(leaves, begin + count / 2, count / 2);
}

TYPED_TEST(Product, FoldIsTheTreeOverDefinitionsUnderAnyCut) {
  using T = TypeParam;
  const std::vector<std::vector<Index>> lanes = {
      {5},
      {0},
      {300},
      {1300},
      {3, 4, 0, 1},
      {32, 32, 32, 32, 32, 32, 32, 32},
      {700, 600},
      {0, 0, 513, 512},
      {40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 39}};
  const Index in = 45;
  const Index out = 40;
  const Index ldx = 48;
  const Index ldy = 64;
  with_every_instruction_set([&] {
    for (const auto& sizes : lanes) {
      std::vector<Range> leaves;
      Index row = 3;  // rows need not start at the beginning of the batch
      for (const Index n : sizes) {
        leaves.push_back({row, row + n});
        row += n;
      }
      const auto x = values<T>(row * ldx, 5);
      const auto y = values<T>(row * ldy, 6);
      AlignedVector<T> w(static_cast<std::size_t>(kernel::panel_matrix_size(in, out)), T(9));
      for (const Range inputs : {Range{0, 7}, Range{7, 32}, Range{32, in}}) {
        for (const Range panels : {Range{0, 1}, Range{1, 3}}) {
          kernel::fold_outer_products<T>(leaves, inputs, panels, x.data(), ldx, y.data(), ldy,
                                         w.data(), in);
        }
      }
      AlignedVector<T> whole(w.size(), T(8));
      kernel::fold_outer_products<T>(leaves, {0, in}, {0, 3}, x.data(), ldx, y.data(), ldy,
                                     whole.data(), in);
      EXPECT_EQ(std::memcmp(w.data(), whole.data(), w.size() * sizeof(T)), 0);
      for (Index i = 0; i < in; ++i) {
        for (Index o = 0; o < out; ++o) {
          std::vector<T> sums;
          for (const Range& leaf : leaves) {
            sums.push_back(definition(leaf.size(), x.data() + leaf.begin * ldx + i, ldx,
                                      y.data() + leaf.begin * ldy + o, ldy));
          }
          ASSERT_EQ(w[static_cast<std::size_t>(kernel::panel_offset(in, i, o))],
                    tree(sums, 0, sums.size()))
              << sizes.size() << " leaves, at " << i << ',' << o;
        }
      }
    }
  });
}

TYPED_TEST(Product, ARepeatedRowOfOnesGivesTheSumOfRows) {
  using T = TypeParam;
  with_every_instruction_set([] {
    const T one = T(1);
    const std::vector<Range> leaves = {{0, 10}, {10, 13}};
    const auto y = values<T>(13 * 32, 7);
    AlignedVector<T> sum(32);
    kernel::fold_outer_products<T>(leaves, {0, 1}, {0, 2}, &one, 0, y.data(), 32, sum.data(), 1);
    for (std::size_t o = 0; o < 32; ++o) {
      T left = T(0);
      T right = T(0);
      for (std::size_t r = 0; r < 10; ++r) left += y[r * 32 + o];
      for (std::size_t r = 10; r < 13; ++r) right += y[r * 32 + o];
      EXPECT_EQ(sum[o], left + right);
    }
  });
}

}  // namespace
}  // namespace lockstep
