#include "core/data/csv_part_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

std::string to_text(const CsvPart& part) {
  std::string text = fmt::format("{}", part.pieces.size());
  for (const CsvPieceCount& piece : part.pieces) {
    text += fmt::format(" {} {} {} {:d}", piece.file, piece.rows, piece.blank_line,
                        piece.blank_between);
  }
  if (part.failure) {
    text += fmt::format(" {} {} {}\n{}", part.failure->file, part.failure->line,
                        part.failure->column, part.failure->problem);
  }
  return text;
}

/// The counts and the failure of a part, without its rows.
CsvPart from_text(const std::string& text) {
  CsvPart part;
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  std::istringstream numbers(text.substr(0, line_end));
  std::size_t pieces = 0;
  numbers >> pieces;
  part.pieces.resize(pieces);
  for (CsvPieceCount& piece : part.pieces) {
    numbers >> piece.file >> piece.rows >> piece.blank_line >> piece.blank_between;
  }
  if (line_end < text.size()) {
    CsvFailure failure;
    numbers >> failure.file >> failure.line >> failure.column;
    failure.problem = text.substr(line_end + 1);
    part.failure = failure;
  }
  return part;
}

[[noreturn]] void throw_at(const std::vector<InputFile>& files, Index file, Index line,
                           Index column, const std::string& problem) {
  const std::string& path = files[static_cast<std::size_t>(file)].path;
  throw DataError(fmt::format("{}: {}", csv_place(path, line, column), problem));
}

/// Throws the first failure in file order, whichever rank met it; returns where the rows stand. The
/// same on all ranks, which hold the counts of all of them.
/// @param first_lines  of the files, if their rows are lines
RowPlaces checked_places(const std::vector<CsvPart>& parts, const std::vector<InputFile>& files,
                         const BadRowRules& bad_rows, std::vector<Index> first_lines) {
  Index current = -1;
  Index blank = -1;  // the first of the blank lines that could be the last lines of the file
  std::vector<Index> rows(files.size());
  for (const CsvPart& part : parts) {
    for (const CsvPieceCount& piece : part.pieces) {
      if (piece.file != current) blank = -1;
      current = piece.file;
      const bool is_between = blank >= 0 && piece.rows > 0;
      if (is_between && !bad_rows.leaves_out()) {
        throw_at(files, current, blank, -1, "blank line between rows");
      }
      // Then the rows are not all of the lines.
      if (is_between || piece.blank_between) first_lines[static_cast<std::size_t>(current)] = 0;
      if (blank < 0 || is_between) blank = piece.blank_line;
      if (part.failure && &piece == &part.pieces.back()) {
        throw_at(files, current, part.failure->line, part.failure->column, part.failure->problem);
      }
      rows[static_cast<std::size_t>(current)] += piece.rows;
    }
  }
  for (std::size_t f = 0; f < files.size(); ++f) {
    if (rows[f] == 0) throw DataError(fmt::format("{}: no rows after the header", files[f].path));
  }
  return {files, rows, first_lines};
}

/// A reader for each feature; none where features are numbers without gaps.
std::vector<CsvTypedColumn> typed_columns(const CsvOptions& options, const CsvColumns& columns) {
  const std::vector<ColumnType>& known = columns.schema.feature_types;
  std::vector<CsvTypedColumn> typed;
  if (known.empty() && (options.schema || options.features == CsvFeatures::numbers)) return typed;
  for (std::size_t j = 0; j < columns.rules.size(); ++j) {
    const CsvFeatureRules& rules = columns.rules[j];
    if (known.empty()) {
      typed.emplace_back(columns.kinds[j], rules.category);
    } else {
      typed.emplace_back(known[j], rules.unknown);
    }
    if (options.spellings) typed.back().collect_spelling();
  }
  return typed;
}

}  // namespace

std::string mixed_column(const CsvColumnNote& note) {
  return fmt::format(
      "{}: column {} mixes {} numbers and {} other texts, here {}; name it in "
      "data.categorical, data.numeric or data.ignore, or its texts in data.missing",
      note.place, quoted(note.column), note.numbers, note.texts, quoted(note.example));
}

void find_example(Team& team, const std::string& text, Index row, Index column,
                  const RowPlaces& places, CsvColumnNote& note) {
  for (const std::string& first :
       all_gather_text(team, row < 0 ? "" : fmt::format("{}\n{}", row, text))) {
    if (first.empty()) continue;
    const std::size_t line_end = first.find('\n');
    note.example = first.substr(line_end + 1);
    note.place = places.of(std::stoll(first.substr(0, line_end)), column);
    return;
  }
}

CsvPartReader::CsvPartReader(Team& team, const std::vector<InputFile>& files, CsvPieces cut,
                             const CsvColumns& columns, char delimiter, const CsvOptions& options)
    : team_(team),
      files_(files),
      cut_(std::move(cut)),
      columns_(columns),
      delimiter_(delimiter),
      bad_rows_(options.on_bad_row),
      first_labels_(options.schema ? ClassLabels(columns.schema.class_names) : ClassLabels()),
      first_typed_(typed_columns(options, columns)) {}

