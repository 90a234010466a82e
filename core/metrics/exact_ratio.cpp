#include "core/metrics/exact_ratio.hpp"

#include <cassert>
#include <cmath>
#include <cstdint>

namespace lockstep {

double exact_ratio(UInt128 part, UInt128 whole) {
  assert(part <= whole && whole > 0 && whole >> 127U == 0);
  if (part == 0) return 0;
  // Long division, bit by bit, until the quotient has 64 bits, of which the first is set.
  auto quotient = static_cast<std::uint64_t>(part / whole);
  UInt128 rest = part % whole;
  int exponent = 0;
  while (quotient >> 63U == 0) {
    rest <<= 1U;
    quotient <<= 1U;
    if (rest >= whole) {
      rest -= whole;
      quotient |= 1U;
    }
    --exponent;
  }
  // More bits than a double has: the conversion rounds, and a last bit that tells of the rest makes
  // it round as the whole quotient would.
  if (rest != 0) quotient |= 1U;
  return std::ldexp(static_cast<double>(quotient), exponent);
}

}  // namespace lockstep
