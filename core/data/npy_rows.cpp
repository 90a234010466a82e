#include "core/data/npy_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/finite.hpp"
#include "core/base/options.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

/// Rows are read in blocks that stay in a cache until they are converted.
constexpr Index kBlockBytes = Index{1} << 20;
constexpr Index kBlockCells = Index{1} << 19;
/// In Fortran order a block is a piece of each column, which is worth a system call.
constexpr Index kLeastPiece = 2048;
constexpr Index kLargestPiece = Index{1} << 16;

/// Neighbouring columns that become neighbouring features.
struct Run {
  Index column;
  Index feature;
  Index count;
};

/// A cell that cannot be read.
struct WrongCell {
  Index column;  ///< in the file
  std::string problem;
  bool is_of_row = true;  ///< otherwise of what all rows, or the model's, have
};

std::string found_text(double x) { return std::isnan(x) ? "nan" : format_real(x); }

/// Turns the rows of one array into those of a part, a block at a time.
class ArrayReader {
 public:
  /// @param before  number of the first row that is read among those of the part
  ArrayReader(const NpyArray& array, NpyColumns& how, const BadRowRules& rules, Index before,
              NpyPart& part)
      : array_(array),
        how_(how),
        rules_(rules),
        part_(part),
        columns_(how.columns),
        features_(static_cast<Index>(columns_.schema.feature_names.size())),
        file_(array.file),
        number_(before),
        values_(features_ > 0 ? part.values.data() + before * features_ : nullptr),
        target_(part.target.empty() ? nullptr : part.target.data() + before) {
    for (Index c = 0; c < array.columns(); ++c) {
      const Index use = use_of(c);
      if (use == CsvColumns::kSkipped) continue;
      used_.push_back(c);
      if (use == CsvColumns::kTarget || how.is_category(use)) {
        alone_.push_back(c);
      } else if (!runs_.empty() && runs_.back().column + runs_.back().count == c &&
                 runs_.back().feature + runs_.back().count == use) {
        ++runs_.back().count;
      } else {
        runs_.push_back({c, use, 1});
      }
    }
  }

  /// Reads rows of the file. Returns false at the first failure.
  bool read(Range rows) {
    const Index step = block_rows();
    for (Index begin = rows.begin; begin < rows.end; begin += step) {
      block_ = {begin, std::min(begin + step, rows.end)};
      wrong_.clear();
      if (array_.header.fortran_order) {
        read_columns();
      } else {
        read_rows();
      }
      if (is_real(array_.header.type)) find_not_finite();
      for (const auto& [row, cell] : wrong_) {
        if (!take_wrong(row, cell)) return false;
      }
      number_ += block_.size();
      if (values_ != nullptr) values_ += block_.size() * features_;
      if (target_ != nullptr) target_ += block_.size();
    }
    return true;
  }

  Index bytes_read() const { return file_.bytes_read(); }

 private:
  Index use_of(Index column) const { return columns_.use[static_cast<std::size_t>(column)]; }
  const std::string& name_of(Index column) const {
    return columns_.names[static_cast<std::size_t>(column)];
  }

  Index block_rows() const {
    if (array_.header.fortran_order) {
      const auto used = std::max<Index>(static_cast<Index>(used_.size()), 1);
      return std::clamp(kBlockCells / used, kLeastPiece, kLargestPiece);
    }
    return std::max<Index>(kBlockBytes / (array_.columns() * array_.item_size()), 1);
  }

  /// Fills the buffer with elements, of which the first has this number in the file.
  const std::byte* fetch(Index first, Index count) {
    buffer_.resize(static_cast<std::size_t>(count * array_.item_size()));
    file_.read_at(array_.header.data_begin + first * array_.item_size(),
                  std::span<std::byte>(buffer_));
    return buffer_.data();
  }

  void read_columns() {
    for (const Index c : used_) {
      take_column(c, fetch(c * array_.header.shape[0] + block_.begin, block_.size()), 1);
    }
  }

  void read_rows() {
    const Index width = array_.columns();
    const std::byte* elements = fetch(block_.begin * width, block_.size() * width);
    for (const Run& run : runs_) take_run(run, elements);
    for (const Index c : alone_) {
      take_column(c, elements + c * array_.item_size(), width);
    }
  }

