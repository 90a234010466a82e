#include "core/data/csv_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/large_pages.hpp"
#include "core/base/utf8.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/csv_records.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

struct RowProblem {
  Index column;  ///< from 0; −1 for all of the row
  std::string text;
  std::size_t begin;  ///< of the field, in the record
  /// What is wrong: the cells of the row, its quotes, so that it may not end where it seems to, or
  /// what all rows or the model's have in a column.
  enum class Of { row, quotes, column } of = Of::row;
};

/// Turns records into numbers at the end of a part.
class RowParser {
 public:
  RowParser(const CsvColumns& columns, char delimiter, ClassLabels& labels,
            std::vector<CsvTypedColumn>& typed, CsvPart& part)
      : columns_(columns),
        labels_(labels),
        typed_(typed),
        part_(part),
        features_(columns.schema.feature_names.size()),
        reader_(delimiter),
        numbers_from_(columns.names.size()) {
    // A text that means a missing cell may look like a number.
    if (!typed.empty() || !columns.missing.empty()) return;
    for (std::size_t i = columns.use.size(); i-- > 0;) {
      const Index use = columns.use[i];
      if (use < 0) continue;
      const bool goes_on = i + 1 < columns.use.size() && columns.use[i + 1] == use + 1;
      numbers_from_[i] = 1 + (goes_on ? numbers_from_[i + 1] : 0);
    }
  }

  /// Takes one more row, or says why it is none.
  std::optional<RowProblem> parse(std::string_view record);

  /// Makes room for so many rows.
  void reserve(Index rows);

 private:
  std::optional<RowProblem> parse_fields();
  std::optional<RowProblem> parse_field(std::size_t i, std::span<double> row);
  std::optional<RowProblem> parse_number(std::size_t column, double& out) const;
  std::optional<RowProblem> parse_feature_number(std::size_t column, std::size_t feature,
                                                 double& out) const;
  std::optional<RowProblem> parse_typed(std::size_t column, std::size_t feature, double& out);
  std::optional<RowProblem> parse_target(std::size_t column, double& out);
  std::optional<RowProblem> problem_of_all(std::string_view record) const;
  RowProblem problem(std::size_t column, std::string text) const {
    return {static_cast<Index>(column), std::move(text), field_.begin};
  }
  RowProblem of_column(std::size_t column, std::string text) const {
    return {static_cast<Index>(column), std::move(text), field_.begin, RowProblem::Of::column};
  }
  RowProblem unknown(std::size_t column, const char* what) const {
    return of_column(column, fmt::format("{} {} in column {} does not occur in the training data",
                                         what, quoted(field_.text), name(column)));
  }
  RowProblem not_utf8(std::size_t column, const char* what) const {
    return problem(column, fmt::format("{} {} in column {} is not UTF-8; convert the file", what,
                                       quoted(field_.text), name(column)));
  }
  RowProblem missing(std::size_t column) const {
    const bool is_last = column + 1 == columns_.names.size();
    return problem(column, fmt::format("missing value in column {}{}", name(column),
                                       is_last ? columns_.header_hint : ""));
  }
  std::string name(std::size_t column) const { return quoted(columns_.names[column]); }

  const CsvColumns& columns_;
  ClassLabels& labels_;
  std::vector<CsvTypedColumn>& typed_;  ///< by feature, or empty
  CsvPart& part_;
  std::size_t features_;
  CsvFieldReader reader_;
  /// Per column: so many from it on are features that follow on each other, and numbers.
  std::vector<std::size_t> numbers_from_;
  CsvField field_;  ///< the last one taken
};

void RowParser::reserve(Index rows) {
  const auto room = static_cast<std::size_t>(rows);
  part_.values.reserve(room * features_);
  if (columns_.schema.target_kind != TargetKind::none) part_.target.reserve(room);
}

std::optional<RowProblem> RowParser::parse_number(std::size_t column, double& out) const {
  const std::string_view text = field_.text;
  if (parse_csv_number(text, out)) return std::nullopt;
  if (text.empty()) return missing(column);
  // The class may stand before a last column that was taken for the target.
  const bool last_is_target = columns_.use.back() == CsvColumns::kTarget;
  return problem(column, fmt::format("expected a number in column {}, found {}{}", name(column),
                                     quoted(text), last_is_target ? columns_.header_hint : ""));
}

