// Products of sparse rows are those of the same rows with their zeros, bit by bit.

#include "core/kernel/sparse_product.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "core/base/random.hpp"

namespace lockstep {
namespace {

using kernel::SparseColumns;
using kernel::SparseRows;

/// The same rows twice.
template <class T>
struct Both {
  Index columns;
  AlignedVector<T> dense;
  std::vector<Index> begins{0};
  std::vector<std::uint32_t> at;
  std::vector<T> values;

  /// `filled` of 1000 cells are not 0; some columns and rows have more than others.
  Both(Index rows, Index width, std::uint64_t filled)
      : columns(width), dense(static_cast<std::size_t>(rows * width)) {
    RandomSequence draws(RandomStream(3, Purpose::synthetic), filled);
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < width; ++c) {
        if (r % 7 == 2 || draws.below(1000) >= (c % 11 == 0 ? 900 : filled)) continue;
        const T value = static_cast<T>(draws.uniform(-1, 1));
        dense[static_cast<std::size_t>(r * width + c)] = value;
        at.push_back(static_cast<std::uint32_t>(c));
        values.push_back(value);
      }
      begins.push_back(static_cast<Index>(at.size()));
    }
  }

  Index rows() const { return static_cast<Index>(begins.size()) - 1; }
  SparseRows<T> sparse() const { return {begins.data(), at.data(), values.data()}; }
  /// Some of the rows, in another order.
  AlignedVector<T> chosen(const std::vector<Index>& rows) const {
    AlignedVector<T> result;
    for (const Index r : rows) {
      const T* row = dense.data() + r * columns;
      result.insert(result.end(), row, row + columns);
    }
    return result;
  }
};

template <class T>
AlignedVector<T> random_values(Index n, std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  AlignedVector<T> values(static_cast<std::size_t>(n));
  for (T& value : values) value = static_cast<T>(draws.uniform(-1, 1));
  return values;
}

