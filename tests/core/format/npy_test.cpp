#include "core/format/npy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/base/options.hpp"
#include "core/format/npy_header.hpp"
#include "tests/core/format/npy_examples.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::npy_examples;
using test::NpyExample;

/// What numpy.save writes in front of the elements: numpy 1.24.
std::string numpy_header(const std::string& dictionary, std::size_t blanks) {
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary + std::string(blanks, ' ') +
         "\n";
}

template <class T>
std::string text_of(NpyType type, T value) {
  return npy_text(type, reinterpret_cast<const std::byte*>(&value));
}

TEST(Npy, HeadersAreThoseOfNumpy) {
  EXPECT_EQ(npy_header(NpyType::f64, {200, 3}),
            numpy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (200, 3), }", 56));
  EXPECT_EQ(npy_header(NpyType::i64, {200}),
            numpy_header("{'descr': '<i8', 'fortran_order': False, 'shape': (200,), }", 58));
  int compared = 0;
  for (const NpyExample& example : npy_examples()) {
    if (example.version != 1 || example.header.fortran_order) continue;
    EXPECT_TRUE(example.file.starts_with(npy_header(example.header.type, example.header.shape)));
    ++compared;
  }
  EXPECT_EQ(compared, 20);
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

TEST(Npy, NumbersAreThoseOfNumpy) {
  for (const NpyExample& example : npy_examples()) {
    SCOPED_TRACE(name_of(example.header.type));
    const NpyType type = example.header.type;
    const std::string elements =
        example.file.substr(example.file.size() - static_cast<std::size_t>(6 * size_of(type)));
    const auto* from = reinterpret_cast<const std::byte*>(elements.data());
    std::vector<double> numbers(6);
    read_npy_numbers(type, from, 1, 6, numbers.data(), 1);
    std::vector<double> apart(18, 0.5);
    read_npy_numbers(type, from, 2, 3, apart.data(), 6);
    for (std::size_t i = 0; i < 18; ++i) {
      EXPECT_EQ(apart[i], i % 6 == 0 ? numbers[i / 3] : 0.5) << i;
    }
    const auto columns = static_cast<Index>(example.rows.front().size());
    const auto rows = static_cast<Index>(example.rows.size());
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < columns; ++c) {
        const Index place = example.header.fortran_order ? c * rows + r : r * columns + c;
        const double expected =
            example.rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)];
        const double actual = numbers[static_cast<std::size_t>(place)];
        EXPECT_EQ(actual, expected);
        EXPECT_EQ(std::signbit(actual), std::signbit(expected));
        const std::string text = npy_text(type, from + place * size_of(type));
        if (is_real(type)) {
          double again = 0;
          EXPECT_TRUE(parse_real(text, again)) << text;
          EXPECT_EQ(again, expected) << text;
        } else {
          EXPECT_EQ(text, example.digits[static_cast<std::size_t>(r * columns + c)]);
        }
      }
    }
  }
}

TEST(Npy, TextsOfRealNumbersAreShort) {
  EXPECT_EQ(text_of(NpyType::f64, 0.1), "0.1");
  EXPECT_EQ(text_of(NpyType::f64, 3.0), "3");
  EXPECT_EQ(text_of(NpyType::f32, 0.5F), "0.5");
  EXPECT_EQ(text_of(NpyType::f32, 0.1F), "0.10000000149011612");  // the number that it is
  EXPECT_EQ(text_of(NpyType::f64, -std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(text_of(NpyType::f64, -std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(text_of(NpyType::f32, std::numeric_limits<float>::infinity()), "inf");
}

TEST(Npy, ElementsMayStandAtOddAddresses) {
  std::string bytes(1 + 3 * sizeof(double), 'x');
  const std::vector<double> values{1.5, -2.25, 1e300};
  std::memcpy(bytes.data() + 1, values.data(), 3 * sizeof(double));
  std::vector<double> numbers(3);
  read_npy_numbers(NpyType::f64, reinterpret_cast<const std::byte*>(bytes.data()) + 1, 1, 3,
                   numbers.data(), 1);
  EXPECT_EQ(numbers, values);
}

}  // namespace
}  // namespace lockstep
