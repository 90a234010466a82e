#pragma once

#include <string>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A fingerprint of a table's content: 32 hexadecimal digits of 128 bits.
///
/// Each row is hashed (XXH3, 128 bits) with its number among the rows that were read, its target,
/// its weight where rows have one, and those of its features that are not +0, as doubles, with
/// their columns; the hashes are added modulo 2¹²⁸, so the sum knows neither ranks nor an order of
/// work, and hashed with the names of the columns and classes. Bytes count as the numbers they
/// stand for, and sparse rows as what they leave out: tables of equal content have equal
/// fingerprints, whatever format they were read from. It guards against mistakes, not against an
/// adversary. *Collective*; sends a few integers.
std::string data_hash(Team& team, const Table& table);

}  // namespace lockstep
