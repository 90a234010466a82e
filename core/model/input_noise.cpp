#include "core/model/input_noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kAtOnce = static_cast<std::size_t>(kPanel);
using Normals = std::array<double, kAtOnce>;

/// Standard normal numbers of one row: (r·cos φ, r·sin φ) with r² = −2 ln u and φ = 2πv, of two
/// uniform numbers each [Box, Muller 1958]. The compiler vectorizes it.
Normals draw(const RandomStream& stream, const TrainingRows& training, Index row, Index group) {
  constexpr std::size_t kPairs = kAtOnce / 2;
  constexpr double kTurn = 6.283185307179586;
  std::array<double, kPairs> u;
  std::array<double, kPairs> v;
  for (std::size_t k = 0; k < kPairs; k += 2) {
    const auto words =
        stream.words(static_cast<std::uint64_t>(training.epoch), static_cast<std::uint64_t>(row),
                     static_cast<std::uint64_t>(group), k);
    for (std::size_t j = 0; j < 2; ++j) {
      u[k + j] = static_cast<double>((words[2 * j] >> 11U) + 1) * 0x1p-53;  // not 0
      v[k + j] = static_cast<double>(words[2 * j + 1] >> 11U) * 0x1p-53;
    }
  }
  Normals normals;
  for (std::size_t k = 0; k < kPairs; ++k) {
    const double radius = std::sqrt(-2 * kernel::log(u[k]));
    const kernel::SinCos angle = kernel::sincos(kTurn * v[k]);
    normals[k] = radius * angle.cos;
    normals[kPairs + k] = radius * angle.sin;
  }
  return normals;
}

}  // namespace

template <class T>
void add_input_noise(double deviation, Index n, std::span<const EmbeddedFeature> embedded,
                     Range rows, const TrainingRows& training, Rows<T> x) {
  const RandomStream stream(training.seed, Purpose::input_noise);
  std::vector<T> indices(embedded.size());
  for (Index r = rows.begin; r < rows.end; ++r) {
    T* features = x.row(r);
    for (std::size_t e = 0; e < indices.size(); ++e) indices[e] = features[embedded[e].feature];
    for (Index first = 0; first < n; first += kPanel) {
      const Normals normals = draw(stream, training, training.numbers[r], first / kPanel);
      const Index columns = std::min(kPanel, n - first);
      for (Index c = 0; c < columns; ++c) {
        features[first + c] += static_cast<T>(deviation * normals[static_cast<std::size_t>(c)]);
      }
    }
    for (std::size_t e = 0; e < indices.size(); ++e) features[embedded[e].feature] = indices[e];
  }
}

template void add_input_noise(double, Index, std::span<const EmbeddedFeature>, Range,
                              const TrainingRows&, Rows<float>);
template void add_input_noise(double, Index, std::span<const EmbeddedFeature>, Range,
                              const TrainingRows&, Rows<double>);

}  // namespace lockstep
