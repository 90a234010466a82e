#include "core/data/lsd_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/finite.hpp"
#include "core/base/large_pages.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// Neighbouring columns that become neighbouring features.
struct Run {
  Index column;
  Index count;
};

/// A cell that cannot be taken; row and column in the source.
struct WrongCell {
  Index row;
  std::optional<Index> column;  ///< where it is known
  std::string problem;
};

/// Takes the rows of one rank out of blocks.
class PartReader {
 public:
  PartReader(const LsdFile& lsd, const RowPlaces& places, LsdColumns& how, LsdPart& part)
      : header_(lsd.header),
        path_(lsd.file.path),
        places_(places),
        how_(how),
        part_(part),
        file_(lsd.file),
        blocks_begin_(lsd.blocks_begin) {
    for (const LsdColumn& column : header_.columns) {
      std::vector<double>& numbers = numbers_of_texts_.emplace_back();
      for (const std::string& text : column.type.categories) {
        if (!parse_csv_number(text, numbers.emplace_back())) numbers.back() = kMissing;
      }
    }
    for (std::size_t j = 0; j < how.columns_of.size(); ++j) {
      const auto column = static_cast<Index>(how.columns_of[j]);
      if (!is_as_stored(j)) others_.push_back(j);
      if (!runs_.empty() && runs_.back().column + runs_.back().count == column) {
        ++runs_.back().count;
      } else {
        runs_.push_back({column, 1});
      }
    }
  }

  void reserve(Index rows);
  void read(Range rows);

 private:
  Index columns() const { return static_cast<Index>(header_.columns.size()); }
  const LsdColumn& column(std::size_t c) const { return header_.columns[c]; }
  double cell(Index r, std::size_t c) const { return cells_[to_size(r * columns()) + c]; }
  [[noreturn]] void refuse(const std::string& why) const {
    throw DamagedLsd(path_, fmt::format("block {} is damaged ({})", block_, why));
  }

  /// The cells of the feature are the numbers that a table has.
  bool is_as_stored(std::size_t feature) const {
    const LsdColumn& stored = column(how_.columns_of[feature]);
    return stored.type.kind == ColumnKind::number && how_.kinds[feature] == ColumnKind::number &&
           (stored.missing == 0 || how_.takes_missing(feature));
  }
  void load(Index block, Index begin);
  void check_cells();
  void take_numbers();
  void take_bytes();
  void take_sparse();
  void keep_sparse(const std::vector<Index>& begins);
  void look_at_sparse(const std::vector<Index>& begins);
  void take_feature(std::size_t feature);
  void take_target();
  void keep_wrong(Index r, std::size_t c, std::string problem) {
    keep_wrong_at(r, column(c).position, std::move(problem));
  }
  void keep_wrong_at(Index r, std::optional<Index> position, std::string problem);
  std::optional<double> category(Index r, std::size_t feature, std::size_t c);
  double class_code(Index r, std::size_t c);
  double number(Index r, std::size_t c, bool takes_missing, const CsvFeatureRules* rules);
  std::string text_of(std::size_t c, double cell) const {
    const LsdColumn& column = header_.columns[c];
    return column.type.kind == ColumnKind::category
               ? column.type.categories[static_cast<std::size_t>(cell)]
               : column.spelling.text_of(cell);
  }
  std::string name_of(std::size_t c) const { return quoted(column(c).name); }

  const LsdHeader& header_;
  const std::string& path_;
  const RowPlaces& places_;
  LsdColumns& how_;
  LsdPart& part_;
  RangeFile file_;
  Index blocks_begin_;
  std::vector<Run> runs_;                              ///< the features, in order
  std::vector<std::size_t> others_;                    ///< those that are not as stored
  std::vector<std::vector<double>> numbers_of_texts_;  ///< by column; NaN of what is none
  std::unordered_map<std::uint64_t, double> codes_;    ///< of classes, by the bits of cells
  Index block_ = 0;
  Range rows_;   ///< of the block
  Range taken_;  ///< of these the ones that are taken
  std::vector<double> buffer_;
  const std::byte* bytes_ = nullptr;  ///< of the block
  const double* cells_ = nullptr;     ///< of the block's first row
  LsdBlockParts parts_{};
  Index first_row_ = 0;          ///< of those that are read
  std::size_t first_value_ = 0;  ///< of the block's rows, in the part
  std::optional<WrongCell> wrong_;
};

