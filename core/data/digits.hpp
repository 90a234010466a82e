#pragma once

#include <cstdint>
#include <span>

#include "core/base/random.hpp"
#include "core/base/types.hpp"

namespace lockstep {

inline constexpr Index kDigitSide = 28;
inline constexpr Index kDigitPixels = kDigitSide * kDigitSide;

/// Draws one of the ten digits by random strokes into 28×28 pixels, row by row from the top; 0 is
/// paper, 255 is ink.
///
/// A digit is one of a few skeletons of lines and elliptic arcs. It is bent by a random quadratic
/// map, turned, sheared, scaled and shifted, drawn with a pen of random width and ink, and covered
/// with nearly normal noise.
/// @param draws  where all randomness comes from: equal draws give equal images on every machine
/// @param noise  standard deviation of the noise, as a part of full ink
/// @return the digit, each with the same probability
int draw_digit(RandomSequence& draws, double noise, std::span<std::uint8_t, kDigitPixels> pixels);

}  // namespace lockstep
