#include "core/kernel/sparse_product.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <memory>

#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::kernel {
namespace {

// A panel of which one column alone is of use is walked by itself: Width is 1 then, else kPanel.
// What is computed of a column is the same.

/// s += x·y, rounded once.
template <std::size_t Width, class T>
void add_product(T x, const T* y, T* s) {
  for (std::size_t o = 0; o < Width; ++o) s[o] = std::fma(x, y[o], s[o]);
}

// What the cells of a range are, by their place in it.
template <class T>
struct CellValues {
  const T* first;
  T operator[](Index cell) const { return first[cell]; }
};
template <class T>
struct SquaredValues {
  const T* first;
  T operator[](Index cell) const { return first[cell] * first[cell]; }
};
template <class T>
struct Ones {
  T operator[](Index) const { return T(1); }
};

/// One panel of one row of A·B; the rows of the panel are `Stride` elements apart.
template <std::size_t Width, Index Stride = kPanel, class T, class Values>
void multiply_row(std::span<const std::uint32_t> columns, Values values, const T* b, T* c) {
  if (Width == 1 && !columns.empty() && columns.back() < kChain) {
    T chain = T(0);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const T value = values[static_cast<Index>(i)];
      chain = std::fma(value, b[static_cast<Index>(columns[i]) * Stride], chain);
    }
    *c = T(0) + chain;
    return;
  }
  alignas(kAlignment) T sum[Width] = {};
  for (std::size_t i = 0; i < columns.size();) {
    // What is left out before the first chain, and between two, are chains of zeros.
    const Index chain_end = (columns[i] / kChain + 1) * kChain;
    alignas(kAlignment) T chain[Width] = {};
    for (; i < columns.size() && columns[i] < chain_end; ++i) {
      const T value = values[static_cast<Index>(i)];
      add_product<Width>(value, b + static_cast<Index>(columns[i]) * Stride, chain);
    }
    for (std::size_t o = 0; o < Width; ++o) sum[o] += chain[o];
  }
  std::copy_n(sum, Width, c);
}

/// So many cells before it is needed, a row's element is asked for from memory.
constexpr Index kAhead = 24;

/// Those of a group, by row.
template <class Values>
struct Cells {
  const std::uint32_t* rows;
  const std::uint8_t* columns;
  Values values;
  Index end;

  /// Asks for the elements of y that the cells some way behind this one are multiplied by.
  template <class T>
  void will_need(Index cell, const T* y, Index ldy) const {
    __builtin_prefetch(y + rows[std::min(cell + kAhead, end - 1)] * ldy);
  }
};

/// Sums of a group of columns; columns that nothing was added to stay unwritten.
template <std::size_t Width, class T>
struct GroupSums {
  alignas(kAlignment) T at[SparseColumns<T>::kGroup][Width];
  std::uint64_t columns;  ///< those that have a sum

  void clear() { columns = 0; }
  bool has(std::uint32_t column) const { return (columns >> column & 1U) != 0; }
  const T* of(std::uint32_t column) const { return at[column]; }
  T* start(std::uint32_t column) {
    if (!has(column)) std::fill_n(at[column], Width, T(0));
    columns |= std::uint64_t{1} << column;
    return at[column];
  }
  /// Adds the products of the cells from `cell` on, of the rows before `end`; returns the next.
  template <class Values>
  Index add(const Cells<Values>& cells, Index cell, Index end, const T* y, Index ldy) {
    for (; cell != cells.end && cells.rows[cell] < end; ++cell) {
      add_product<Width>(cells.values[cell], y + cells.rows[cell] * ldy,
                         start(cells.columns[cell]));
    }
    return cell;
  }
  /// this = this + right; what is not there is +0.
  void add_right(const GroupSums& right) {
    for (std::uint64_t rest = columns | right.columns; rest != 0; rest &= rest - 1) {
      const auto column = static_cast<std::uint32_t>(std::countr_zero(rest));
      T* left = start(column);
      for (std::size_t o = 0; o < Width; ++o)
        left[o] += right.has(column) ? right.at[column][o] : T(0);
    }
  }
};

/// Of one output a group has so few sums that all of them are added sooner than those that there
/// are are found.
template <class T>
struct GroupSums<1, T> {
  alignas(kAlignment) T at[SparseColumns<T>::kGroup];
  bool is_empty;  ///< nothing was added; `at` means nothing

