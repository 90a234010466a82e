#include "core/data/npy_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <optional>
#include <sstream>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/data/carried_columns.hpp"
#include "core/data/npy_array.hpp"
#include "core/data/npy_rows.hpp"
#include "core/data/row_places.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

/// The files of rows and those of targets, with what their headers say.
struct Sources {
  std::vector<NpyArray> rows;
  std::vector<NpyArray> labels;
};

/// Reads the headers of `files` and lays their rows end to end.
std::vector<NpyArray> read_headers(const std::vector<InputFile>& files, Index& bytes_read) {
  std::vector<NpyArray> arrays;
  Index row = 0;
  for (const InputFile& input : files) {
    RangeFile file(input);
    const NpyHeader header = read_npy_header(file);
    bytes_read += file.bytes_read();
    arrays.push_back({input, header, {row, row + header.shape[0]}});
    row += header.shape[0];
  }
  return arrays;
}

/// All have as many columns as the first.
void check_widths(const std::vector<NpyArray>& arrays) {
  for (const NpyArray& array : arrays) {
    const NpyArray& first = arrays.front();
    if (array.columns() == first.columns()) continue;
    throw DataError(fmt::format("{}: expected {} columns as in {}, found {}", array.file.path,
                                first.columns(), first.file.path, array.columns()));
  }
}

/// @param most_columns  that a file of labels may have
void check_labels(const Sources& sources, Index most_columns) {
  for (std::size_t i = 0; i < sources.labels.size(); ++i) {
    const NpyArray& labels = sources.labels[i];
    const NpyArray& rows = sources.rows[i];
    if (labels.columns() == 0 || labels.columns() > most_columns) {
      throw DataError(
          fmt::format("{}: expected one column in a file of labels, found {}; several are numbers "
                      "that are predicted together, by model.type = linear or model.loss = squared",
                      labels.file.path, labels.columns()));
    }
    if (labels.header.shape[0] != rows.header.shape[0]) {
      throw DataError(fmt::format("{} has {} labels, but {} has {} rows", labels.file.path,
                                  labels.header.shape[0], rows.file.path, rows.header.shape[0]));
    }
  }
}

std::string to_text(const std::vector<NpyArray>& arrays) {
  std::string text;
  for (const NpyArray& array : arrays) {
    const NpyHeader& header = array.header;
    text +=
        fmt::format("{} {} {} {} {} ", static_cast<int>(header.type), header.fortran_order ? 1 : 0,
                    header.data_begin, header.shape[0], array.columns());
  }
  return text;
}

/// As far as reading rows needs them: of two dimensions.
std::vector<NpyArray> from_text(std::istringstream& text, const std::vector<InputFile>& files) {
  std::vector<NpyArray> arrays;
  Index row = 0;
  for (const InputFile& file : files) {
    NpyHeader header;
    int type = 0;
    header.shape.resize(2);
    text >> type >> header.fortran_order >> header.data_begin >> header.shape[0] >> header.shape[1];
    header.type = static_cast<NpyType>(type);
    arrays.push_back({file, header, {row, row + header.shape[0]}});
    row += header.shape[0];
  }
  return arrays;
}

/// What rank 0 reads in the headers, on every rank. *Collective*.
/// @param most_columns  that a file of labels may have
Sources share_sources(Team& team, const std::vector<InputFile>& files,
                      const std::vector<InputFile>& labels, Index most_columns, Index& bytes_read) {
  std::string text;
  guard(team, "reading the headers", [&] {
    if (team.rank() != 0) return;
    Sources sources{read_headers(files, bytes_read), read_headers(labels, bytes_read)};
    check_widths(sources.rows);
    check_widths(sources.labels);
    check_labels(sources, most_columns);
    text = to_text(sources.rows) + to_text(sources.labels);
  });
  broadcast_text(team, text, 0);
  std::istringstream stream(text);
  Sources sources;
  sources.rows = from_text(stream, files);
  sources.labels = from_text(stream, labels);
  return sources;
}

