#include "core/data/mapped_rows.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "core/data/byte_numbers.hpp"

namespace lockstep {

MappedRows::MappedRows(const std::string& path, RowLayout layout,
                       const std::vector<std::size_t>& columns)
    : file_(std::make_shared<const MappedFile>(path)),
      layout_(std::make_shared<const RowLayout>(std::move(layout))) {
  for (const std::size_t c : columns) {
    const auto column = static_cast<Index>(c);
    assert(column < layout_->columns);
    if (!runs_.empty() && runs_.back().column + runs_.back().count == column) {
      ++runs_.back().count;
    } else {
      runs_.push_back({column, 1});
    }
  }
}

double MappedRows::translated(const Translation& translation, double cell) const {
  if (std::isnan(cell)) return cell;
  const auto found = translation.values->find(std::bit_cast<std::uint64_t>(cell));
  if (found != translation.values->end()) return found->second;
  file_->note_change();  // no such cell occurred
  return std::numeric_limits<double>::quiet_NaN();
}

const MappedRows::Translation* MappedRows::translation_of(std::size_t feature) const {
  const auto found = std::find_if(translations_.begin(), translations_.end(),
                                  [&](const Translation& t) { return t.feature == feature; });
  return found == translations_.end() ? nullptr : &*found;
}

void MappedRows::translate(std::size_t feature, CellValues values) {
  assert(translation_of(feature) == nullptr);
  translations_.push_back({feature, std::make_shared<const CellValues>(std::move(values))});
}

void MappedRows::renumber(std::size_t feature, std::span<const double> changed) {
  CellValues values;
  if (const Translation* before = translation_of(feature)) {
    values = *before->values;
    for (auto& [bits, value] : values) {
      if (!std::isnan(value)) value = changed[static_cast<std::size_t>(value)];
    }
  } else {
    for (std::size_t c = 0; c < changed.size(); ++c) {
      values.emplace(std::bit_cast<std::uint64_t>(static_cast<double>(c)), changed[c]);
    }
  }
  std::erase_if(translations_, [&](const Translation& t) { return t.feature == feature; });
  translate(feature, std::move(values));
}

double MappedRows::cell(Index row, std::size_t feature) const {
  assert(!layout_->are_bytes);
  auto before = static_cast<Index>(feature);
  auto run = runs_.begin();
  for (; before >= run->count; ++run) before -= run->count;
  double cell = 0;
  std::memcpy(&cell, file_->at(byte_of(row, run->column + before)), sizeof cell);
  const Translation* translation = translation_of(feature);
  return translation == nullptr ? cell : translated(*translation, cell);
}

void MappedRows::copy_row(Index row, double* out) const {
  const char* const cells = file_->at(byte_of(row, 0));
  double* to = out;
  for (const Run& run : runs_) {
    const char* const from = cells + run.column * layout_->bytes_of_cell();
    if (layout_->are_bytes) {
      std::transform(from, from + run.count, to,
                     [](char v) { return kByteNumbers[static_cast<unsigned char>(v)]; });
    } else {
      std::memcpy(to, from, static_cast<std::size_t>(run.count) * sizeof(double));
    }
    to += run.count;
  }
  for (const Translation& translation : translations_) {
    out[translation.feature] = translated(translation, out[translation.feature]);
  }
}

void MappedRows::will_need(Range rows) const {
  if (rows.empty()) return;
  file_->will_need(byte_of(rows.begin, 0), byte_of(rows.end - 1, layout_->columns));
}

}  // namespace lockstep
