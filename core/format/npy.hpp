#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Element types of a .npy file: float64 and int64, both little-endian.
enum class NpyType { f64, i64 };

/// What stands before the elements of a .npy file, version 1.0, in C order [numpy, NEP 1]: magic
/// bytes, and a Python dictionary with the type and the shape, padded so that the elements begin at
/// a multiple of 64 bytes. numpy.load reads the file.
/// @param shape  e.g. {200, 3}, or {200} for a vector
std::string npy_header(NpyType type, const std::vector<Index>& shape);

}  // namespace lockstep
