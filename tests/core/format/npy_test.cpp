#include "core/format/npy.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

/// What numpy.save writes in front of the elements: numpy 1.24.
std::string numpy_header(const std::string& dictionary, std::size_t blanks) {
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary + std::string(blanks, ' ') +
         "\n";
}

TEST(Npy, HeadersAreThoseOfNumpy) {
  EXPECT_EQ(npy_header(NpyType::f64, {200, 3}),
            numpy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (200, 3), }", 56));
  EXPECT_EQ(npy_header(NpyType::i64, {200}),
            numpy_header("{'descr': '<i8', 'fortran_order': False, 'shape': (200,), }", 58));
}

TEST(Npy, ElementsBeginAtAMultipleOf64) {
  for (Index n = 1; n < 1'000'000'000'000'000'000; n = n * 10 + 7) {
    const std::string header = npy_header(NpyType::f64, {n, n, n});
    EXPECT_EQ(header.size() % 64, 0U);
    EXPECT_EQ(header.back(), '\n');
    const auto low = static_cast<unsigned char>(header[8]);
    EXPECT_EQ(10U + low + 256U * static_cast<unsigned char>(header[9]), header.size());
  }
}

}  // namespace
}  // namespace lockstep