  void take_run(const Run& run, const std::byte* elements) {
    const Index width = array_.columns();
    if (run.count == width && run.count == features_) {
      return read_npy_numbers(array_.header.type, elements, 1, block_.size() * width, values_, 1);
    }
    for (Index r = 0; r < block_.size(); ++r) {
      const std::byte* from = elements + (r * width + run.column) * array_.item_size();
      read_npy_numbers(array_.header.type, from, 1, run.count,
                       values_ + r * features_ + run.feature, 1);
    }
  }

  /// One column of the block, whose elements lie `stride` apart.
  void take_column(Index column, const std::byte* elements, Index stride) {
    const Index use = use_of(column);
    if (use == CsvColumns::kTarget) {
      if (columns_.schema.target_kind == TargetKind::classes) {
        take_texts(column, elements, stride, target_, 1);
      } else {
        read_npy_numbers(array_.header.type, elements, stride, block_.size(), target_, 1);
      }
    } else if (how_.is_category(use)) {
      take_texts(column, elements, stride, values_ + use, features_);
    } else {
      read_npy_numbers(array_.header.type, elements, stride, block_.size(), values_ + use,
                       features_);
    }
  }

  /// A row of the block that is left out.
  bool is_left_out(Index r) const {
    const std::vector<BadRow>& known = rules_.known();
    const auto at =
        std::lower_bound(known.begin(), known.end(), number_ + r,
                         [](const BadRow& row, Index number) { return row.number < number; });
    return at != known.end() && at->number == number_ + r;
  }

  /// Keeps the first wrong cell of each row of the block. Returns whether others are of interest.
  bool keep_wrong(Index r, WrongCell cell) {
    const auto [at, is_new] = wrong_.try_emplace(block_.begin + r, cell);
    if (!is_new && cell.column < at->second.column) at->second = std::move(cell);
    return rules_.leaves_out();
  }

  /// Leaves the row out, or makes its wrong cell the failure and returns false.
  bool take_wrong(Index row, const WrongCell& cell) {
    const std::string column = array_.columns() > 1 ? fmt::format(", {}", cell.column) : "";
    std::string place = fmt::format("{}[{}{}]", array_.file.path, row, column);
    if (!rules_.leaves_out() || !cell.is_of_row) {
      part_.failure = place + ": " + cell.problem;
      return false;
    }
    part_.bad_rows.push_back(
        {number_ + row - block_.begin, std::move(place), cell.problem, text_of_row(row)});
    return true;
  }

  /// The numbers of a row of the file: "1, nan, 0.5".
  std::string text_of_row(Index row) {
    const Index width = array_.columns();
    const bool by_columns = array_.header.fortran_order;
    const std::byte* element = by_columns ? nullptr : fetch(row * width, width);
    std::string text;
    for (Index c = 0; c < width; ++c, element += array_.item_size()) {
      if (by_columns) element = fetch(c * array_.header.shape[0] + row, 1);
      text += (c == 0 ? "" : ", ") + npy_text(array_.header.type, element);
    }
    return text;
  }

  /// Classes or categories.
  void take_texts(Index column, const std::byte* elements, Index stride, double* to,
                  Index to_stride) {
    for (Index r = 0; r < block_.size(); ++r) {
      if (is_left_out(r)) continue;
      const std::string text =
          npy_text(array_.header.type, elements + r * stride * array_.item_size());
      WrongCell wrong{column, ""};
      const bool is_class = use_of(column) == CsvColumns::kTarget;
      to[r * to_stride] = is_class ? class_code(text, wrong) : category_code(text, wrong);
      if (!wrong.problem.empty() && !keep_wrong(r, std::move(wrong))) return;
    }
  }

  WrongCell unknown(Index column, const char* what, const std::string& text) const {
    return {column,
            fmt::format("{} {} in column {} does not occur in the training data", what,
                        quoted(text), quoted(name_of(column))),
            false};
  }

  double class_code(const std::string& text, WrongCell& wrong) {
    const Index column = wrong.column;
    if (!is_number(text)) {
      wrong.problem = not_finite(column, text, false);
      return 0;
    }
    const std::optional<Index> code = how_.labels.code(text);
    if (!code) {
      wrong = unknown(column, "class", text);
      return 0;
    }
    if (how_.labels.too_many()) {
      throw DataError(array_.file.path + ": " + too_many_classes(name_of(column)));
    }
    return static_cast<double>(*code);
  }

