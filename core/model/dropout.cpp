#include "core/model/dropout.hpp"

#include <cassert>
#include <cmath>

namespace lockstep {
namespace {

/// Random numbers of 32 bits that a draw gives.
constexpr Index kNumbers = 8;
constexpr double kRange = 0x1p32;

template <class T>
void multiply(Index columns, const T* factors, const T* from, T* to) {
  for (Index c = 0; c < columns; ++c) to[c] = factors[c] == T(0) ? T(0) : factors[c] * from[c];
}

}  // namespace

template <class T>
Dropout<T>::Dropout(Index width, std::uint64_t number, double rate)
    : width_(width),
      number_(number),
      dropped_(static_cast<std::uint64_t>(std::llround(rate * kRange))),
      factor_(static_cast<T>(1 / (1 - rate))) {
  assert(rate > 0 && rate < 1);
}

/// The padding has some too, which change nothing.
template <class T>
void Dropout<T>::draw_factors(const RandomStream& stream, Index epoch, Index row,
                              T* factors) const {
  static_assert(kPanel % kNumbers == 0);
  const Index columns = kernel::panel_count(width_) * kPanel;
  for (Index c = 0; c < columns; c += kNumbers) {
    const auto words =
        stream.words(static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(row), number_,
                     static_cast<std::uint64_t>(c / kNumbers));
    for (std::size_t k = 0; k < words.size(); ++k) {
      const std::uint64_t low = words[k] & 0xFFFFFFFFU;
      const std::uint64_t high = words[k] >> 32U;
      factors[c + static_cast<Index>(2 * k)] = low < dropped_ ? T(0) : factor_;
      factors[c + static_cast<Index>(2 * k + 1)] = high < dropped_ ? T(0) : factor_;
    }
  }
}

template <class T>
void Dropout<T>::forward(Index n, Rows<const T> x, const T*, Rows<T> y, Rows<T> kept,
                         const TrainingRows* rows) const {
  assert(rows != nullptr);
  const RandomStream stream(rows->seed, Purpose::dropout);
  const Index columns = kernel::panel_count(width_) * kPanel;
  for (Index r = 0; r < n; ++r) {
    draw_factors(stream, rows->epoch, rows->numbers[r], kept.row(r));
    multiply(columns, kept.row(r), x.row(r), y.row(r));
  }
}

template <class T>
void Dropout<T>::backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T*,
                          Rows<T> dx) const {
  const Index columns = kernel::panel_count(width_) * kPanel;
  for (Index r = 0; r < n; ++r) multiply(columns, done.kept.row(r), dy.row(r), dx.row(r));
}

template class Dropout<float>;
template class Dropout<double>;

}  // namespace lockstep