void PartReader::reserve(Index rows) {
  const auto room = [](auto& values, Index size) {
    values.reserve(to_size(size));
    prefer_large_pages(values.data(), values.capacity() * sizeof(values[0]));
  };
  const auto features = static_cast<Index>(how_.columns_of.size());
  if (header_.byte_columns > 0) {
    room(part_.values.emplace<Table::ByteValues>(), how_.mapped ? 0 : rows * header_.byte_columns);
  } else if (header_.sparse && how_.mapped) {
    part_.begins.reserve(to_size(rows / SparseRowLayout::kStep + 1));
  } else if (header_.sparse) {
    auto& sparse = part_.values.emplace<SparseValues>();
    if (rows > 0) room(sparse.begins, rows + 1);
  } else {
    room(part_.values.emplace<Table::NumberValues>(), how_.mapped ? 0 : rows * features);
  }
  if (how_.target) room(part_.target, rows);
}

void PartReader::load(Index block, Index begin) {
  const LsdBlock& entry = header_.blocks[to_size(block)];
  block_ = block;
  rows_ = header_.rows_of(block);
  parts_ = parts_of_block(header_, rows_.size(), entry.cells);
  buffer_.resize(to_size(entry.bytes) / sizeof(double));
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(buffer_));
  file_.read_at(begin, bytes);
  if (lsd_hash(bytes) != entry.hash) refuse("its hash differs");
  bytes_ = bytes.data();
  cells_ = buffer_.data();
}

/// That cells are what the header says: numbers, indices of texts, or, where there are such,
/// missing.
void PartReader::check_cells() {
  const bool numbers_alone =
      std::all_of(header_.columns.begin(), header_.columns.end(), [](const LsdColumn& column) {
        return column.type.kind == ColumnKind::number && column.missing == 0;
      });
  if (numbers_alone) {
    if (!all_finite<double>({cells_, to_size(rows_.size() * columns())}))
      refuse("a cell is no number");
    return;
  }
  for (std::size_t c = 0; c < header_.columns.size(); ++c) {
    const bool texts = column(c).type.kind == ColumnKind::category;
    const auto end = static_cast<double>(column(c).type.categories.size());
    for (Index r = 0; r < rows_.size(); ++r) {
      const double x = cell(r, c);
      if (std::isnan(x) && column(c).missing > 0) continue;
      const bool fits = texts ? x >= 0 && x < end && x == std::trunc(x) : std::isfinite(x);
      if (!fits) refuse(texts ? "a cell has an unknown text" : "a cell is no number");
    }
  }
}

void PartReader::keep_wrong_at(Index r, std::optional<Index> position, std::string problem) {
  if (wrong_ && std::pair(wrong_->row, wrong_->column) <= std::pair(rows_.begin + r, position)) {
    return;
  }
  wrong_ = WrongCell{rows_.begin + r, position, std::move(problem)};
}

/// A cell that has to be a number; NaN for a missing one.
double PartReader::number(Index r, std::size_t c, bool takes_missing,
                          const CsvFeatureRules* rules) {
  const double x = cell(r, c);
  if (std::isnan(x)) {
    if (!takes_missing) {
      keep_wrong(r, c,
                 fmt::format("missing value in column {}{}", name_of(c),
                             rules == nullptr ? "" : rules->missing_hint));
    }
    return x;
  }
  if (column(c).type.kind == ColumnKind::number) return x;
  const auto code = static_cast<std::size_t>(x);
  const double value = numbers_of_texts_[c][code];
  if (std::isnan(value)) {
    keep_wrong(r, c,
               fmt::format("expected a number in column {}, found {}{}", name_of(c),
                           quoted(column(c).type.categories[code]),
                           rules == nullptr ? "" : rules->text_hint));
  }
  return value;
}

/// What a table stores for a cell of a category; nothing for one that is wrong.
std::optional<double> PartReader::category(Index r, std::size_t feature, std::size_t c) {
  const double x = cell(r, c);
  if (std::isnan(x) && !how_.takes_missing(feature)) {
    return number(r, c, false, &how_.columns.rules[feature]);  // which says that it is missing
  }
  CsvTypedColumn& typed = how_.typed[feature];
  const std::string text = std::isnan(x) ? "" : text_of(c, x);
  const std::optional<double> value = typed.value(text);
  if (!value) {
    keep_wrong(r, c,
               fmt::format("category {} in column {} does not occur in the training data",
                           quoted(text), name_of(c)));
  } else if (typed.too_many()) {
    keep_wrong(r, c, too_many_categories(column(c).name));
  }
  return value;
}