  void clear() { is_empty = true; }
  bool has(std::uint32_t) const { return !is_empty; }
  const T* of(std::uint32_t column) const { return at + column; }
  void start() {
    if (is_empty) std::fill_n(at, SparseColumns<T>::kGroup, T(0));
    is_empty = false;
  }
  template <class Values>
  Index add(const Cells<Values>& cells, Index cell, Index end, const T* y, Index ldy) {
    if (cell == cells.end || cells.rows[cell] >= end) return cell;
    start();
    const auto take = [&](Index next) {
      T& sum = at[cells.columns[next]];
      sum = std::fma(cells.values[next], y[cells.rows[next] * ldy], sum);
    };
    constexpr Index kAtOnce = 4;
    while (cell + kAtOnce <= cells.end && cells.rows[cell + kAtOnce - 1] < end) {
      for (Index i = 0; i < kAtOnce; ++i) take(cell + i);
      cell += kAtOnce;
    }
    for (; cell != cells.end && cells.rows[cell] < end; ++cell) take(cell);
    return cell;
  }
  /// this = this + the chain of the rows before `end`, from `cell` on, where it has few cells, and
  /// no column twice; else false. Where cells are rare, so are most chains, and 64 sums for each
  /// would take longer than its cells.
  template <class Values>
  bool add_short_chain(const Cells<Values>& cells, Index& cell, Index end, const T* y, Index ldy) {
    constexpr Index kFew = 8;
    std::uint64_t seen = 0;
    Index last = cell;
    for (; last != cells.end && cells.rows[last] < end; ++last) {
      const std::uint64_t column = std::uint64_t{1} << cells.columns[last];
      if (last - cell == kFew || (seen & column) != 0) return false;
      seen |= column;
    }
    if (last == cell) return true;
    start();
    for (; cell != last; ++cell) {
      cells.will_need(cell, y, ldy);
      at[cells.columns[cell]] += std::fma(cells.values[cell], y[cells.rows[cell] * ldy], T(0));
    }
    return true;
  }
  void add_right(const GroupSums& right) {
    if (is_empty && right.is_empty) return;
    start();
    for (Index c = 0; c < SparseColumns<T>::kGroup; ++c)
      at[c] += right.is_empty ? T(0) : right.at[c];
  }
};

}  // namespace

template <class T>
void multiply(Index m, Index k, Index outputs, const SparseRows<T>& a, const Index* rows,
              const T* b, T* c, Index ldc) {
  const auto multiply_rows = [&](const auto& values_from) {
    for (Index r = 0; r < m; ++r) {
      const Index begin = a.begins[rows[r]];
      const auto cells = static_cast<std::size_t>(a.begins[rows[r] + 1] - begin);
      const std::span<const std::uint32_t> columns{a.columns + begin, cells};
      T* to = c + r * ldc;
      if (outputs == 1) multiply_row<1, 1>(columns, values_from(begin), b, to);
      for (Index o = 0; o < outputs && outputs > 1; o += kPanel) {
        const T* panel = b + o * k;
        if (outputs - o == 1) {
          multiply_row<1>(columns, values_from(begin), panel, to + o);
        } else {
          multiply_row<kPanel>(columns, values_from(begin), panel, to + o);
        }
      }
      if (outputs % kPanel == 1 && ldc > 1) std::fill_n(to + outputs, kPanel - 1, T(0));
    }
  };
  if (a.values == nullptr) {
    multiply_rows([](Index) { return Ones<T>(); });
  } else {
    multiply_rows([&](Index begin) { return CellValues<T>{a.values + begin}; });
  }
}

template <class T>
T fold_column(std::span<const Range> leaves, const T* y) {
  if (leaves.size() > 1) {
    const std::size_t half = leaves.size() / 2;
    return fold_column(leaves.first(half), y) + fold_column(leaves.subspan(half), y);
  }
  T sum = T(0);
  const Range leaf = leaves.front();
  for (Index begin = leaf.begin; begin < leaf.end; begin += kChain) {
    T chain = T(0);
    for (Index r = begin; r < std::min(begin + kChain, leaf.end); ++r) chain += y[r];
    sum = begin == leaf.begin ? chain : sum + chain;
  }
  return sum;
}

template <class T>
void SparseColumns<T>::assign(const SparseRows<T>& x, Index columns, std::span<const Index> rows,
                              int threads) {
  columns_ = columns;
  const auto groups = static_cast<std::size_t>(group_count(columns));
  const auto count = static_cast<Index>(rows.size());
  // Each thread counts, and then places, the cells of a part of the rows.
  std::vector<std::vector<Index>> places(static_cast<std::size_t>(std::max(threads, 1)));
  const auto parts = static_cast<Index>(places.size());
  const auto for_cells = [&](Index part, const auto& visit) {
    const Range mine = even_part(count, parts, part);
    for (Index r = mine.begin; r < mine.end; ++r) {
      const Index row = rows[static_cast<std::size_t>(r)];
      for (Index cell = x.begins[row]; cell < x.begins[row + 1]; ++cell) visit(r, cell);
    }
  };
  parallel_for(threads, parts, [&](Index part) {
    std::vector<Index>& counts = places[static_cast<std::size_t>(part)];
    counts.assign(groups, 0);
    for_cells(part, [&](Index, Index cell) { ++counts[x.columns[cell] / kGroup]; });
  });
  begins_.assign(groups + 1, 0);
  Index total = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    begins_[g] = total;
    for (std::vector<Index>& of_part : places) {
      const Index cells = of_part[g];
      of_part[g] = total;
      total += cells;
    }
  }
  begins_[groups] = total;
  rows_.resize(static_cast<std::size_t>(total));
  columns_in_group_.resize(rows_.size());
  const bool has_values = x.values != nullptr;
  values_.resize(has_values ? rows_.size() : 0);
  parallel_for(threads, parts, [&](Index part) {
    std::vector<Index>& next = places[static_cast<std::size_t>(part)];
    for_cells(part, [&](Index r, Index cell) {
      const std::uint32_t column = x.columns[cell];
      const auto place = static_cast<std::size_t>(next[column / kGroup]++);
      rows_[place] = static_cast<std::uint32_t>(r);
      columns_in_group_[place] = static_cast<std::uint8_t>(column % kGroup);
      if (has_values) values_[place] = x.values[cell];
    });
  });
}