void CsvPartReader::read_part() {
  do {
    labels_ = first_labels_;
    typed_ = first_typed_;
    part_ = {};  // given back before the new one grows
    part_ = read_csv_part(files_, cut_.pieces, columns_, delimiter_, bad_rows_, labels_, typed_);
    bytes_read_ += part_.bytes_read;
  } while (!part_.failure && bad_rows_.add(std::move(part_.bad_rows)));
}

void CsvPartReader::read() {
  guard(team_, "reading rows", [&] { read_part(); });
  std::vector<CsvPart> parts;
  for (const std::string& text : all_gather_text(team_, to_text(part_))) {
    parts.push_back(from_text(text));
  }
  places_ = checked_places(parts, files_, bad_rows_, cut_.first_lines);
}

/// *Collective*.
void CsvPartReader::find_example_of(std::size_t feature, CsvColumnNote& note) {
  const CsvTypedColumn& typed = typed_[feature];
  const FirstCell& mine = note.unknown > 0            ? typed.first_unknown()
                          : note.numbers < note.texts ? typed.first_number()
                                                      : typed.first_text();
  const auto& use = columns_.use;
  const auto column = std::find(use.begin(), use.end(), static_cast<Index>(feature)) - use.begin();
  const auto bad_rows = static_cast<Index>(bad_rows_.known().size());
  const Index first_row = exclusive_scan(team_, part_.rows + bad_rows);
  const Index row = mine.row < 0 ? -1 : first_row + bad_rows_.number_of_kept(mine.row);
  find_example(team_, mine.text, row, column, places_, note);
}

/// *Collective*.
void CsvPartReader::refuse_mixed(std::size_t feature, std::int64_t numbers, std::int64_t texts) {
  CsvColumnNote note{columns_.schema.feature_names[feature], numbers, texts};
  find_example_of(feature, note);
  throw DataError(mixed_column(note));
}

/// A column has the kind that is known; otherwise a text on any rank makes categories.
std::vector<ColumnKind> CsvPartReader::agree_on_kinds() {
  std::vector<std::int64_t> counts;
  for (const CsvTypedColumn& column : typed_) {
    counts.insert(counts.end(), {column.numbers(), column.texts()});
  }
  team_.all_reduce(counts, IntegerReduction::sum);
  std::vector<ColumnKind> kinds;
  for (std::size_t j = 0; j < typed_.size(); ++j) {
    const std::int64_t numbers = counts[2 * j];
    const std::int64_t texts = counts[2 * j + 1];
    const bool is_open = !columns_.kinds[j];
    if (is_open && numbers > 0 && texts > 0 && !columns_.rules[j].takes_mixed) {
      refuse_mixed(j, numbers, texts);
    }
    kinds.push_back(!is_open    ? *columns_.kinds[j]
                    : texts > 0 ? ColumnKind::category
                                : ColumnKind::number);
  }
  return kinds;
}

std::vector<ColumnType> CsvPartReader::agree_on_types() {
  if (typed_.empty()) return {};
  const std::vector<ColumnKind> kinds = agree_on_kinds();
  bool again = false;
  for (std::size_t j = 0; j < typed_.size(); ++j) {
    again = again || typed_[j].is_to_be_read_again(kinds[j]);
  }
  guard(team_, "reading rows again", [&] {
    if (!again) return;
    for (std::size_t j = 0; j < typed_.size(); ++j) {
      const bool collects = first_typed_[j].collects_spelling();
      first_typed_[j] = CsvTypedColumn(kinds[j], columns_.rules[j].category);
      if (collects) first_typed_[j].collect_spelling();
    }
    const Index rows = part_.rows;
    read_part();
    if (part_.rows != rows || part_.failure) throw IoError("a data file changed while it was read");
  });
  return lockstep::agree_on_types(team_, typed_, kinds, columns_.schema.feature_names,
                                  name_of(files_), part_.values);
}

std::vector<NumberSpelling> CsvPartReader::spellings() {
  std::vector<NumberSpelling> spellings;
  for (const CsvTypedColumn& column : typed_) {
    const bool is_categories = max_over(team_, column.is_categories() ? 1 : 0) == 1;
    spellings.push_back(is_categories ? NumberSpelling() : column.spelling().agree(team_));
  }
  return spellings;
}

std::vector<CsvColumnNote> CsvPartReader::notes() {
  std::vector<std::int64_t> counts;
  for (const CsvTypedColumn& column : typed_) {
    counts.insert(counts.end(), {column.numbers(), column.texts(), column.unknown()});
  }
  team_.all_reduce(counts, IntegerReduction::sum);
  std::vector<CsvColumnNote> notes;
  for (std::size_t j = 0; j < typed_.size(); ++j) {
    CsvColumnNote note{columns_.schema.feature_names[j],
                       counts[3 * j],
                       counts[3 * j + 1],
                       counts[3 * j + 2],
                       columns_.rules[j].unknown,
                       "",
                       ""};
    const bool is_mixed = !columns_.kinds[j] && note.numbers > 0 && note.texts > 0;
    if (!is_mixed && note.unknown == 0) continue;
    find_example_of(j, note);
    notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace lockstep
