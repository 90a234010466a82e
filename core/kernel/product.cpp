#include "core/kernel/product.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>

#include "core/kernel/product_entry.hpp"

namespace lockstep::kernel {
namespace {

/// Rows that one call of ProductEntry::fold packs: the strips of x stay in L2, a group of y in L1.
constexpr Index kFoldRows = 512;
/// Inputs whose strips are packed at a time.
constexpr Index kFoldInputs = 192;

InstructionSet widest() { return available_instruction_sets().back(); }

std::atomic<InstructionSet>& chosen() {
  static std::atomic<InstructionSet> set{widest()};
  return set;
}

template <class T>
const ProductEntry<T>& entry() {
  switch (chosen().load(std::memory_order_relaxed)) {
#if defined(__x86_64__)
    case InstructionSet::avx512:
      return avx512_product<T>();
    case InstructionSet::avx2:
      return avx2_product<T>();
#endif
    default:
      return portable_product<T>();
  }
}

/// Scratch that a thread keeps from call to call.
template <class T>
T* scratch(Index elements) {
  thread_local AlignedVector<T> memory;
  if (memory.size() < static_cast<std::size_t>(elements)) {
    memory.resize(static_cast<std::size_t>(elements));
  }
  return memory.data();
}

Index row_count(std::span<const Range> leaves) { return leaves.back().end - leaves.front().begin; }

/// Folds subtrees that are too large for one call: left into the target, right into a tile of its
/// own, then left + right.
/// Inputs and panels are counted from the tile's first, where x, y and w point.
template <class T>
struct TileFold {
  const ProductEntry<T>& kernels;
  Index inputs;
  Index panels;
  const T* x;
  Index ldx;
  const T* y;
  Index ldy;
  T* memory;                               // scratch of the kernels
  std::vector<AlignedVector<T>>& partial;  // one tile a level

  void run(std::span<const Range> leaves, T* w, Index panel_stride, std::size_t level) {
    if (leaves.size() <= std::size_t{1} << (kDeepestFold - 1) && row_count(leaves) <= kFoldRows) {
      call(leaves, false, w, panel_stride);
    } else if (leaves.size() == 1) {
      long_leaf(leaves[0], w, panel_stride);
    } else {
      const std::size_t half = leaves.size() / 2;
      run(leaves.first(half), w, panel_stride, level);
      const Index stride = inputs * kPanel;
      if (partial.size() <= level) partial.emplace_back();
      const auto size = static_cast<std::size_t>(stride * panels);
      if (partial[level].size() < size) partial[level].resize(size);
      run(leaves.subspan(half), partial[level].data(), stride, level + 1);
      add(partial[level].data(), w, panel_stride);
    }
  }

  /// More rows than fit: whole chains at a time, each added to the sum of those before it.
  void long_leaf(Range leaf, T* w, Index panel_stride) {
    static_assert(kFoldRows % kChain == 0);
    for (Index row = leaf.begin; row < leaf.end; row += kFoldRows) {
      const Range part{row, std::min(row + kFoldRows, leaf.end)};
      call({&part, 1}, row > leaf.begin, w, panel_stride);
    }
  }

  void call(std::span<const Range> leaves, bool accumulate, T* w, Index panel_stride) {
    kernels.fold(leaves.data(), static_cast<Index>(leaves.size()), accumulate, {0, inputs},
                 {0, panels}, x, ldx, y, ldy, w, panel_stride, memory);
  }

  void add(const T* right, T* w, Index panel_stride) const {
    for (Index p = 0; p < panels; ++p) {
      const T* from = right + p * inputs * kPanel;
      T* to = w + p * panel_stride;
      for (Index e = 0; e < inputs * kPanel; ++e) to[e] = to[e] + from[e];
    }
  }
};

}  // namespace

template <class T>
void multiply(Index m, Index k, Index panels, const T* a, Index lda, const T* b, T* c, Index ldc) {
  assert(m >= 0 && k >= 0 && lda >= k && ldc >= panels * kPanel);
  const ProductEntry<T>& kernels = entry<T>();
  kernels.multiply(m, k, panels, a, lda, b, c, ldc, scratch<T>(kRowBlock * k));
}

template <class T>
void transpose(Index rows, Index columns, const T* b, T* bt, Range out_panels) {
  for (Index panel = out_panels.begin; panel < out_panels.end; ++panel) {
    const Index first = panel * kPanel;
    const Index count = std::min(kPanel, rows - first);
    T* target = bt + panel * columns * kPanel;
    for (Index o = 0; o < columns; ++o) {
      const T* source = b + panel_offset(rows, first, o);
      for (Index i = 0; i < count; ++i) target[o * kPanel + i] = source[i * kPanel];
      for (Index i = count; i < kPanel; ++i) target[o * kPanel + i] = T(0);
    }
  }
}

template <class T>
void fold_outer_products(std::span<const Range> leaves, Range inputs, Range panels, const T* x,
                         Index ldx, const T* y, Index ldy, T* w, Index w_rows) {
  assert(!leaves.empty() && (leaves.size() & (leaves.size() - 1)) == 0);
  assert(ldx == 0 ? inputs.end == 1 : ldx >= inputs.end);
  const Index rows = std::min(row_count(leaves), kFoldRows);
  T* memory = scratch<T>(rows * (kWidestGroup + std::min(kFoldInputs, inputs.size())));
  thread_local std::vector<AlignedVector<T>> partial;
  for (Index i = inputs.begin; i < inputs.end; i += kFoldInputs) {
    TileFold<T> fold{entry<T>(),    std::min(kFoldInputs, inputs.end - i),
                     panels.size(), x + i,
                     ldx,           y + panels.begin * kPanel,
                     ldy,           memory,
                     partial};
    fold.run(leaves, w + panels.begin * w_rows * kPanel + i * kPanel, w_rows * kPanel, 0);
  }
}

std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets{InstructionSet::portable};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    sets.push_back(InstructionSet::avx2);
    if (__builtin_cpu_supports("avx512f")) sets.push_back(InstructionSet::avx512);
  }
#endif
  return sets;
}

InstructionSet instruction_set() { return chosen().load(); }

void use_instruction_set(InstructionSet set) { chosen().store(set); }

std::string name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return "AVX-512";
    case InstructionSet::avx2:
      return "AVX2";
    default:
      return "portable";
  }
}

template void multiply<float>(Index, Index, Index, const float*, Index, const float*, float*,
                              Index);
template void multiply<double>(Index, Index, Index, const double*, Index, const double*, double*,
                               Index);
template void transpose<float>(Index, Index, const float*, float*, Range);
template void transpose<double>(Index, Index, const double*, double*, Range);
template void fold_outer_products<float>(std::span<const Range>, Range, Range, const float*, Index,
                                         const float*, Index, float*, Index);
template void fold_outer_products<double>(std::span<const Range>, Range, Range, const double*,
                                          Index, const double*, Index, double*, Index);

}  // namespace lockstep::kernel
