#include "core/data/row_words.hpp"

#include <xxhash.h>

namespace lockstep {

Hash128 RowWords::hash() const {
  const XXH128_hash_t hash = XXH3_128bits(words_.data(), words_.size() * sizeof words_[0]);
  return {hash.high64, hash.low64};
}

}  // namespace lockstep