std::string column_name(Index number) { return fmt::format("c{}", number); }

/// The column that a name of the schema stands for; nothing for one that no .npy file has.
std::optional<Index> column_number(const std::string& name) {
  Index number = 0;
  if (name.empty() || !parse_integer(name.substr(1), number) || number < 0) return std::nullopt;
  return column_name(number) == name ? std::optional(number) : std::nullopt;
}

/// Checks that a file of `width` columns has those that the schema needs, and no others.
void check_fits(const TableSchema& schema, const NpyOptions& options, bool has_labels, Index width,
                const std::string& path) {
  Index last = -1;
  for (const std::string& name : schema.feature_names) {
    const auto number = column_number(name);
    if (!number) {
      throw DataError(
          fmt::format("{}: the columns of a .npy file are c0, c1, …, but the model has the feature "
                      "{}; give it a CSV file",
                      path, quoted(name)));
    }
    last = std::max(last, *number);
  }
  if (last >= width) {
    throw DataError(
        fmt::format("{}: expected {} columns, for the model has features up to c{}, "
                    "found {}",
                    path, last + 1, last, width));
  }
  const bool needs_target = options.columns.target_kind != TargetKind::none && !has_labels &&
                            !options.columns.target_is_optional;
  for (const std::string& name : schema.target_names) {
    const std::optional<Index> target = column_number(name);
    if (needs_target && target.value_or(width) >= width) {
      throw ConfigError(fmt::format(
          "{}: {} has no column {}, {} of the model; name files of labels", options.labels_key,
          path, quoted(name), schema.target_names.size() == 1 ? "the target" : "a target"));
    }
    last = std::max(last, target.value_or(-1));
  }
  const Index known = last + 1;
  for (Index c = known; c < width; ++c) {
    const std::vector<std::string>& ignored = options.columns.ignored;
    if (std::find(ignored.begin(), ignored.end(), column_name(c)) != ignored.end()) continue;
    throw DataError(
        fmt::format("{}: expected {} columns, as the model knows, found {}", path, known, width));
  }
}

/// How numbers become texts: as npy_text writes them.
NumberSpelling spelling_of(const std::vector<NpyArray>& arrays) {
  const auto reals = std::count_if(arrays.begin(), arrays.end(), [](const NpyArray& array) {
    return is_real(array.header.type);
  });
  using Kind = NumberSpelling::Kind;
  const bool all = reals == static_cast<std::ptrdiff_t>(arrays.size());
  return {all ? Kind::shortest : reals == 0 ? Kind::integer : Kind::lost, {}};
}

/// How the features are read: as the schema knows, or as they are asked for.
void choose_types(const CsvOptions& options, NpyColumns& how) {
  const CsvColumns& columns = how.columns;
  const std::vector<ColumnType>& known = columns.schema.feature_types;
  const bool has_categories = std::find(columns.kinds.begin(), columns.kinds.end(),
                                        ColumnKind::category) != columns.kinds.end();
  for (std::size_t j = 0; j < columns.rules.size() && has_categories; ++j) {
    const CsvFeatureRules& rules = columns.rules[j];
    how.kinds.push_back(columns.kinds[j].value_or(ColumnKind::number));
    if (known.empty()) {
      how.typed.emplace_back(how.kinds[j], rules.category);
    } else {
      how.typed.emplace_back(known[j], rules.unknown);
    }
  }
  how.missing_features = options.schema ? !known.empty() : options.features != CsvFeatures::numbers;
  how.missing_target = options.target_is_feature;
}

