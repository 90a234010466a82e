#pragma once

namespace lockstep {

/// Products of two counts of rows. Outside of ISO C++, hence the marker; every 64-bit target of gcc
/// and clang has it.
__extension__ using UInt128 = unsigned __int128;

/// part / whole, rounded once to the nearest double (ties to even). Requires part ≤ whole,
/// 0 < whole < 2¹²⁷ (asserted).
double exact_ratio(UInt128 part, UInt128 whole);

}  // namespace lockstep