/// A feature's number; what is wrong with it ends with what could be done.
std::optional<RowProblem> RowParser::parse_feature_number(std::size_t column, std::size_t feature,
                                                          double& out) const {
  std::optional<RowProblem> problem = parse_number(column, out);
  if (!problem) return std::nullopt;
  const bool has_hint =
      !columns_.header_hint.empty() && problem->text.ends_with(columns_.header_hint);
  const CsvFeatureRules& rules = columns_.rules[feature];
  if (!has_hint) problem->text += field_.text.empty() ? rules.missing_hint : rules.text_hint;
  return problem;
}

std::optional<RowProblem> RowParser::parse_typed(std::size_t column, std::size_t feature,
                                                 double& out) {
  const std::string_view text = field_.text;
  if (text.empty() && !columns_.rules[feature].takes_missing) {
    return parse_feature_number(column, feature, out);  // which says that it is missing
  }
  CsvTypedColumn& typed = typed_[feature];
  const std::optional<double> value = typed.value(text);
  if (!value && !typed.is_categories()) return parse_feature_number(column, feature, out);
  if (!is_utf8(text)) return not_utf8(column, "text");
  if (!value) return unknown(column, "category");
  if (typed.too_many()) return of_column(column, too_many_categories(columns_.names[column]));
  out = *value;
  return std::nullopt;
}

std::optional<RowProblem> RowParser::parse_target(std::size_t column, double& out) {
  if (columns_.schema.target_kind == TargetKind::number) return parse_number(column, out);
  const std::string_view label = field_.text;
  if (label.empty()) return missing(column);
  if (!is_utf8(label)) return not_utf8(column, "class");
  const std::optional<Index> code = labels_.code(label);
  if (!code) return unknown(column, "class");
  if (labels_.too_many()) return of_column(column, too_many_classes(columns_.names[column]));
  out = static_cast<double>(*code);
  return std::nullopt;
}

/// What is wrong with the fields of a record, whatever they should be.
std::optional<RowProblem> RowParser::problem_of_all(std::string_view record) const {
  CsvFieldReader reader = reader_;
  std::vector<CsvField> fields;
  if (const auto error = reader.take_all(record, fields)) {
    std::string text = error->problem;
    if (error->column < static_cast<Index>(columns_.names.size())) {
      text += " in column " + name(static_cast<std::size_t>(error->column));
    }
    return RowProblem{error->column, text + ", found " + quoted(error->found), error->begin,
                      RowProblem::Of::quotes};
  }
  if (fields.size() == columns_.names.size()) return std::nullopt;
  return RowProblem{-1,
                    fmt::format("expected {} fields as in {}, found {}{}", columns_.names.size(),
                                columns_.has_header ? "the header" : "the first row", fields.size(),
                                columns_.header_hint),
                    0, RowProblem::Of::row};
}

/// Takes the fields that the reader is at; stops at the first problem.
std::optional<RowProblem> RowParser::parse_fields() {
  const RowProblem irregular{-1, "", 0, RowProblem::Of::row};
  const std::size_t begin = part_.values.size();
  part_.values.resize(begin + features_);
  const std::span<double> row = std::span(part_.values).subspan(begin);
  for (std::size_t i = 0; i < columns_.use.size();) {
    const auto use = static_cast<std::size_t>(columns_.use[i]);
    if (numbers_from_[i] > 0) {
      const std::size_t taken = reader_.take_numbers(row.subspan(use, numbers_from_[i]));
      i += taken;
      if (taken > 0) continue;
    }
    if (!reader_.has_next() || reader_.take(field_)) return irregular;
    if (auto problem = parse_field(i, row)) return problem;
    ++i;
  }
  if (reader_.has_next()) return irregular;
  ++part_.rows;
  return std::nullopt;
}

/// Takes the value of column i from its field.
std::optional<RowProblem> RowParser::parse_field(std::size_t i, std::span<double> row) {
  const Index use = columns_.use[i];
  if (use == CsvColumns::kSkipped) return std::nullopt;
  if (columns_.is_missing(field_.text)) field_.text = {};
  if (use == CsvColumns::kTarget) return parse_target(i, part_.target.emplace_back());
  const auto feature = static_cast<std::size_t>(use);
  if (typed_.empty()) return parse_feature_number(i, feature, row[feature]);
  return parse_typed(i, feature, row[feature]);
}

