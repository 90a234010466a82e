#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/format/npy.hpp"

namespace lockstep {

/// What a .npy file says of itself [numpy, NEP 1; numpy.lib.format].
struct NpyHeader {
  NpyType type = NpyType::f64;
  bool fortran_order = false;  ///< columns lie end to end, instead of rows
  std::vector<Index> shape;    ///< any number of dimensions
  Index data_begin = 0;        ///< where the elements begin in the file
};

/// The bytes at the beginning of a file that say where its dictionary is.
inline constexpr std::size_t kNpyPreamble = 12;

/// The file begins as .npy files do, or as the zip archives that numpy.savez makes of them.
/// @param start  its first kNpyPreamble bytes, or all there are
bool starts_as_npy(std::span<const std::byte> start);

/// Where the dictionary of a file of version 1.0, 2.0 or 3.0 is. Throws DataError when it begins
/// with something else, and when the dictionary would reach beyond the file or is unbelievably
/// long.
Range find_npy_dictionary(std::span<const std::byte> start, Index file_size,
                          const std::string& path);

/// Reads the dictionary, a Python literal of the keys descr, fortran_order and shape in any order,
/// and nothing else; the numbers of a shape may end in L, as Python 2 wrote them.
/// Throws DataError at the first byte that does not belong there, and for elements that are no
/// number of NpyType: by their name, with what to do.
/// @param place  of the text in the file
NpyHeader parse_npy_dictionary(std::string_view text, Range place, const std::string& path);

}  // namespace lockstep
