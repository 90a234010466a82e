#include "core/data/csv_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/csv_lines.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

struct RowProblem {
  Index column;
  std::string text;
};

/// Turns lines into numbers at the end of a part.
class RowParser {
 public:
  RowParser(const CsvColumns& columns, ClassLabels& labels, std::vector<CsvTypedColumn>& typed,
            CsvPart& part)
      : columns_(columns),
        labels_(labels),
        typed_(typed),
        part_(part),
        features_(columns.schema.feature_names.size()) {}

  std::optional<RowProblem> parse(std::string_view line);

  /// Makes room for the rows of `bytes` bytes that are like `line`.
  void reserve_like(std::string_view line, Index bytes);

 private:
  std::optional<RowProblem> parse_number(std::size_t column, double& out) const;
  std::optional<RowProblem> parse_typed(std::size_t column, CsvTypedColumn& typed, double& out);
  std::optional<RowProblem> parse_target(std::size_t column, double& out);
  static RowProblem problem(std::size_t column, std::string text) {
    return {static_cast<Index>(column), std::move(text)};
  }
  RowProblem not_utf8(std::size_t column, const char* what) const {
    return problem(column, fmt::format("{} {} in column {} is not UTF-8; convert the file", what,
                                       quoted(fields_[column].text), name(column)));
  }
  RowProblem missing(std::size_t column) const {
    return problem(column, "missing value in column " + name(column));
  }
  std::string name(std::size_t column) const { return quoted(columns_.names[column]); }

  const CsvColumns& columns_;
  ClassLabels& labels_;
  std::vector<CsvTypedColumn>& typed_;  ///< by feature, or empty
  CsvPart& part_;
  std::size_t features_;
  std::vector<CsvField> fields_;
  CsvFieldSplitter splitter_;
};

void RowParser::reserve_like(std::string_view line, Index bytes) {
  const std::size_t rows = static_cast<std::size_t>(bytes) / (line.size() + 1) + 1;
  part_.values.reserve(rows * features_);
  if (columns_.schema.target_kind != TargetKind::none) part_.target.reserve(rows);
}

std::optional<RowProblem> RowParser::parse_number(std::size_t column, double& out) const {
  const std::string_view text = fields_[column].text;
  if (parse_csv_number(text, out)) return std::nullopt;
  if (text.empty()) return missing(column);
  return problem(
      column, fmt::format("expected a number in column {}, found {}", name(column), quoted(text)));
}

std::optional<RowProblem> RowParser::parse_typed(std::size_t column, CsvTypedColumn& typed,
                                                 double& out) {
  const std::string_view text = fields_[column].text;
  if (text.empty() && columns_.refuses_missing) return missing(column);
  const std::optional<double> value = typed.value(text);
  if (!value) return parse_number(column, out);  // which says what was expected
  if (!is_utf8(text)) return not_utf8(column, "text");
  if (typed.too_many()) return problem(column, too_many_categories(columns_.names[column]));
  out = *value;
  return std::nullopt;
}

std::optional<RowProblem> RowParser::parse_target(std::size_t column, double& out) {
  if (columns_.schema.target_kind == TargetKind::number) return parse_number(column, out);
  const std::string_view label = fields_[column].text;
  if (label.empty()) return missing(column);
  if (!is_utf8(label)) return not_utf8(column, "class");
  const std::optional<Index> code = labels_.code(label);
  if (!code) {
    return problem(column, fmt::format("class {} in column {} does not occur in the training data",
                                       quoted(label), name(column)));
  }
  if (labels_.too_many()) return problem(column, too_many_classes(columns_.names[column]));
  out = static_cast<double>(*code);
  return std::nullopt;
}

std::optional<RowProblem> RowParser::parse(std::string_view line) {
  if (const auto error = splitter_.split(line, fields_)) {
    std::string problem = error->problem;
    if (error->column < static_cast<Index>(columns_.names.size())) {
      problem += " in column " + name(static_cast<std::size_t>(error->column));
    }
    return RowProblem{error->column, problem + ", found " + quoted(error->found)};
  }
  if (fields_.size() != columns_.names.size()) {
    return RowProblem{-1, fmt::format("expected {} fields as in the header, found {}",
                                      columns_.names.size(), fields_.size())};
  }
  const std::size_t begin = part_.values.size();
  part_.values.resize(begin + features_);
  double* row = part_.values.data() + begin;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Index use = columns_.use[i];
    if (use == CsvColumns::kSkipped) continue;
    std::optional<RowProblem> problem;
    if (use == CsvColumns::kTarget) {
      double target = 0;
      problem = parse_target(i, target);
      part_.target.push_back(target);
    } else if (typed_.empty()) {
      problem = parse_number(i, row[use]);
    } else {
      problem = parse_typed(i, typed_[static_cast<std::size_t>(use)], row[use]);
    }
    if (problem) return problem;
  }
  ++part_.rows;
  return std::nullopt;
}

/// Reads one piece; returns false at the first wrong line.
bool read_piece(const CsvPiece& piece, RangeFile& file, RowParser& parser, Index bytes_left,
                CsvPart& part) {
  part.pieces.push_back({piece.file, 0, 0, -1});
  CsvPieceCount& count = part.pieces.back();
  CsvLineReader lines(file, piece.bytes, piece.body_begin);
  const auto fail = [&](Index line, Index column, const std::string& problem) {
    part.failure = CsvFailure{piece.file, line, column, problem};
    return false;
  };
  std::string_view line;
  for (;;) {
    try {
      if (!lines.next(line)) break;
    } catch (const DataError& too_long) {
      ++count.rows;
      return fail(lines.line_index(), -1, too_long.what());
    }
    if (is_blank_line(line)) {
      if (count.blank_line < 0) count.blank_line = lines.line_index();
      continue;
    }
    ++count.rows;
    if (count.blank_line >= 0) return fail(count.blank_line, -1, "blank line between rows");
    if (const auto problem = parser.parse(line)) {
      return fail(lines.line_index(), problem->column, problem->text);
    }
    if (part.rows == 1) parser.reserve_like(line, bytes_left);
  }
  count.newlines = lines.newlines();
  return true;
}

}  // namespace

CsvPart read_csv_part(const std::vector<InputFile>& files, const std::vector<CsvPiece>& pieces,
                      const CsvColumns& columns, ClassLabels& labels,
                      std::vector<CsvTypedColumn>& typed) {
  CsvPart part;
  RowParser parser(columns, labels, typed, part);
  Index bytes_left = 0;
  for (const CsvPiece& piece : pieces) bytes_left += piece.bytes.size();
  for (const CsvPiece& piece : pieces) {
    RangeFile file(files[static_cast<std::size_t>(piece.file)]);
    const bool whole = read_piece(piece, file, parser, bytes_left, part);
    part.bytes_read += file.bytes_read();
    bytes_left -= piece.bytes.size();
    if (!whole) break;
  }
  return part;
}

}  // namespace lockstep