double PartReader::class_code(Index r, std::size_t c) {
  const double x = cell(r, c);
  if (std::isnan(x)) return number(r, c, false, nullptr);  // which says that it is missing
  const auto known = codes_.find(std::bit_cast<std::uint64_t>(x));
  if (known != codes_.end()) return known->second;
  const std::string text = text_of(c, x);
  const std::optional<Index> code = how_.labels.code(text);
  if (!code) {
    keep_wrong(r, c,
               fmt::format("class {} in column {} does not occur in the training data",
                           quoted(text), name_of(c)));
    return 0;
  }
  if (how_.labels.too_many()) keep_wrong(r, c, too_many_classes(column(c).name));
  codes_.emplace(std::bit_cast<std::uint64_t>(x), static_cast<double>(*code));
  return static_cast<double>(*code);
}

void PartReader::take_target() {
  if (!how_.target) return;
  const std::size_t c = *how_.target;
  for (Index r = taken_.begin; r < taken_.end; ++r) {
    part_.target.push_back(how_.target_kind == TargetKind::classes
                               ? class_code(r, c)
                               : number(r, c, how_.missing_target, nullptr));
  }
}

/// Puts the values of a feature whose cells are not all the numbers that a table has.
void PartReader::take_feature(std::size_t feature) {
  const std::size_t c = how_.columns_of[feature];
  const auto take = [&](Index r) {
    return how_.kinds[feature] == ColumnKind::category
               ? category(r, feature, c).value_or(kMissing)
               : number(r, c, how_.takes_missing(feature), &how_.columns.rules[feature]);
  };
  if (how_.mapped) {
    for (Index r = taken_.begin; r < taken_.end; ++r) {
      const double value = take(r);
      if (how_.kinds[feature] == ColumnKind::number) continue;
      part_.codes[feature].emplace(std::bit_cast<std::uint64_t>(cell(r, c)), value);
    }
    return;
  }
  auto& values = std::get<Table::NumberValues>(part_.values);
  const std::size_t features = how_.columns_of.size();
  for (Index r = taken_.begin; r < taken_.end; ++r) {
    values[first_value_ + to_size(r - taken_.begin) * features + feature] = take(r);
  }
}

void PartReader::take_numbers() {
  auto& values = std::get<Table::NumberValues>(part_.values);
  first_value_ = values.size();
  const bool whole = runs_.size() == 1 && runs_[0].count == columns();
  if (how_.mapped) {
    const auto first = how_.columns_of.end() - how_.columns.carried();
    for (Index r = taken_.begin; r < taken_.end; ++r) {
      for (auto c = first; c != how_.columns_of.end(); ++c) part_.carried.push_back(cell(r, *c));
    }
  } else if (whole) {
    values.insert(values.end(), cells_ + taken_.begin * columns(), cells_ + taken_.end * columns());
  } else {
    for (Index r = taken_.begin; r < taken_.end; ++r) {
      for (const Run& run : runs_) {
        const double* const from = cells_ + r * columns() + run.column;
        values.insert(values.end(), from, from + run.count);
      }
    }
  }
  for (const std::size_t j : others_) take_feature(j);
}

void PartReader::take_bytes() {
  auto& values = std::get<Table::ByteValues>(part_.values);
  const auto* const from = reinterpret_cast<const std::uint8_t*>(bytes_) + parts_.bytes;
  values.insert(values.end(), from + taken_.begin * header_.byte_columns,
                from + taken_.end * header_.byte_columns);
}

void PartReader::take_sparse() {
  std::vector<std::uint32_t> lengths(to_size(rows_.size()));
  std::memcpy(lengths.data(), bytes_ + parts_.lengths, lengths.size() * sizeof(lengths[0]));
  const Index cells = header_.blocks[to_size(block_)].cells;
  const auto* const indices = reinterpret_cast<const std::uint32_t*>(bytes_ + parts_.indices);
  const auto* const numbers = reinterpret_cast<const double*>(bytes_ + parts_.numbers);
  std::vector<Index> begins{0};
  for (const std::uint32_t length : lengths) {
    const Index at = begins.back();
    const Index end = at + length;
    if (end > cells) refuse("its rows have more cells than it");
    for (Index i = at; i < end; ++i) {
      const bool ascends = i == at || indices[i] > indices[i - 1];
      if (!ascends || static_cast<Index>(indices[i]) > header_.largest_index ||
          static_cast<Index>(indices[i]) < header_.smallest_index) {
        refuse("an index is wrong");
      }
    }
    begins.push_back(end);
  }
  const bool are_all = begins.back() == cells;
  if (!are_all || !all_finite<double>({numbers, to_size(cells)})) refuse("its cells are wrong");
  for (Index r = taken_.begin; r < taken_.end; ++r) {
    const Index first = begins[to_size(r)];
    if (first == begins[to_size(r) + 1]) continue;
    const auto index = static_cast<Index>(indices[first]);
    if (index >= how_.index_base) continue;
    return keep_wrong_at(r, std::nullopt,
                         fmt::format("expected an index from {} on (data.index_base), found {}",
                                     how_.index_base, index));
  }
  if (how_.mapped) {
    look_at_sparse(begins);
  } else {
    keep_sparse(begins);
  }
}