template <class T>
bool same_bits(const AlignedVector<T>& a, const AlignedVector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Rows 0, step, 2·step, … around the circle.
std::vector<Index> some_rows(Index rows, Index count, Index step) {
  std::vector<Index> chosen;
  for (Index i = 0; i < count; ++i) chosen.push_back(i * step % rows);
  return chosen;
}

/// What the last panel has beyond n columns is 0.
template <class At>
void clear_columns(Index n, Index panels, Index rows, const At& at) {
  for (Index r = 0; r < rows; ++r) {
    for (Index o = n; o < panels * kPanel; ++o) at(r, o) = 0;
  }
}

/// The first column of a matrix.
template <class T>
AlignedVector<T> column_of(const AlignedVector<T>& matrix, Index stride = kPanel) {
  AlignedVector<T> column;
  for (std::size_t i = 0; i < matrix.size(); i += static_cast<std::size_t>(stride)) {
    column.push_back(matrix[i]);
  }
  return column;
}

template <class T>
class SparseProduct : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(SparseProduct, Scalars);

TYPED_TEST(SparseProduct, MultiplyIsThatOfTheRowsWithTheirZeros) {
  using T = TypeParam;
  const Index shapes[][3] = {{1, 1, 1},      {9, 63, 1},  {20, 64, 16}, {40, 257, 17},
                             {33, 1500, 40}, {12, 70, 2}, {5, 130, 18}};
  for (const auto& [m, k, n] : shapes) {
    for (const std::uint64_t filled : {5U, 200U}) {
      const Both<T> x(50, k, filled);
      const std::vector<Index> rows = some_rows(50, m, 3);
      const Index panels = kernel::panel_count(n);
      const Index ldc = (panels + 1) * kPanel;
      auto b = random_values<T>(kernel::panel_matrix_size(k, n), 2);
      clear_columns(n, kernel::panel_count(n), k, [&](Index r, Index o) -> T& {
        return b[static_cast<std::size_t>(kernel::panel_offset(k, r, o))];
      });
      auto expected = random_values<T>(m * ldc, 3);
      auto found = expected;
      const auto a = x.chosen(rows);
      kernel::multiply<T>(m, k, panels, a.data(), k, b.data(), expected.data(), ldc);
      const AlignedVector<T> column = column_of(b);
      const T* weights = n == 1 ? column.data() : b.data();
      kernel::multiply<T>(m, k, n, x.sparse(), rows.data(), weights, found.data(), ldc);
      EXPECT_TRUE(same_bits(found, expected)) << m << " " << k << " " << n << " " << filled;
      if (n > 1) continue;
      AlignedVector<T> scores(static_cast<std::size_t>(m) + 1, T(7));
      kernel::multiply<T>(m, k, n, x.sparse(), rows.data(), weights, scores.data(), 1);
      for (Index r = 0; r < m; ++r) {
        EXPECT_EQ(scores[static_cast<std::size_t>(r)], expected[static_cast<std::size_t>(r * ldc)]);
      }
      EXPECT_EQ(scores.back(), T(7)) << "what follows is somebody else's";
    }
  }
}

TYPED_TEST(SparseProduct, FoldedOuterProductsAreThoseOfTheRowsWithTheirZeros) {
  using T = TypeParam;
  const std::vector<std::vector<Range>> trees{
      {{0, 1}},
      {{0, 700}},                                      // three chains
      {{0, 300}, {300, 300}, {300, 301}, {301, 640}},  // and an empty leaf
      {{10, 12}, {12, 40}},                            // a node in the middle of the batch
      {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 2}, {2, 5}, {5, 9}, {9, 700}},
  };
  for (const Index k : {1, 63, 64, 65, 200, 1000}) {
    const Both<T> x(90, k, 30);
    const std::vector<Index> rows = some_rows(90, 700, 7);
    const auto a = x.chosen(rows);
    for (const Index n : {1, 2, 16, 17, 35}) {
      const Index panels = kernel::panel_count(n);
      const Index ldy = (panels + 1) * kPanel;
      auto y = random_values<T>(700 * ldy, 4);
      clear_columns(n, panels, 700, [&](Index r, Index o) -> T& {
        return y[static_cast<std::size_t>(r * ldy + o)];
      });
      for (const std::vector<Range>& leaves : trees) {
        auto expected = random_values<T>(kernel::panel_matrix_size(k, n), 5);
        kernel::fold_outer_products<T>(leaves, {0, k}, {0, panels}, a.data(), k, y.data(), ldy,
                                       expected.data(), k);
        for (const int threads : {1, 3}) {
          SparseColumns<T> columns;
          columns.assign(x.sparse(), k, rows, threads);
          auto found = random_values<T>(kernel::panel_matrix_size(k, n), 6);
          for (Index g = 0; g < SparseColumns<T>::group_count(k); ++g) {
            columns.fold_outer_products(g, leaves, n, y.data(), ldy, found.data());
          }
          if (n == 1) {
            // Of one output sums are a vector, and so may y be.
            AlignedVector<T> sums(found.begin(), found.begin() + k);
            EXPECT_TRUE(same_bits(sums, column_of(expected))) << k << " " << leaves.size();
            const AlignedVector<T> together = column_of(y, ldy);
            for (Index g = 0; g < SparseColumns<T>::group_count(k); ++g) {
              columns.fold_outer_products(g, leaves, n, together.data(), 1, sums.data());
            }
            EXPECT_TRUE(same_bits(sums, column_of(expected))) << k << " " << leaves.size();
            continue;
          }
          EXPECT_TRUE(same_bits(found, expected)) << k << " " << n << " " << leaves.size();
        }
      }
    }
  }
}

TYPED_TEST(SparseProduct, OfSquaresAreThoseOfTheSquaredRows) {
  using T = TypeParam;
  const Both<T> x(700, 200, 30);
  Both<T> squared = x;
  for (T& value : squared.values) value *= value;
  const std::vector<Index> rows = some_rows(700, 700, 3);
  const std::vector<Range> leaves{{0, 300}, {300, 700}};
  for (const Index n : {1, 3, 17}) {
    const Index ldy = n == 1 ? 1 : kernel::panel_count(n) * kPanel;
    auto y = random_values<T>(700 * ldy, 4);
    if (n > 1) {
      clear_columns(n, kernel::panel_count(n), 700, [&](Index r, Index o) -> T& {
        return y[static_cast<std::size_t>(r * ldy + o)];
      });
    }
    AlignedVector<T> sums[2];
    for (const bool squares : {false, true}) {
      SparseColumns<T> columns;
      columns.assign(squares ? x.sparse() : squared.sparse(), 200, rows, 2);
      AlignedVector<T>& found = sums[squares ? 1 : 0];
      found.resize(static_cast<std::size_t>(kernel::panel_matrix_size(200, n)));
      for (Index g = 0; g < SparseColumns<T>::group_count(200); ++g) {
        columns.fold_outer_products(g, leaves, n, y.data(), ldy, found.data(), squares);
      }
    }
    EXPECT_TRUE(same_bits(sums[0], sums[1])) << n;
  }
}

