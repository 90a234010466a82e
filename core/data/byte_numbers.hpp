#pragma once

#include <array>
#include <cstddef>

namespace lockstep {

/// The numbers that the bytes of images stand for: v/255.
inline constexpr std::array<double, 256> kByteNumbers = [] {
  std::array<double, 256> numbers{};
  for (std::size_t v = 0; v < numbers.size(); ++v) numbers[v] = static_cast<double>(v) / 255.0;
  return numbers;
}();

}  // namespace lockstep