/// @param begins  of the block's rows among its cells, and the end
void PartReader::keep_sparse(const std::vector<Index>& begins) {
  auto& values = std::get<SparseValues>(part_.values);
  const Range taken{begins[to_size(taken_.begin)], begins[to_size(taken_.end)]};  // cells
  if (values.begins.empty()) values.begins.push_back(0);
  const Index moved = values.begins.back() - taken.begin;
  for (Index r = taken_.begin + 1; r <= taken_.end; ++r) {
    values.begins.push_back(begins[to_size(r)] + moved);
  }
  const auto* const indices = reinterpret_cast<const std::uint32_t*>(bytes_ + parts_.indices);
  const auto* const numbers = reinterpret_cast<const double*>(bytes_ + parts_.numbers);
  values.columns.insert(values.columns.end(), indices + taken.begin, indices + taken.end);
  values.numbers.insert(values.numbers.end(), numbers + taken.begin, numbers + taken.end);
}

/// Notes what is needed to find the cells of rows in the file, and which have no column.
/// @param begins  as of keep_sparse
void PartReader::look_at_sparse(const std::vector<Index>& begins) {
  for (Index r = 0; taken_.begin == 0 && r < rows_.size(); r += SparseRowLayout::kStep) {
    part_.begins.push_back(begins[to_size(r)]);
  }
  const auto* const indices = reinterpret_cast<const std::uint32_t*>(bytes_ + parts_.indices);
  for (Index r = taken_.begin; r < taken_.end; ++r) {
    const auto* const end = indices + begins[to_size(r) + 1];
    const auto* const beyond =
        std::lower_bound(indices + begins[to_size(r)], end, how_.index_base + how_.width);
    if (beyond == end) continue;
    if (part_.left_out.cells == 0) {
      part_.left_out.row = rows_.begin + r - first_row_;
      part_.left_out.index = *beyond;
    }
    part_.left_out.cells += end - beyond;
  }
}

void PartReader::read(Range rows) {
  reserve(rows.size());
  first_row_ = rows.begin;
  Index begin = blocks_begin_;
  for (Index b = 0; b < static_cast<Index>(header_.blocks.size()) && !wrong_; ++b) {
    const Range of_block = header_.rows_of(b);
    if (of_block.begin >= rows.end) break;
    if (of_block.end > rows.begin) {
      load(b, begin);
      taken_ = {std::max(rows.begin, of_block.begin) - of_block.begin,
                std::min(rows.end, of_block.end) - of_block.begin};
      check_cells();
      if (header_.byte_columns > 0) {
        if (!how_.mapped) take_bytes();
      } else if (header_.sparse) {
        take_sparse();
      } else {
        take_numbers();
      }
      take_target();
    }
    begin += header_.blocks[to_size(b)].bytes;
  }
  part_.bytes_read = file_.bytes_read();
  if (!wrong_) return;
  const std::string place =
      wrong_->column ? places_.of(wrong_->row, *wrong_->column) : places_.of(wrong_->row);
  part_.failure = fmt::format("{}: {}", place, wrong_->problem);
}

}  // namespace

LsdPart read_lsd_part(const LsdFile& lsd, Range rows, const RowPlaces& places, LsdColumns& how) {
  LsdPart part;
  if (how.mapped) part.codes.resize(how.columns_of.size());
  if (!rows.empty()) {
    PartReader(lsd, places, how, part).read(rows);
  } else if (lsd.header.byte_columns > 0) {
    part.values.emplace<Table::ByteValues>();
  } else if (lsd.header.sparse) {
    part.values.emplace<SparseValues>();
  }
  return part;
}

}  // namespace lockstep