TYPED_TEST(SparseProduct, OfOnesNeedNoValues) {
  using T = TypeParam;
  Both<T> x(700, 300, 30);
  std::fill(x.values.begin(), x.values.end(), T(1));
  const SparseRows<T> without{x.begins.data(), x.at.data(), nullptr};
  const std::vector<Index> rows = some_rows(700, 700, 3);
  const std::vector<Range> leaves{{0, 300}, {300, 700}};
  for (const Index n : {1, 3, 17, 32}) {
    const Index ldy = n == 1 ? 1 : kernel::panel_count(n) * kPanel;
    const auto b = random_values<T>(kernel::panel_matrix_size(300, n), 2);
    AlignedVector<T> scores[2];
    AlignedVector<T> sums[3];
    for (const SparseRows<T>& cells : {x.sparse(), without}) {
      const std::size_t which = cells.values == nullptr ? 1 : 0;
      scores[which].resize(static_cast<std::size_t>(700 * ldy));
      kernel::multiply<T>(700, 300, n, cells, rows.data(), b.data(), scores[which].data(), ldy);
      SparseColumns<T> columns;
      columns.assign(cells, 300, rows, 2);
      for (const bool squares : {false, true}) {
        AlignedVector<T>& found = sums[squares ? 2 : which];
        found.assign(static_cast<std::size_t>(kernel::panel_matrix_size(300, n)), T(0));
        for (Index g = 0; g < SparseColumns<T>::group_count(300); ++g) {
          columns.fold_outer_products(g, leaves, n, scores[0].data(), ldy, found.data(), squares);
        }
      }
    }
    EXPECT_TRUE(same_bits(scores[0], scores[1])) << n;
    EXPECT_TRUE(same_bits(sums[0], sums[1])) << n;
    EXPECT_TRUE(same_bits(sums[0], sums[2])) << n << ": they are their squares";
  }
}

TYPED_TEST(SparseProduct, FoldedColumnsAreOuterProductsOfOnes) {
  using T = TypeParam;
  const std::vector<std::vector<Range>> trees{
      {{0, 0}}, {{0, 700}}, {{3, 259}}, {{0, 300}, {300, 300}, {300, 301}, {301, 640}}};
  const auto y = random_values<T>(700 * kPanel, 4);
  for (const std::vector<Range>& leaves : trees) {
    AlignedVector<T> expected(static_cast<std::size_t>(kPanel));
    const T one = T(1);
    kernel::fold_outer_products<T>(leaves, {0, 1}, {0, 1}, &one, 0, y.data(), kPanel,
                                   expected.data(), 1);
    EXPECT_EQ(kernel::fold_column<T>(leaves, column_of(y).data()), expected.front());
  }
}

TYPED_TEST(SparseProduct, ColumnsAreCountedByGroup) {
  using T = TypeParam;
  const Both<T> x(40, 200, 50);
  std::vector<Index> rows(40);
  std::iota(rows.begin(), rows.end(), 0);
  SparseColumns<T> columns;
  columns.assign(x.sparse(), 200, rows, 2);
  std::vector<Index> expected(4);
  for (const std::uint32_t c : x.at) ++expected[c / 64];
  for (Index g = 0; g < 4; ++g) {
    EXPECT_EQ(columns.cells_in(g), expected[static_cast<std::size_t>(g)]);
  }
  columns.assign(x.sparse(), 200, {}, 2);
  EXPECT_EQ(columns.cells_in(0), 0);
}

}  // namespace
}  // namespace lockstep
