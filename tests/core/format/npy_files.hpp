#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/format/npy.hpp"

namespace lockstep::test {

/// A .npy file of any dictionary and any bytes behind it.
inline std::string npy_file(std::string_view dictionary, std::string_view elements,
                            int version = 1) {
  std::string file("\x93NUMPY");
  file += {static_cast<char>(version), '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    file += static_cast<char>(dictionary.size() >> (8 * i) & 0xFFU);
  }
  return file.append(dictionary).append(elements);
}

/// The dictionary that numpy would write, without its padding.
inline std::string npy_dictionary(std::string_view descr, std::string_view shape,
                                  bool fortran_order = false) {
  return std::string("{'descr': '").append(descr) +
         "', 'fortran_order': " + (fortran_order ? "True" : "False") +
         std::string(", 'shape': ").append(shape) + ", }\n";
}

/// Numbers as the bytes of elements.
template <class T>
std::string bytes_of(const std::vector<T>& elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T)};
}

/// A matrix as a file of doubles: rows, each of `columns` numbers.
inline std::string npy_matrix(const std::vector<double>& rows, Index columns,
                              bool fortran_order = false) {
  const auto count = static_cast<Index>(rows.size()) / columns;
  std::vector<double> elements = rows;
  for (Index i = 0; fortran_order && i < count * columns; ++i) {
    elements[static_cast<std::size_t>(i % columns * count + i / columns)] =
        rows[static_cast<std::size_t>(i)];
  }
  return npy_file(npy_dictionary("<f8", npy_shape({count, columns}), fortran_order),
                  bytes_of(elements));
}

/// A column as a file of one dimension.
template <class T>
std::string npy_vector(std::string_view descr, const std::vector<T>& elements) {
  return npy_file(npy_dictionary(descr, npy_shape({static_cast<Index>(elements.size())})),
                  bytes_of(elements));
}

}  // namespace lockstep::test
