#include "core/data/decimal.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "core/base/random.hpp"

namespace lockstep {
namespace {

/// Expects what std::from_chars gives, with anything in the padding.
void expect_same(const std::string& text) {
  for (const char padding : {'\n', '7', '.', 'e'}) {
    // What follows at once is no part of a number.
    const std::string padded = text + '\n' + std::string(kDecimalPadding, padding);
    const char* const end = padded.data() + text.size();
    double expected = 0;
    const auto [stop, code] = std::from_chars(padded.data(), end, expected);
    double value = 0;
    const char* const taken = take_decimal(padded.data(), end, value);
    if (code != std::errc{} || !std::isfinite(expected)) {
      EXPECT_EQ(taken, nullptr) << text;
      continue;
    }
    EXPECT_EQ(taken, stop) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(value), std::bit_cast<std::uint64_t>(expected)) << text;
  }
}

TEST(Decimal, CountsTheDigitsAtTheStart) {
  const std::string digits = "12345678";
  for (std::size_t count = 0; count <= 8; ++count) {
    for (int other = 0; other < 256; ++other) {
      if ('0' <= other && other <= '9') continue;
      const std::string text = digits.substr(0, count) + std::string(8, static_cast<char>(other));
      const LeadingDigits found = leading_digits(text.data());
      EXPECT_EQ(found.count, count) << other;
      EXPECT_EQ(found.value, count == 0 ? 0U : std::stoul(digits.substr(0, count))) << other;
    }
  }
  EXPECT_EQ(leading_digits("00070 12").value, 70U);
  EXPECT_EQ(leading_digits("99999999").value, 99999999U);
}

TEST(Decimal, IsWhatTheLibraryReads) {
  for (const char* text : {"0",
                           "-0",
                           "1",
                           "-1",
                           "7.",
                           "-7.",
                           ".5",
                           "-.5",
                           ".",
                           "-",
                           "",
                           "+1",
                           "00.50",
                           "0.1",
                           "-0.0",
                           "1e5",
                           "1.5e-3",
                           "2E2",
                           "1e",
                           "1.5e",
                           "1e999",
                           "1e-999",
                           "nan",
                           "inf",
                           "-inf",
                           "0x10",
                           "1,5",
                           "1 2",
                           "12345678",
                           "1234567.5",
                           "12345678.5",
                           "123456789012345678901234",
                           "9007199254740992",
                           "9007199254740993",
                           "0.9007199254740993",
                           "9.007199254740993",
                           "900719.9254740992",
                           "900719.9254740993",
                           "0.123456789012345",
                           "0.1234567890123456",
                           "0.12345678901234567",
                           "1.7976931348623157e308",
                           "0.06651722238316789",
                           "-1.4246718201733397",
                           "0.000123456789012345678",
                           "0.0001234567890123456789",
                           "1234567.123456789012",
                           "1234567.1234567890123",
                           "9999999.999999999999",
                           "0.9999999999999999999",
                           "0.0000000000000000001",
                           "0.00000000000000000001",
                           "0.000000000000000000000001",
                           "0.0000000000000000",
                           "12345678.123456789012345678901234567890",
                           "0.000000000000001",
                           "0.0000000000000001",
                           "9999999.99999999",
                           "9999999.99999999999",
                           "1..2",
                           "1.2.3",
                           "--1",
                           "1.-2",
                           "5e-324"}) {
    expect_same(text);
  }
}

/// std::from_chars of digits·10^−places.
double read(std::uint64_t digits, std::size_t places) {
  const std::string text = fmt::format("{}e-{}", digits, places);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST(NearestDecimal, IsTheNearestDouble) {
  const auto expect_nearest = [](std::uint64_t digits, std::size_t places) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(nearest_decimal(digits, places)),
              std::bit_cast<std::uint64_t>(read(digits, places)))
        << digits << "e-" << places;
  };
  const RandomStream stream(4, Purpose::synthetic);
  RandomSequence draws(stream, 0);
  for (std::size_t places = 0; places <= kMostPlaces; ++places) {
    for (const std::uint64_t digits : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      expect_nearest(digits, places);
    }
    for (int i = 0; i < 20000; ++i) {
      expect_nearest(draws.next() >> draws.below(64), places);
      // 53 bits and a half: ties are multiples of 5^places, and exist for up to four places.
      const std::uint64_t halves = (std::uint64_t{1} << 53U) | (draws.next() >> 11U);
      std::uint64_t power = 1;
      for (std::size_t p = 0; p < std::min<std::size_t>(places, 4); ++p) power *= 5;
      for (std::uint64_t more = 0; more < 3; ++more) {
        expect_nearest(halves * power - 1 + more, places);
      }
    }
  }
}

TEST(Decimal, IsWhatTheLibraryReadsOfRandomNumbers) {
  const RandomStream stream(3, Purpose::synthetic);
  RandomSequence draws(stream, 0);
  for (int i = 0; i < 20000; ++i) {
    const double value = draws.normal() * std::exp(8 * draws.normal());
    expect_same(fmt::format("{}", value));
    expect_same(fmt::format("{:.{}f}", value, draws.below(20)));
    std::string digits = draws.below(2) == 0 ? "-" : "";
    for (std::uint64_t n = draws.below(10); n > 0; --n) digits += std::to_string(draws.below(10));
    if (draws.below(4) != 0) digits += '.';
    for (std::uint64_t n = draws.below(20); n > 0; --n) digits += std::to_string(draws.below(10));
    expect_same(digits);
  }
}

}  // namespace
}  // namespace lockstep