/// The columns of files of labels: one is named label, several label0, label1, …, and read as
/// features are.
NpyColumns columns_of_labels(const CsvOptions& options, const NpyArray& first) {
  NpyColumns how;
  CsvColumns& columns = how.columns;
  TableSchema& schema = columns.schema;
  const Index width = first.columns();
  schema.target_names = name_of_labels(options.schema);
  if (!options.schema && width > 1) {
    schema.target_names.clear();
    for (Index c = 0; c < width; ++c) schema.target_names.push_back(fmt::format("label{}", c));
  }
  if (static_cast<Index>(schema.target_names.size()) != width) {
    throw DataError(fmt::format("{}: expected {} columns, the targets of the model ({}), found {}",
                                first.file.path, schema.target_names.size(), schema.target_name(),
                                width));
  }
  schema.target_kind = options.schema ? options.schema->target_kind : options.target_kind;
  columns.names = schema.target_names;
  how.missing_target = options.target_is_feature;
  if (width == 1) {
    columns.use = {CsvColumns::kTarget};
    return how;
  }
  schema.feature_names = schema.target_names;
  columns.use.resize(schema.target_names.size());
  std::iota(columns.use.begin(), columns.use.end(), 0);
  columns.rules.resize(schema.target_names.size());
  return how;
}

/// What is to be read of arrays of rows, or of labels, and what this rank has read.
struct Reading {
  const std::vector<NpyArray>& arrays;
  NpyColumns& how;
  NpyPart part{};
};

/// Reads this rank's rows of all arrays; again, where bad rows were met and are left out, for a row
/// is bad as a whole.
void read_parts_here(Range rows, std::vector<Reading>& readings, BadRowRules& bad_rows,
                     Index& bytes_read) {
  std::vector<NpyColumns> unused;
  unused.reserve(readings.size());
  for (const Reading& reading : readings) unused.push_back(reading.how);
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < readings.size(); ++i) {
      auto& [arrays, how, part] = readings[i];
      how = unused[i];
      part = {};  // given back before the new one grows
      part = read_npy_part(arrays, rows, how, bad_rows);
      bytes_read += part.bytes_read;
      if (!part.failure.empty()) return;
      again = bad_rows.add(std::move(part.bad_rows)) || again;
    }
  }
  for (Reading& reading : readings) remove_bad_rows(bad_rows, rows.size(), reading.part);
}

/// Reads the rows of all ranks. The first wrong cell in row order is thrown on every rank, of rows
/// before labels. *Collective*.
void read_parts(Team& team, Range rows, std::vector<Reading>& readings, BadRowRules& bad_rows,
                Index& bytes_read) {
  guard(team, "reading rows", [&] { read_parts_here(rows, readings, bad_rows, bytes_read); });
  for (const Reading& reading : readings) {
    for (const std::string& failure : all_gather_text(team, reading.part.failure)) {
      if (!failure.empty()) throw DataError(failure);
    }
  }
}

/// Agrees on types and categories; makes codes indices. *Collective*.
void settle_types(Team& team, const std::vector<InputFile>& files, NpyColumns& how,
                  std::span<double> values, NpyTable& result) {
  const std::vector<std::string>& names = how.columns.schema.feature_names;
  Table& table = result.table;
  if (how.kinds.empty()) {
    if (how.missing_features) table.feature_types.resize(names.size());
    return;
  }
  table.feature_types = agree_on_types(team, how.typed, how.kinds, names, name_of(files), values);
  std::vector<std::int64_t> unknown;
  for (const CsvTypedColumn& column : how.typed) unknown.push_back(column.unknown());
  team.all_reduce(unknown, IntegerReduction::sum);
  for (std::size_t j = 0; j < unknown.size(); ++j) {
    if (unknown[j] == 0) continue;
    CsvColumnNote& note = result.notes.emplace_back();
    note.column = names[j];
    note.unknown = unknown[j];
    note.unknown_are = how.columns.rules[j].unknown;
    const std::vector<Index>& use = how.columns.use;
    const Index column = std::find(use.begin(), use.end(), static_cast<Index>(j)) - use.begin();
    const FirstCell& cell = how.typed[j].first_unknown();
    const Index row = cell.row < 0 ? -1 : table.number_read(cell.row);
    find_example(team, cell.text, row, column, table.places, note);
  }
}

}  // namespace

