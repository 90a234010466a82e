#include "core/format/npy.hpp"

#include <fmt/format.h>

#include <cassert>

namespace lockstep {

std::string npy_header(NpyType type, const std::vector<Index>& shape) {
  constexpr std::size_t kMultiple = 64;
  const std::string preamble("\x93NUMPY\x01\x00", 8);
  std::string dimensions;
  for (const Index n : shape) dimensions += fmt::format("{}, ", n);
  // Python writes (200,) and (200, 3).
  dimensions.resize(dimensions.size() - (shape.size() == 1 ? 1 : 2));
  std::string dictionary = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                       type == NpyType::f64 ? "<f8" : "<i8", dimensions);
  const std::size_t used = preamble.size() + 2 + dictionary.size() + 1;
  dictionary.append((kMultiple - used % kMultiple) % kMultiple, ' ');
  dictionary += '\n';
  assert(dictionary.size() < 65536);
  const std::string length{static_cast<char>(dictionary.size() & 0xFFU),
                           static_cast<char>(dictionary.size() >> 8U)};
  return preamble + length + dictionary;
}

}  // namespace lockstep
