#include "core/transform/category_bucket.hpp"

#include <xxhash.h>

#include <cassert>
#include <string>

#include "core/data/class_labels.hpp"

namespace lockstep {

Index category_bucket(std::string_view category, Index buckets) {
  assert(buckets >= 1);
  const std::string text = canonical_label(category);
  return static_cast<Index>(XXH3_64bits(text.data(), text.size()) %
                            static_cast<std::uint64_t>(buckets));
}

}  // namespace lockstep