CsvColumns assign_npy_columns(Index width, const NpyOptions& options, bool has_labels,
                              const std::string& path) {
  CsvOptions columns = options.columns;
  if (has_labels) {
    columns.targets.clear();
    columns.target_kind = TargetKind::none;
  }
  if (columns.schema) check_fits(*columns.schema, options, has_labels, width, path);
  std::vector<std::string> names;
  for (Index c = 0; c < width; ++c) names.push_back(column_name(c));
  return assign_csv_columns(names, columns, path, NamesFrom::numbers);
}

NpyTable read_npy(Team& team, const std::vector<InputFile>& files,
                  const std::vector<InputFile>& labels, const NpyOptions& options) {
  assert(!files.empty());
  const CsvOptions& columns = options.columns;
  const bool has_labels = !labels.empty() && columns.target_kind != TargetKind::none;
  if (has_labels && labels.size() != files.size()) {
    throw ConfigError(fmt::format("{}: expected {} files of labels, as many as of rows, found {}",
                                  options.labels_key, files.size(), labels.size()));
  }
  NpyTable result;
  Table& table = result.table;
  // Several numbers are predicted together; a label that is one of the columns is one.
  const TargetKind kind = columns.schema ? columns.schema->target_kind : columns.target_kind;
  const bool takes_several = kind == TargetKind::number && !columns.target_is_feature;
  const Sources sources =
      share_sources(team, files, has_labels ? labels : std::vector<InputFile>(),
                    takes_several ? std::numeric_limits<Index>::max() : 1, result.bytes_read);
  std::vector<Index> rows;
  for (const NpyArray& array : sources.rows) rows.push_back(array.rows.size());
  table.places = RowPlaces::of_arrays(files, rows);

  NpyColumns how;
  const NpyArray& first = sources.rows.front();
  how.columns = assign_npy_columns(first.columns(), options, has_labels, first.file.path);
  choose_types(columns, how);
  NpyColumns how_labels =
      has_labels ? columns_of_labels(columns, sources.labels.front()) : NpyColumns();
  NpyColumns& how_target = has_labels ? how_labels : how;
  if (columns.schema) how_target.labels = ClassLabels(columns.schema->class_names);

  std::vector<Reading> readings{{sources.rows, how}};
  if (has_labels) readings.push_back({sources.labels, how_labels});
  BadRowRules bad_rows(columns.on_bad_row);
  const Range mine = even_part(sources.rows.back().rows.end, team.size(), team.rank());
  read_parts(team, mine, readings, bad_rows, result.bytes_read);
  const Index kept = mine.size() - static_cast<Index>(bad_rows.known().size());
  table.rows.begin = exclusive_scan(team, kept);
  table.rows.end = table.rows.begin + kept;
  table.total_rows = sum_over(team, kept);
  note_bad_rows(team, bad_rows, table);

  NpyPart part = std::move(readings.front().part);
  settle_types(team, files, how, part.values, result);
  table.features = static_cast<Index>(how.columns.schema.feature_names.size());
  table.feature_names = how.columns.schema.feature_names;
  table.file_columns = columns_of_features(how.columns);
  table.values = std::move(part.values);
  if (has_labels) part = std::move(readings.back().part);
  const bool several = has_labels && sources.labels.front().columns() > 1;
  if (several) part.target.assign(part.values.begin(), part.values.end());
  table.target = std::move(part.target);
  table.target_names = how_target.columns.schema.target_names;
  table.target_kind = how_target.columns.schema.target_kind;
  if (table.target_kind == TargetKind::classes) {
    table.class_names = agree_on_classes(team, how_target.labels, table.target_name(),
                                         name_of(has_labels ? labels : files), table.target);
  }
  take_carried_columns(team, how.columns, table);
  result.extra_columns = how.columns.extra;
  result.spelling = spelling_of(sources.rows);
  result.labels_spelling = spelling_of(sources.labels);
  return result;
}

}  // namespace lockstep