std::optional<RowProblem> RowParser::parse(std::string_view record) {
  reader_.begin(record);
  std::optional<RowProblem> problem = parse_fields();
  if (!problem) return std::nullopt;
  // That the record as a whole is wrong says more than that one of its fields is.
  std::optional<RowProblem> of_all = problem_of_all(record);
  return of_all ? of_all : problem;
}

/// Reads the pieces of a part one after another.
class PartReader {
 public:
  PartReader(RowParser& parser, char delimiter, const BadRowRules& rules, CsvPart& part)
      : parser_(parser), delimiter_(delimiter), rules_(rules), rows_(rules), part_(part) {}

  /// Returns false at the first failure.
  bool read(const CsvPiece& piece, RangeFile& file);

 private:
  bool fail(Index line, Index column, const std::string& problem) {
    part_.failure = CsvFailure{part_.pieces.back().file, line, column, problem};
    return false;
  }
  bool take(const CsvRecord& record, Index line, const std::string& path);

  RowParser& parser_;
  char delimiter_;
  const BadRowRules& rules_;
  BadRowWalk rows_;
  CsvPart& part_;
};

/// Takes the row of a record that begins in this line; false when it is a failure.
bool PartReader::take(const CsvRecord& record, Index line, const std::string& path) {
  const auto problem = parser_.parse(record.text);
  if (!problem) return true;
  const std::string_view before = record.text.substr(0, problem->begin);
  const Index problem_line = line + std::count(before.begin(), before.end(), '\n');
  const bool ends_here = record.is_closed && record.text.find('\n') == std::string_view::npos;
  const bool is_of_row =
      problem->of == RowProblem::Of::row || (problem->of == RowProblem::Of::quotes && ends_here);
  if (!rules_.leaves_out() || !is_of_row) {
    return fail(problem_line, problem->column, problem->text);
  }
  part_.bad_rows.push_back({rows_.number(), csv_place(path, problem_line, problem->column),
                            problem->text, std::string(record.text)});
  return true;
}

bool PartReader::read(const CsvPiece& piece, RangeFile& file) {
  part_.pieces.push_back({piece.file, 0, -1});
  CsvPieceCount& count = part_.pieces.back();
  CsvRecordReader records(file, piece.bytes, piece.body_begin, piece.begins_quoted);
  CsvRecord record;
  for (;;) {
    try {
      if (!records.next(record)) return true;
    } catch (const DataError& too_long) {
      ++count.rows;
      return fail(piece.line + records.line(), -1, too_long.what());
    }
    const Index line = piece.line + record.line;
    if (is_blank_record(record.text, delimiter_)) {
      if (count.blank_line < 0) count.blank_line = line;
      continue;
    }
    ++count.rows;
    if (count.blank_line >= 0 && !rules_.leaves_out()) {
      return fail(count.blank_line, -1, "blank line between rows");
    }
    count.blank_between = count.blank_between || count.blank_line >= 0;
    count.blank_line = -1;
    if (!rows_.next_is_bad() && !take(record, line, file.path())) return false;
  }
}

}  // namespace

std::string csv_place(const std::string& path, Index line, Index column) {
  return column < 0 ? fmt::format("{}:{}", path, line)
                    : fmt::format("{}:{}:{}", path, line, column + 1);
}

CsvPart read_csv_part(const std::vector<InputFile>& files, const std::vector<CsvPiece>& pieces,
                      const CsvColumns& columns, char delimiter, const BadRowRules& bad_rows,
                      ClassLabels& labels, std::vector<CsvTypedColumn>& typed) {
  CsvPart part;
  RowParser parser(columns, delimiter, labels, typed, part);
  // A row has a byte at least for each of its fields.
  const auto fields = static_cast<Index>(columns.names.size());
  Index rows = 0;
  for (const CsvPiece& piece : pieces) {
    rows += std::min(piece.most_rows, piece.bytes.size() / fields + 1);
  }
  parser.reserve(rows);
  PartReader reader(parser, delimiter, bad_rows, part);
  for (const CsvPiece& piece : pieces) {
    RangeFile file(files[static_cast<std::size_t>(piece.file)]);
    const bool whole = reader.read(piece, file);
    part.bytes_read += file.bytes_read();
    if (!whole) break;
  }
  return part;
}

}  // namespace lockstep
