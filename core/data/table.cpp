#include "core/data/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "core/data/byte_numbers.hpp"

namespace lockstep {

std::string joined_names(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

void Table::copy_row(Index local, double* out) const {
  assert(0 <= local && local < rows.size());
  if (const SparseValues* cells = sparse()) {
    std::fill_n(out, features, 0.0);
    const auto columns = cells->columns_of(local);
    const auto numbers = cells->numbers_of(local);
    for (std::size_t i = 0; i < columns.size(); ++i) out[columns[i]] = numbers[i];
    return;
  }
  if (const MappedRows* rows_of_file = mapped()) {
    return rows_of_file->copy_row(number_read(local), out);
  }
  const Index begin = local * features;
  if (const auto* bytes = std::get_if<ByteValues>(&values)) {
    std::transform(bytes->begin() + begin, bytes->begin() + begin + features, out,
                   [](std::uint8_t v) { return kByteNumbers[v]; });
  } else {
    const auto& numbers = std::get<NumberValues>(values);
    std::copy_n(numbers.begin() + begin, features, out);
  }
}

}  // namespace lockstep
