#include "core/data/libsvm_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
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
    text += fmt::format(" {} {} {} {} {}", piece.file, piece.lines, piece.rows, piece.first_line,
                        piece.last_line);
  }
  if (part.failure) {
    text += fmt::format(" {} {}\n{}", part.failure->place.line, part.failure->place.field,
                        part.failure->problem);
  }
  return text;
}

/// What the ranks have read of each file: lines are numbered in it.
class FileCounts {
 public:
  explicit FileCounts(std::size_t files) : counts_(files) {}

  /// Adds a piece, behind those before. Returns how many lines are.
  Index add(const LibsvmPieceCount& piece) {
    LibsvmPieceCount& count = counts_[static_cast<std::size_t>(piece.file)];
    const Index before = count.lines;
    count.lines += piece.lines;
    count.rows += piece.rows;
    if (piece.rows == 0) return before;
    if (count.first_line == 0) count.first_line = before + piece.first_line;
    count.last_line = before + piece.last_line;
    return before;
  }
  const LibsvmPieceCount& of(std::size_t file) const { return counts_[file]; }

 private:
  std::vector<LibsvmPieceCount> counts_;
};

/// Where the rows that all ranks have read stand.
struct AgreedPlaces {
  RowPlaces rows;
  std::vector<Index> lines_before;  ///< in its file, before each piece of this rank
};

/// Throws the first failure in file order, whichever rank met it. *Collective*.
AgreedPlaces agree_on_places(Team& team, const std::vector<InputFile>& files,
                             const LibsvmPart& part) {
  FileCounts counts(files.size());
  AgreedPlaces agreed;
  int rank = 0;
  for (const std::string& theirs : all_gather_text(team, to_text(part))) {
    std::istringstream text(theirs);
    std::size_t pieces = 0;
    LibsvmPieceCount piece;
    Index before = 0;
    for (text >> pieces; pieces > 0; --pieces) {
      text >> piece.file >> piece.lines >> piece.rows >> piece.first_line >> piece.last_line;
      before = counts.add(piece);
      if (rank == team.rank()) agreed.lines_before.push_back(before);
    }
    ++rank;
    LibsvmFailure failure;  // in the last piece
    if (!(text >> failure.place.line >> failure.place.field)) continue;
    text.get();
    std::getline(text, failure.problem, '\0');
    const std::string& path = files[static_cast<std::size_t>(piece.file)].path;
    throw DataError(libsvm_place(path, before + failure.place.line, failure.place.field) + ": " +
                    failure.problem);
  }
  std::vector<Index> rows;
  std::vector<Index> first_lines;
  for (std::size_t f = 0; f < files.size(); ++f) {
    const LibsvmPieceCount& count = counts.of(f);
    if (count.rows == 0) throw DataError(files[f].path + ": no rows");
    const bool are_lines = count.last_line - count.first_line + 1 == count.rows;
    rows.push_back(count.rows);
    first_lines.push_back(are_lines ? count.first_line : 0);
  }
  agreed.rows = {files, rows, first_lines};
  return agreed;
}

/// Says in `result` where the row stands that makes the table so wide, if that is odd.
/// *Collective*.
void note_widest(Team& team, const LibsvmPart& part, Index largest_index, LibsvmTable& result) {
  constexpr Index kManyFeatures = Index{1} << 20;
  const Index cells = sum_over(team, part.values.cells());
  if (result.table.features <= std::max(kManyFeatures, cells)) return;
  const bool has_it = part.largest_index == largest_index;
  const Index mine = has_it ? result.table.number_read(part.largest_row) : -1;
  constexpr Index kNone = std::numeric_limits<Index>::max();
  result.widest_place = result.table.places.of(min_over(team, mine < 0 ? kNone : mine));
}

}  // namespace

LibsvmTable read_libsvm(Team& team, const std::vector<InputFile>& found,
                        const LibsvmOptions& options) {
  assert(!found.empty());
  const std::vector<InputFile> files = inflated_files(team, found);
  const std::optional<TableSchema>& schema = options.schema;
  if (schema) check_names(*schema, files.front().path);
  if (options.target_kind != TargetKind::none) check_one_label(schema, files.front().path);
  LibsvmTable result;
  Table& table = result.table;
  table.target_kind = options.target_kind;
  table.target_names = name_of_labels(schema);
  const ClassLabels known_labels = schema ? ClassLabels(schema->class_names) : ClassLabels();
  ClassLabels labels;

  LibsvmPart part;
  BadRowRules bad_rows(options.on_bad_row);
  std::map<Index, LibsvmPlace> bad_places;  // by their numbers among the rows of this rank
  guard(team, "reading rows", [&] {
    const LibsvmPieces cut = cut_libsvm(files, team.size(), team.rank());
    result.bytes_read = cut.bytes_read;
    do {
      labels = known_labels;
      part = {};  // given back before the new one grows
      part =
          read_libsvm_part(files, cut.pieces,
                           {table.target_kind, table.target_name(), options.index_base.value_or(0)},
                           bad_rows, labels);
      result.bytes_read += part.bytes_read;
      for (std::size_t i = 0; i < part.bad_rows.size(); ++i) {
        bad_places[part.bad_rows[i].number] = part.bad_places[i];
      }
    } while (!part.failure && bad_rows.add(std::move(part.bad_rows)));
  });
  AgreedPlaces agreed = agree_on_places(team, files, part);
  table.places = std::move(agreed.rows);
  bad_rows.set_places([&](Index number) {
    const auto& [piece, line, field] = bad_places.at(number);
    const auto p = static_cast<std::size_t>(piece);
    const std::string& path = files[static_cast<std::size_t>(part.pieces[p].file)].path;
    return libsvm_place(path, agreed.lines_before[p] + line, field);
  });
  table.rows.begin = exclusive_scan(team, part.rows);
  table.rows.end = table.rows.begin + part.rows;
  table.total_rows = sum_over(team, part.rows);
  note_bad_rows(team, bad_rows, table);

  const Index smallest = min_over(team, part.smallest_index);
  const Index largest = max_over(team, part.largest_index);
  result.index_base = options.index_base.value_or(smallest == 0 ? 0 : 1);
  table.features = schema ? static_cast<Index>(schema->feature_names.size())
                          : std::max<Index>(1, 1 + largest - result.index_base);
  if (!schema) note_widest(team, part, largest, result);
  LeftOut left_out;
  guard(team, "making indices columns", [&] {
    left_out = make_columns(part.values, result.index_base, table.features, part.largest_index);
    for (Index c = 0; c < table.features; ++c) table.feature_names.push_back(column_name(c));
    const bool typed = schema ? !schema->feature_types.empty() : options.typed;
    if (typed) table.feature_types.resize(table.feature_names.size());
  });
  result.left_out = agree_on_left_out(
      team, left_out, left_out.cells == 0 ? -1 : table.number_read(left_out.row), table.places);
  result.smallest_index = smallest;
  result.largest_index = largest;
  table.values = std::move(part.values);
  table.target = std::move(part.target);
  if (table.target_kind == TargetKind::classes) {
    table.class_names =
        agree_on_classes(team, labels, table.target_name(), name_of(files), table.target);
  }
  return result;
}

}  // namespace lockstep
