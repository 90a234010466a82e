#include "core/calculus/derivatives.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"

namespace lockstep::detail {

void require_point(const char* function, const VectorRef& x) {
  if (x.size() == 0) throw DataError(fmt::format("{}: x is empty", function));
}

void require_entry(const char* function, const VectorRef& x, Index i) {
  if (0 <= i && i < x.size()) return;
  throw DataError(
      fmt::format("{}: x has {} entries, but number {} is asked for", function, x.size(), i));
}

}  // namespace lockstep::detail
