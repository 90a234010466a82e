#include "core/profile/class_values.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "core/profile/dense_columns.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
/// Below the bits of any number and of its complement: of −0, which becomes 0, and of a NaN.
constexpr std::int64_t kNotSeen = std::numeric_limits<std::int64_t>::min();
/// Numbers that are sent at once, unless one column has more.
constexpr std::size_t kAtOnce = std::size_t{1} << 16;

}  // namespace

ClassValues::ClassValues(const Table& table) : columns_(static_cast<std::size_t>(table.features)) {
  const auto classes = static_cast<Index>(table.class_names.size());
  const bool has_enough =
      table.target_kind == TargetKind::classes && 2 * classes <= table.total_rows;
  for (Index j = 0; j < table.features; ++j) {
    columns_[static_cast<std::size_t>(j)].is_refuted =
        !has_enough || kind_of(table, j) != ColumnKind::number;
  }
  if (!has_enough) return;
  all_classes_ = table.class_names.size();
  std::vector<std::size_t> index_of(all_classes_, kNowhere);
  class_of_.reserve(table.target.size());
  for (const double y : table.target) {
    std::size_t& index = index_of[static_cast<std::size_t>(y)];
    if (index == kNowhere) {
      index = classes_.size();
      classes_.push_back(static_cast<std::size_t>(y));
    }
    class_of_.push_back(index);
  }
}

void ClassValues::refute(Column& of) const {
  of.is_refuted = true;
  of.numbers = {};
}

void ClassValues::compare(Column& of, Index row, double cell) const {
  if (std::isnan(cell)) return refute(of);
  if (of.numbers.empty()) {
    of.numbers.assign(classes_.size(), std::numeric_limits<double>::quiet_NaN());
  }
  double& known = of.numbers[class_of_[static_cast<std::size_t>(row)]];
  if (std::isnan(known)) {
    known = cell == 0 ? 0.0 : cell;
  } else if (known != cell) {
    refute(of);
  }
}

/// Of each class the bits of its number, and their complements: the maxima of both over the ranks
/// are of the same number where all ranks have one.
std::vector<std::int64_t> ClassValues::bits_of(const Column& of) const {
  std::vector<std::int64_t> bits(2 * all_classes_, kNotSeen);
  for (std::size_t c = 0; c < of.numbers.size(); ++c) {
    const auto number = std::bit_cast<std::int64_t>(of.numbers[c]);
    bits[classes_[c]] = number;
    bits[all_classes_ + classes_[c]] = ~number;
  }
  return bits;
}

/// @param bits  the maxima of bits_of() over the ranks
bool ClassValues::tells_apart(const std::int64_t* bits) const {
  std::vector<std::int64_t> numbers;
  for (std::size_t c = 0; c < all_classes_; ++c) {
    if (bits[c] == kNotSeen) continue;  // a class without rows
    if (bits[c] != ~bits[all_classes_ + c]) return false;
    numbers.push_back(bits[c]);
  }
  std::sort(numbers.begin(), numbers.end());
  return std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end();
}

std::vector<bool> ClassValues::agree(Team& team) const {
  std::vector<std::int64_t> refuted;
  for (const Column& column : columns_) refuted.push_back(column.is_refuted ? 1 : 0);
  team.all_reduce(refuted, IntegerReduction::max);
  std::vector<std::size_t> left;
  for (std::size_t j = 0; j < refuted.size(); ++j) {
    if (refuted[j] == 0) left.push_back(j);
  }
  std::vector<bool> found(columns_.size());
  const std::size_t width = 2 * all_classes_;
  const std::size_t at_once = width == 0 ? 1 : std::max<std::size_t>(1, kAtOnce / width);
  for (std::size_t first = 0; first < left.size(); first += at_once) {
    const auto some = std::span(left).subspan(first, std::min(at_once, left.size() - first));
    std::vector<std::int64_t> bits;
    for (const std::size_t j : some) {
      const std::vector<std::int64_t> of_column = bits_of(columns_[j]);
      bits.insert(bits.end(), of_column.begin(), of_column.end());
    }
    team.all_reduce(bits, IntegerReduction::max);
    for (std::size_t i = 0; i < some.size(); ++i) {
      found[some[i]] = tells_apart(bits.data() + i * width);
    }
  }
  return found;
}

}  // namespace lockstep
