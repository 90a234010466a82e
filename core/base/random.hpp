#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// What a random number is for. The values are part of every model's definition: never renumber.
enum class Purpose : std::uint64_t {
  initialization = 1,
  shuffle = 2,
  synthetic = 3,
  bootstrap = 4,          ///< metrics: resampled rows
  cluster_centers = 5,    ///< k-means++
  random_projection = 6,  ///< randomized SVD
  split = 7,              ///< which rows are split off
  sampled_records = 8,    ///< sort_over_ranks; no result depends on them
  dropout = 9,
  input_noise = 10,
  sweep = 11,  ///< values to try
};

/// Counter-based random numbers [Salmon et al. 2011, Philox4x64-10].
///
/// A number is a pure function of (seed, purpose) and four coordinates, so any rank makes any of
/// them, in any order, and no checkpoint has a generator to save. The distributions are ours:
/// those of the standard library differ between implementations.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose) : seed_(seed), purpose_(purpose) {}

  /// Four independent 64-bit words at the coordinates (a, b, c, d).
  std::array<std::uint64_t, 4> words(std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0,
                                     std::uint64_t d = 0) const;

 private:
  std::uint64_t seed_;
  Purpose purpose_;
};

/// Draws one after another from the words at (a, b, c, 0), (a, b, c, 1), …: for code that needs an
/// unknown number of draws for one row. Cheap to make, not to be kept.
class RandomSequence {
 public:
  RandomSequence(const RandomStream& stream, std::uint64_t a, std::uint64_t b = 0,
                 std::uint64_t c = 0)
      : stream_(stream), a_(a), b_(b), c_(c) {}

  std::uint64_t next();
  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, n), without bias; n > 0 [Lemire 2019].
  std::uint64_t below(std::uint64_t n);
  /// Standard normal, by the polar method; only +, ×, ÷, √ and this project's own logarithm.
  double normal();

 private:
  RandomStream stream_;
  std::uint64_t a_, b_, c_;
  std::uint64_t block_ = 0;
  int used_ = 4;
  std::array<std::uint64_t, 4> words_{};
};

/// A uniformly random permutation of 0…n−1, drawn by Fisher and Yates' shuffle.
std::vector<Index> random_permutation(RandomSequence& draws, Index n);

}  // namespace lockstep
