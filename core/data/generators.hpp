#pragma once

#include <cstdint>
#include <optional>

#include "core/base/types.hpp"
#include "core/data/table.hpp"

namespace lockstep {

/// Data sets that need no file.
enum class SyntheticKind {
  digits,  ///< 28×28 images of handwritten-looking digits, as bytes; 10 classes
  blobs,   ///< normal clusters around centres that are uniform in [−10, 10]ᵈ; a class each
  moons,   ///< two interleaved half circles in the plane; 2 classes
  linear,  ///< x ~ N(0, 1)ᵈ, y = w·x + b + noise·N(0, 1), with w and b normal too
};

/// What to generate.
struct SyntheticOptions {
  SyntheticKind kind = SyntheticKind::digits;
  Index features = 20;          ///< of blobs and linear; > 0
  Index classes = 3;            ///< of blobs; > 0
  std::optional<double> noise;  ///< standard deviation; otherwise `default_noise`
};

/// 0.1 for digits (of full ink), moons and linear, 1 for blobs.
double default_noise(SyntheticKind kind);

/// One rank's part of a generated table.
///
/// Row i is a function of (options, seed, first_row + i) alone: ranks make their own rows, and a
/// test set is what follows after the training rows, by the same centres or weights.
/// @param rows        the rows wanted, within [0, total_rows)
/// @param total_rows  of the table
/// @param first_row   how many rows of the endless sequence are before row 0 of this table
/// Rank-local.
Table generate(const SyntheticOptions& options, std::uint64_t seed, Range rows, Index total_rows,
               Index first_row = 0);

}  // namespace lockstep
