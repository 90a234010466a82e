#include "core/data/data_hash.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/content_hash.hpp"
#include "core/data/row_words.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kLimbs = 4;
constexpr unsigned kLimbBits = 32;
constexpr std::uint64_t kLimbMask = 0xFFFFFFFFU;

/// An unsigned number of 128 bits; the lowest limb is first.
using Limbs = std::array<std::uint64_t, kLimbs>;

/// `sum` with each limb brought below 2³², modulo 2¹²⁸.
Limbs carried(Limbs sum) {
  std::uint64_t carry = 0;
  for (std::uint64_t& limb : sum) {
    const std::uint64_t value = limb + carry;
    limb = value & kLimbMask;
    carry = value >> kLimbBits;
  }
  return sum;
}

/// Sum of the hashes of this rank's rows.
Limbs sum_of_rows(const Table& table) {
  std::vector<double> row(table.is_sparse() ? 0 : static_cast<std::size_t>(table.features));
  RowWords words;
  Limbs sum{};
  for (Index i = 0; i < table.rows.size(); ++i) {
    words.clear();
    words.add(static_cast<std::uint64_t>(table.number_read(i)));
    for (Index t = 0; t < table.targets(); ++t) words.add_number(table.targets_of(i)[t]);
    if (table.targets() == 0) words.add_number(0.0);
    if (table.weights) words.add_number((*table.weights)[static_cast<std::size_t>(i)]);
    if (table.is_sparse()) {
      table.for_each_cell(i, [&](std::uint32_t column, double x) { words.add_cell(column, x); });
    } else {
      table.copy_row(i, row.data());
      for (std::size_t j = 0; j < row.size(); ++j) words.add_cell(j, row[j]);
    }
    const Hash128 hash = words.hash();
    sum[0] += hash.low & kLimbMask;
    sum[1] += hash.low >> kLimbBits;
    sum[2] += hash.high & kLimbMask;
    sum[3] += hash.high >> kLimbBits;
    sum = carried(sum);
  }
  return sum;
}

/// The length goes first, so that no two lists of texts look alike.
void append(std::string& text, const std::string& part) {
  text += fmt::format("{}:{}", part.size(), part);
}

void append(std::string& text, const std::vector<std::string>& parts) {
  text += fmt::format("{};", parts.size());
  for (const std::string& part : parts) append(text, part);
}

}  // namespace

std::string data_hash(Team& team, const Table& table) {
  const Limbs mine = sum_of_rows(table);
  std::array<std::int64_t, kLimbs> sums{};
  for (std::size_t i = 0; i < kLimbs; ++i) sums[i] = static_cast<std::int64_t>(mine[i]);
  team.all_reduce(sums, IntegerReduction::sum);
  Limbs all{};
  for (std::size_t i = 0; i < kLimbs; ++i) all[i] = static_cast<std::uint64_t>(sums[i]);
  all = carried(all);

  std::string text =
      fmt::format("{:08x}{:08x}{:08x}{:08x} {} {} {} ", all[3], all[2], all[1], all[0],
                  table.total_rows, table.features, static_cast<int>(table.target_kind));
  append(text, table.feature_names);
  append(text, table.class_names);
  for (const std::string& name : table.target_names) append(text, name);
  if (table.target_names.empty()) append(text, std::string());
  for (const ColumnType& type : table.feature_types) {
    text += type.kind == ColumnKind::number ? "number " : "category ";
    append(text, type.categories);
  }
  return content_hash(text);
}

}  // namespace lockstep
