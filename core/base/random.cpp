#include "core/base/random.hpp"

#include <Random123/philox.h>

#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

// Outside of ISO C++, hence the marker; every 64-bit target of gcc and clang has it.
__extension__ using Product = unsigned __int128;

}  // namespace

std::array<std::uint64_t, 4> RandomStream::words(std::uint64_t a, std::uint64_t b, std::uint64_t c,
                                                 std::uint64_t d) const {
  constexpr unsigned kRounds = 10;
  const r123::Philox4x64::ctr_type counter{{a, b, c, d}};
  const r123::Philox4x64::key_type key{{seed_, static_cast<std::uint64_t>(purpose_)}};
  const auto drawn = r123::Philox4x64_R<kRounds>()(counter, key);
  return {drawn[0], drawn[1], drawn[2], drawn[3]};
}

std::uint64_t RandomSequence::next() {
  if (used_ == 4) {
    words_ = stream_.words(a_, b_, c_, block_);
    ++block_;
    used_ = 0;
  }
  return words_[static_cast<std::size_t>(used_++)];
}

double RandomSequence::uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

std::uint64_t RandomSequence::below(std::uint64_t n) {
  assert(n > 0);
  Product product = static_cast<Product>(next()) * n;
  auto low = static_cast<std::uint64_t>(product);
  if (low < n) {
    // 2⁶⁴ mod n products of each value would be one too many.
    const std::uint64_t surplus = (0 - n) % n;
    while (low < surplus) {
      product = static_cast<Product>(next()) * n;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64U);
}

double RandomSequence::normal() {
  // Marsaglia's polar method. Its second number is thrown away: keeping it would make a draw
  // depend on whether the one before was a normal one.
  for (;;) {
    const double u = uniform(-1.0, 1.0);
    const double v = uniform(-1.0, 1.0);
    const double s = u * u + v * v;
    if (s >= 1.0 || s < 0x1p-1000) continue;
    return u * std::sqrt(-2.0 * kernel::log(s) / s);
  }
}

std::vector<Index> random_permutation(RandomSequence& draws, Index n) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[draws.below(i)]);
  }
  return order;
}

}  // namespace lockstep
