#include "core/format/npy.hpp"

#include <fmt/format.h>

#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/base/options.hpp"

namespace lockstep {
namespace {

// Elements are taken from the file as they would stand in memory.
static_assert(std::endian::native == std::endian::little);

/// What `work` returns for a zero of the C++ type that `type` is.
template <class Work>
auto with_zero_of(NpyType type, const Work& work) {
  switch (type) {
    case NpyType::i8:
      return work(std::int8_t{});
    case NpyType::i16:
      return work(std::int16_t{});
    case NpyType::i32:
      return work(std::int32_t{});
    case NpyType::i64:
      return work(std::int64_t{});
    case NpyType::u8:
      return work(std::uint8_t{});
    case NpyType::u16:
      return work(std::uint16_t{});
    case NpyType::u32:
      return work(std::uint32_t{});
    case NpyType::u64:
      return work(std::uint64_t{});
    case NpyType::f32:
      return work(float{});
    case NpyType::f64:
      break;
  }
  return work(double{});
}

template <class Element>
Element element_at(const std::byte* place) {
  Element element;
  std::memcpy(&element, place, sizeof(element));
  return element;
}

}  // namespace

const char* name_of(NpyType type) {
  constexpr std::array kNames{"|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f4", "<f8"};
  static_assert(kNames.size() == kNpyTypes.size());
  return kNames[static_cast<std::size_t>(type)];
}

Index size_of(NpyType type) {
  return with_zero_of(type, [](auto zero) { return static_cast<Index>(sizeof(zero)); });
}

bool is_real(NpyType type) { return type == NpyType::f32 || type == NpyType::f64; }

std::string npy_shape(const std::vector<Index>& shape) {
  std::string text;
  for (const Index n : shape) text += fmt::format("{}{}", text.empty() ? "" : ", ", n);
  return fmt::format("({}{})", text, shape.size() == 1 ? "," : "");
}

std::string npy_header(NpyType type, const std::vector<Index>& shape) {
  constexpr std::size_t kMultiple = 64;
  const std::string preamble("\x93NUMPY\x01\x00", 8);
  std::string dictionary = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
                                       name_of(type), npy_shape(shape));
  const std::size_t used = preamble.size() + 2 + dictionary.size() + 1;
  dictionary.append((kMultiple - used % kMultiple) % kMultiple, ' ');
  dictionary += '\n';
  assert(dictionary.size() < 65536);
  const std::string length{static_cast<char>(dictionary.size() & 0xFFU),
                           static_cast<char>(dictionary.size() >> 8U)};
  return preamble + length + dictionary;
}

void read_npy_numbers(NpyType type, const std::byte* from, Index from_stride, Index count,
                      double* to, Index to_stride) {
  with_zero_of(type, [&](auto zero) {
    using Element = decltype(zero);
    const auto number_at = [&](Index i) {
      return static_cast<double>(
          element_at<Element>(from + i * static_cast<Index>(sizeof(Element))));
    };
    if (from_stride == 1 && to_stride == 1) {  // apart, for the compiler to use vectors
      for (Index i = 0; i < count; ++i) to[i] = number_at(i);
    } else {
      for (Index i = 0; i < count; ++i) to[i * to_stride] = number_at(i * from_stride);
    }
  });
}

std::string npy_text(NpyType type, const std::byte* element) {
  return with_zero_of(type, [&](auto zero) {
    const auto value = element_at<decltype(zero)>(element);
    if constexpr (std::is_integral_v<decltype(zero)>) {
      return fmt::format("{}", static_cast<std::conditional_t<std::is_signed_v<decltype(zero)>,
                                                              std::int64_t, std::uint64_t>>(value));
    } else {
      return std::isnan(value) ? std::string("nan") : format_real(value);  // the sign means nothing
    }
  });
}

}  // namespace lockstep