  double category_code(const std::string& text, WrongCell& wrong) {
    const Index column = wrong.column;
    const bool missing = text == "nan";
    const bool takes_missing = how_.takes_missing(use_of(column));
    if (missing ? !takes_missing : !is_number(text)) {
      wrong.problem = not_finite(column, text, takes_missing);
      return 0;
    }
    CsvTypedColumn& typed = how_.typed[static_cast<std::size_t>(use_of(column))];
    const std::optional<double> code = typed.value(missing ? "" : text);
    if (typed.too_many()) {
      throw DataError(array_.file.path + ": " + too_many_categories(name_of(column)));
    }
    if (!code) wrong = unknown(column, "category", text);
    return code.value_or(std::numeric_limits<double>::quiet_NaN());
  }

  static bool is_number(const std::string& text) {
    return text != "nan" && text != "inf" && text != "-inf";
  }

  std::string not_finite(Index column, const std::string& found, bool may_be_missing) const {
    const Index use = use_of(column);
    const bool has_hint = found == "nan" && !may_be_missing && use >= 0;
    return fmt::format("expected a finite number{} in column {}, found {}{}",
                       may_be_missing ? " or nan" : "", quoted(name_of(column)), found,
                       has_hint ? columns_.rules[static_cast<std::size_t>(use)].missing_hint : "");
  }

  /// Cells of the block that are no number though they have to be one.
  void find_not_finite() {
    const auto rows = static_cast<std::size_t>(block_.size());
    const std::span<const double> values(values_, rows * static_cast<std::size_t>(features_));
    const std::span<const double> target(target_, target_ == nullptr ? 0 : rows);
    if (all_finite<double>(values) && all_finite<double>(target)) return;
    for (Index r = 0; r < block_.size(); ++r) {
      if (is_left_out(r)) continue;
      for (const Index c : used_) {
        const Index use = use_of(c);
        const bool is_target = use == CsvColumns::kTarget;
        const double x = is_target ? target_[r] : values_[r * features_ + use];
        const bool may_be_missing = is_target ? how_.missing_target : how_.takes_missing(use);
        if (std::isfinite(x) || (may_be_missing && std::isnan(x))) continue;
        if (!keep_wrong(r, {c, not_finite(c, found_text(x), may_be_missing)})) return;
        break;
      }
    }
  }

  const NpyArray& array_;
  NpyColumns& how_;
  const BadRowRules& rules_;
  NpyPart& part_;
  const CsvColumns& columns_;
  Index features_;
  RangeFile file_;
  Index number_;    ///< of the block's first row among those of the part
  double* values_;  ///< of the block, as target_; null where there are none
  double* target_;
  std::vector<Index> used_;   ///< the columns that are read
  std::vector<Run> runs_;     ///< of those, the features that are numbers
  std::vector<Index> alone_;  ///< and the others
  Range block_;               ///< rows of the file
  std::vector<std::byte> buffer_;
  std::map<Index, WrongCell> wrong_;  ///< by row of the file: the first of each in the block
};

}  // namespace

NpyPart read_npy_part(const std::vector<NpyArray>& arrays, Range rows, NpyColumns& how,
                      const BadRowRules& bad_rows) {
  NpyPart part;
  const auto features = static_cast<Index>(how.columns.schema.feature_names.size());
  const bool has_target = std::find(how.columns.use.begin(), how.columns.use.end(),
                                    CsvColumns::kTarget) != how.columns.use.end();
  part.values.resize(static_cast<std::size_t>(rows.size() * features));
  if (has_target) part.target.resize(static_cast<std::size_t>(rows.size()));
  for (const NpyArray& array : arrays) {
    const Range mine{std::clamp(rows.begin, array.rows.begin, array.rows.end),
                     std::clamp(rows.end, array.rows.begin, array.rows.end)};
    if (mine.empty()) continue;
    ArrayReader reader(array, how, bad_rows, mine.begin - rows.begin, part);
    const bool whole = reader.read({mine.begin - array.rows.begin, mine.end - array.rows.begin});
    part.bytes_read += reader.bytes_read();
    if (!whole) break;
  }
  return part;
}

void remove_bad_rows(const BadRowRules& bad_rows, Index rows, NpyPart& part) {
  if (bad_rows.known().empty()) return;
  const auto keep = [&](auto& numbers) {
    const auto width = static_cast<std::ptrdiff_t>(numbers.size()) / rows;
    BadRowWalk walk(bad_rows);
    auto end = numbers.begin();
    for (auto row = numbers.begin(); row != numbers.end(); row += width) {
      if (!walk.next_is_bad()) end = std::copy(row, row + width, end);
    }
    numbers.resize(static_cast<std::size_t>(end - numbers.begin()));
  };
  if (!part.values.empty()) keep(part.values);
  if (!part.target.empty()) keep(part.target);
}

}  // namespace lockstep
