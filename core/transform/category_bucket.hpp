#pragma once

#include <string_view>

#include "core/base/types.hpp"

namespace lockstep {

/// The place of a category among `buckets` ≥ 1: XXH3's 64-bit hash (seed 0) of its text, modulo
/// `buckets`; of a number, of its shortest form, so that 1.0 and 1 have one place. A function of
/// the text alone, on every machine and for categories that no training row has.
Index category_bucket(std::string_view category, Index buckets);

}  // namespace lockstep
