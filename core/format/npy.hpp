#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Element types of a .npy file: the ten little-endian numbers of whole bytes that C++ has too.
enum class NpyType { i8, i16, i32, i64, u8, u16, u32, u64, f32, f64 };

inline constexpr std::array kNpyTypes{NpyType::i8,  NpyType::i16, NpyType::i32, NpyType::i64,
                                      NpyType::u8,  NpyType::u16, NpyType::u32, NpyType::u64,
                                      NpyType::f32, NpyType::f64};

/// numpy's name of a type: "<f8"; "|u1" where a single byte has no order.
const char* name_of(NpyType type);

/// Bytes of an element.
Index size_of(NpyType type);

/// Infinity and NaN are among the type's values.
bool is_real(NpyType type);

/// A shape as Python writes it: "(200, 3)", "(200,)".
std::string npy_shape(const std::vector<Index>& shape);

/// What stands before the elements of a .npy file, version 1.0, in C order [numpy, NEP 1]: magic
/// bytes, and a Python dictionary with the type and the shape, padded so that the elements begin at
/// a multiple of 64 bytes. numpy.load reads the file.
/// @param shape  e.g. {200, 3}, or {200} for a vector
std::string npy_header(NpyType type, const std::vector<Index>& shape);

/// Elements as numbers: to[i·to_stride] = element i·from_stride, for i < count. An integer above
/// 2⁵³ becomes the nearest number, as its decimal digits would. Rank-local, thread-safe.
void read_npy_numbers(NpyType type, const std::byte* from, Index from_stride, Index count,
                      double* to, Index to_stride);

/// An element in decimal digits: all those of an integer, the fewest that give a real number back;
/// "nan" and "inf" for what is none.
std::string npy_text(NpyType type, const std::byte* element);

}  // namespace lockstep