template <class T>
void SparseColumns<T>::fold_outer_products(Index group, std::span<const Range> leaves,
                                           Index outputs, const T* y, Index ldy, T* w,
                                           bool squares) const {
  if (values_.empty()) {
    fold_panels(group, leaves, outputs, y, ldy, w, Ones<T>());
  } else if (squares) {
    fold_panels(group, leaves, outputs, y, ldy, w, SquaredValues<T>{values_.data()});
  } else {
    fold_panels(group, leaves, outputs, y, ldy, w, CellValues<T>{values_.data()});
  }
}

template <class T>
template <class Values>
void SparseColumns<T>::fold_panels(Index group, std::span<const Range> leaves, Index outputs,
                                   const T* y, Index ldy, T* w, Values values) const {
  if (outputs == 1) return fold_panel<1, 1>(group, leaves, y, ldy, w, values);
  for (Index o = 0; o < outputs; o += kPanel) {
    if (outputs - o == 1) {
      fold_panel<1>(group, leaves, y + o, ldy, w + o * columns_, values);
    } else {
      fold_panel<kPanel>(group, leaves, y + o, ldy, w + o * columns_, values);
    }
  }
}

template <class T>
template <std::size_t Width, Index Stride, class Values>
void SparseColumns<T>::fold_panel(Index group, std::span<const Range> leaves, const T* y, Index ldy,
                                  T* w, Values values) const {
  const Range range = cells_of(group);
  const Cells<Values> cells{rows_.data(), columns_in_group_.data(), values, range.end};
  const Index first = group * kGroup;
  const Index width = std::min(kGroup, columns_ - first);
  // Nodes that wait for their right sibling, and one chain.
  const auto depth_of_tree = static_cast<std::size_t>(std::bit_width(leaves.size()));
  const auto sums = std::make_unique_for_overwrite<GroupSums<Width, T>[]>(depth_of_tree + 2);
  Index cell = std::lower_bound(rows_.begin() + range.begin, rows_.begin() + range.end,
                                leaves.front().begin) -
               rows_.begin();
  std::size_t depth = 0;
  for (std::size_t l = 0; l < leaves.size(); ++l) {
    GroupSums<Width, T>& leaf = sums[depth++];
    leaf.clear();
    for (Index begin = leaves[l].begin; begin < leaves[l].end; begin += kChain) {
      const Index end = std::min(begin + kChain, leaves[l].end);
      const bool is_first = begin == leaves[l].begin;
      if constexpr (Width == 1) {
        if (!is_first && leaf.add_short_chain(cells, cell, end, y, ldy)) continue;
      }
      GroupSums<Width, T>& chain = is_first ? leaf : sums[depth_of_tree + 1];
      chain.clear();
      cell = chain.add(cells, cell, end, y, ldy);
      if (&chain != &leaf) leaf.add_right(chain);
    }
    for (std::size_t done = l + 1; done % 2 == 0; done /= 2) {
      --depth;
      sums[depth - 1].add_right(sums[depth]);
    }
  }
  T* const to = w + first * Stride;
  std::fill_n(to, width * Stride, T(0));
  for (Index c = 0; c < width; ++c) {
    const auto column = static_cast<std::uint32_t>(c);
    if (sums[0].has(column)) std::copy_n(sums[0].of(column), Width, to + c * Stride);
  }
}

template void multiply(Index, Index, Index, const SparseRows<float>&, const Index*, const float*,
                       float*, Index);
template void multiply(Index, Index, Index, const SparseRows<double>&, const Index*, const double*,
                       double*, Index);
template float fold_column(std::span<const Range>, const float*);
template double fold_column(std::span<const Range>, const double*);
template class SparseColumns<float>;
template class SparseColumns<double>;

}  // namespace lockstep::kernel
