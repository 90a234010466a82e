#include "core/data/libsvm_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <sstream>
#include <utility>

#include "core/base/error.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/inflated_files.hpp"
#include "core/data/libsvm_columns.hpp"
#include "core/data/libsvm_pieces.hpp"
#include "core/data/libsvm_rows.hpp"
#include "core/data/row_places.hpp"

namespace lockstep {
namespace {

std::string column_name(Index number) { return fmt::format("c{}", number); }

/// Features are told apart by their numbers alone.
void check_names(const TableSchema& schema, const std::string& path) {
  for (std::size_t j = 0; j < schema.feature_names.size(); ++j) {
    const std::string expected = column_name(static_cast<Index>(j));
    if (schema.feature_names[j] == expected) continue;
    throw DataError(fmt::format(
        "{}: the features of a LIBSVM file are c0, c1, …, but the model has {} in place "
        "of {}; give it a CSV file",
        path, quoted(schema.feature_names[j]), expected));
  }
}

/// What a rank tells the others of its part.
std::string to_text(const LibsvmPart& part) {
  std::string text = fmt::format("{}", part.pieces.size());
  for (const LibsvmPieceCount& piece : part.pieces) {
    text += fmt::format(" {} {} {} {}", piece.file, piece.rows, piece.first_line, piece.last_line);
  }
  if (part.failure) {
    text += fmt::format(" {} {} {}\n{}", part.failure->file, part.failure->line,
                        part.failure->field, part.failure->problem);
  }
  return text;
}

/// Throws the failure that ends the text of a part, if one does.
void check(const std::vector<InputFile>& files, std::istringstream& text) {
  LibsvmFailure failure;
  if (!(text >> failure.file >> failure.line >> failure.field)) return;
  text.get();
  std::getline(text, failure.problem, '\0');
  std::string place =
      fmt::format("{}:{}", files[static_cast<std::size_t>(failure.file)].path, failure.line);
  if (failure.field > 0) place += fmt::format(":{}", failure.field);
  throw DataError(place + ": " + failure.problem);
}

/// Throws the first failure in file order, whichever rank met it; returns where all rows stand.
/// *Collective*.
RowPlaces checked_places(Team& team, const std::vector<InputFile>& files, const LibsvmPart& part) {
  std::vector<LibsvmPieceCount> counts(files.size());
  for (const std::string& theirs : all_gather_text(team, to_text(part))) {
    std::istringstream text(theirs);
    std::size_t pieces = 0;
    for (text >> pieces; pieces > 0; --pieces) {
      LibsvmPieceCount piece;
      text >> piece.file >> piece.rows >> piece.first_line >> piece.last_line;
      LibsvmPieceCount& count = counts[static_cast<std::size_t>(piece.file)];
      count.rows += piece.rows;
      if (count.first_line == 0) count.first_line = piece.first_line;
      count.last_line = std::max(count.last_line, piece.last_line);
    }
    check(files, text);
  }
  std::vector<Index> rows;
  std::vector<Index> first_lines;
  for (std::size_t f = 0; f < files.size(); ++f) {
    const LibsvmPieceCount& count = counts[f];
    if (count.rows == 0) throw DataError(files[f].path + ": no rows");
    const bool are_lines = count.last_line - count.first_line + 1 == count.rows;
    rows.push_back(count.rows);
    first_lines.push_back(are_lines ? count.first_line : 0);
  }
  return {files, rows, first_lines};
}

}  // namespace

LibsvmTable read_libsvm(Team& team, const std::vector<InputFile>& found,
                        const LibsvmOptions& options) {
  assert(!found.empty());
  const std::vector<InputFile> files = inflated_files(team, found);
  const std::optional<TableSchema>& schema = options.schema;
  if (schema) check_names(*schema, files.front().path);
  LibsvmTable result;
  Table& table = result.table;
  table.target_kind = options.target_kind;
  table.target_name = schema ? schema->target_name : "label";
  ClassLabels labels = schema ? ClassLabels(schema->class_names) : ClassLabels();

  const LibsvmPieces cut = cut_libsvm(team, files);
  LibsvmPart part;
  guard(team, "reading rows", [&] {
    part = read_libsvm_part(files, cut.pieces,
                            {table.target_kind, table.target_name, options.index_base.value_or(0)},
                            labels);
  });
  table.places = checked_places(team, files, part);
  table.rows.begin = exclusive_scan(team, part.rows);
  table.rows.end = table.rows.begin + part.rows;
  table.total_rows = sum_over(team, part.rows);

  const Index smallest = min_over(team, part.smallest_index);
  const Index largest = max_over(team, part.largest_index);
  result.index_base = options.index_base.value_or(smallest == 0 ? 0 : 1);
  table.features = schema ? static_cast<Index>(schema->feature_names.size())
                          : std::max<Index>(1, 1 + largest - result.index_base);
  LeftOut left_out;
  guard(team, "making indices columns", [&] {
    left_out = make_columns(part.values, result.index_base, table.features, part.largest_index);
    for (Index c = 0; c < table.features; ++c) table.feature_names.push_back(column_name(c));
    const bool typed = schema ? !schema->feature_types.empty() : options.typed;
    if (typed) table.feature_types.resize(table.feature_names.size());
  });
  result.left_out = agree_on_left_out(team, left_out, table.rows.begin, table.places);
  result.smallest_index = smallest;
  result.largest_index = largest;
  table.values = std::move(part.values);
  table.target = std::move(part.target);
  if (table.target_kind == TargetKind::classes) {
    table.class_names =
        agree_on_classes(team, labels, table.target_name, name_of(files), table.target);
  }
  result.bytes_read = cut.bytes_read + part.bytes_read;
  return result;
}

}  // namespace lockstep
