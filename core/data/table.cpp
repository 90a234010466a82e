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
  if (is_sparse()) {
    std::fill_n(out, features, 0.0);
    return for_each_cell(local, [&](std::uint32_t column, double x) { out[column] = x; });
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

const MappedFile* Table::file() const {
  if (const MappedRows* numbers = mapped()) return &numbers->file();
  if (const MappedSparseRows* cells = mapped_sparse()) return &cells->file();
  return nullptr;
}

void Table::will_need(Range locals) const {
  if (!stays_in_file() || locals.empty()) return;
  const Range of_file{number_read(locals.begin), number_read(locals.end - 1) + 1};
  if (const MappedRows* numbers = mapped()) {
    numbers->will_need(of_file);
  } else {
    std::get<MappedSparseRows>(values).will_need(of_file);
  }
}

}  // namespace lockstep
