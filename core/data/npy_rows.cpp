#include "core/data/npy_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

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

/// A cell that cannot be read; row and column in the file.
struct WrongCell {
  Index row;
  Index column;
  std::string problem;
};

void keep_first(std::optional<WrongCell>& first, std::optional<WrongCell> other) {
  if (!other) return;
  if (first && std::pair(first->row, first->column) <= std::pair(other->row, other->column)) return;
  first = std::move(other);
}

std::string found_text(double x) { return std::isnan(x) ? "nan" : format_real(x); }

/// Turns the rows of one array into those of a part, a block at a time.
class ArrayReader {
 public:
  /// @param values, target  of the first row that is read
  ArrayReader(const NpyArray& array, NpyColumns& how, double* values, double* target)
      : array_(array),
        how_(how),
        columns_(how.columns),
        features_(static_cast<Index>(columns_.schema.feature_names.size())),
        file_(array.file),
        values_(values),
        target_(target) {
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

  /// Reads rows of the file up to the first with a wrong cell, which is returned.
  std::optional<WrongCell> read(Range rows) {
    const Index step = block_rows();
    for (Index begin = rows.begin; begin < rows.end; begin += step) {
      block_ = {begin, std::min(begin + step, rows.end)};
      wrong_.reset();
      if (array_.header.fortran_order) {
        read_columns();
      } else {
        read_rows();
      }
      if (is_real(array_.header.type)) keep_first(wrong_, find_not_finite());
      if (wrong_) return std::move(wrong_);
      if (values_ != nullptr) values_ += block_.size() * features_;
      if (target_ != nullptr) target_ += block_.size();
    }
    return std::nullopt;
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
        keep_first(wrong_, take_texts(column, elements, stride, target_, 1));
      } else {
        read_npy_numbers(array_.header.type, elements, stride, block_.size(), target_, 1);
      }
    } else if (how_.is_category(use)) {
      keep_first(wrong_, take_texts(column, elements, stride, values_ + use, features_));
    } else {
      read_npy_numbers(array_.header.type, elements, stride, block_.size(), values_ + use,
                       features_);
    }
  }

  /// Classes or categories.
  std::optional<WrongCell> take_texts(Index column, const std::byte* elements, Index stride,
                                      double* to, Index to_stride) {
    for (Index r = 0; r < block_.size(); ++r) {
      const std::string text =
          npy_text(array_.header.type, elements + r * stride * array_.item_size());
      std::string problem;
      const bool is_class = use_of(column) == CsvColumns::kTarget;
      to[r * to_stride] =
          is_class ? class_code(column, text, problem) : category_code(column, text, problem);
      if (!problem.empty()) return WrongCell{block_.begin + r, column, problem};
    }
    return std::nullopt;
  }

  double class_code(Index column, const std::string& text, std::string& problem) {
    if (!is_number(text)) {
      problem = not_finite(column, text, false);
      return 0;
    }
    const std::optional<Index> code = how_.labels.code(text);
    if (!code) {
      problem = fmt::format("class {} in column {} does not occur in the training data",
                            quoted(text), quoted(name_of(column)));
      return 0;
    }
    if (how_.labels.too_many()) {
      throw DataError(array_.file.path + ": " + too_many_classes(name_of(column)));
    }
    return static_cast<double>(*code);
  }

  double category_code(Index column, const std::string& text, std::string& problem) {
    const bool missing = text == "nan";
    const bool takes_missing = how_.takes_missing(use_of(column));
    if (missing ? !takes_missing : !is_number(text)) {
      problem = not_finite(column, text, takes_missing);
      return 0;
    }
    CsvTypedColumn& typed = how_.typed[static_cast<std::size_t>(use_of(column))];
    const std::optional<double> code = typed.value(missing ? "" : text);
    if (typed.too_many()) {
      throw DataError(array_.file.path + ": " + too_many_categories(name_of(column)));
    }
    if (!code) {
      problem = fmt::format("category {} in column {} does not occur in the training data",
                            quoted(text), quoted(name_of(column)));
    }
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

  /// The first cell of the block, in row order, that is no number though it has to be one.
  std::optional<WrongCell> find_not_finite() const {
    const auto rows = static_cast<std::size_t>(block_.size());
    const std::span<const double> values(values_, rows * static_cast<std::size_t>(features_));
    const std::span<const double> target(target_, target_ == nullptr ? 0 : rows);
    if (all_finite(values) && all_finite(target)) return std::nullopt;
    for (Index r = 0; r < block_.size(); ++r) {
      for (const Index c : used_) {
        const Index use = use_of(c);
        const bool is_target = use == CsvColumns::kTarget;
        const double x = is_target ? target_[r] : values_[r * features_ + use];
        const bool may_be_missing = is_target ? how_.missing_target : how_.takes_missing(use);
        if (std::isfinite(x) || (may_be_missing && std::isnan(x))) continue;
        return WrongCell{block_.begin + r, c, not_finite(c, found_text(x), may_be_missing)};
      }
    }
    return std::nullopt;
  }

  const NpyArray& array_;
  NpyColumns& how_;
  const CsvColumns& columns_;
  Index features_;
  RangeFile file_;
  double* values_;  ///< of the block, as target_; null where there are none
  double* target_;
  std::vector<Index> used_;   ///< the columns that are read
  std::vector<Run> runs_;     ///< of those, the features that are numbers
  std::vector<Index> alone_;  ///< and the others
  Range block_;               ///< rows of the file
  std::vector<std::byte> buffer_;
  std::optional<WrongCell> wrong_;  ///< the first of the block
};

}  // namespace

NpyPart read_npy_part(const std::vector<NpyArray>& arrays, Range rows, NpyColumns& how) {
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
    const Index before = mine.begin - rows.begin;
    ArrayReader reader(array, how, features > 0 ? part.values.data() + before * features : nullptr,
                       has_target ? part.target.data() + before : nullptr);
    const auto wrong = reader.read({mine.begin - array.rows.begin, mine.end - array.rows.begin});
    part.bytes_read += reader.bytes_read();
    if (!wrong) continue;
    const std::string column = array.columns() > 1 ? fmt::format(", {}", wrong->column) : "";
    part.failure = fmt::format("{}[{}{}]: {}", array.file.path, wrong->row, column, wrong->problem);
    break;
  }
  return part;
}

}  // namespace lockstep
