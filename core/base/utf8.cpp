#include "core/base/utf8.hpp"

namespace lockstep {
namespace {

/// How many bytes follow a lead byte, and what the first of them may be: that bars overlong forms,
/// surrogates and code points beyond U+10FFFF.
struct Continuation {
  std::size_t bytes = 0;
  unsigned char lowest = 0x80;
  unsigned char highest = 0xBF;
};

Continuation after(unsigned char lead) {
  if (lead == 0xE0) return {2, 0xA0};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead == 0xF0) return {3, 0x90};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  if (lead >= 0xC2 && lead < 0xE0) return {1};
  if (lead >= 0xE0 && lead < 0xF0) return {2};
  if (lead >= 0xF0 && lead < 0xF5) return {3};
  return {};
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const Continuation next = after(byte(0));
  if (next.bytes == 0 || next.bytes >= text.size()) return 0;
  if (byte(1) < next.lowest || byte(1) > next.highest) return 0;
  for (std::size_t i = 2; i <= next.bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return next.bytes + 1;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t n = utf8_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

}  // namespace lockstep
