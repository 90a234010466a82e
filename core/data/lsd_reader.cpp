#include "core/data/lsd_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/base/error.hpp"
#include "core/data/carried_columns.hpp"
#include "core/data/lsd_mapping.hpp"
#include "core/data/lsd_rows.hpp"
#include "core/data/npy_reader.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

/// The columns that have names: all but that of files of labels.
std::vector<LsdColumn> named_columns(const LsdHeader& header) {
  std::vector<LsdColumn> columns = header.columns;
  if (header.has_labels) columns.pop_back();
  return columns;
}

/// What the named columns are for.
CsvColumns assign_named(const LsdFile& lsd, const LsdOptions& options) {
  const LsdHeader& header = lsd.header;
  CsvOptions columns = options.columns;
  // What is not there is left out.
  std::erase_if(columns.ignored, [&](const std::string& name) {
    return std::find(header.ignored.begin(), header.ignored.end(), name) != header.ignored.end();
  });
  const bool is_source = lsd.name != lsd.file.path;  // it has a first line
  std::vector<std::string> names;
  for (const LsdColumn& column : named_columns(header)) names.push_back(column.name);
  const bool are_numbered = header.format == "npy" && header.ignored.empty();
  if (are_numbered) {
    return assign_npy_columns(static_cast<Index>(names.size()), {columns, options.labels_key},
                              header.has_labels, lsd.name);
  }
  return assign_csv_columns(
      names, columns, lsd.name,
      is_source && header.has_header ? NamesFrom::header : NamesFrom::numbers);
}

/// What a column of numbers whose texts are lost is told apart by, where that matters. Those of
/// whole numbers are lost from 2⁵³ on, where several are one cell.
bool needs_texts(const LsdColumn& column, const std::vector<std::string>& known) {
  if (column.type.kind == ColumnKind::category) return false;
  const double largest = std::max(std::fabs(column.min), std::fabs(column.max));
  if (column.spelling.kind == NumberSpelling::Kind::integer) return largest >= 0x1p53;
  if (column.spelling.kind != NumberSpelling::Kind::lost) return false;
  return largest >= 0x1p53 || !are_numbers(known);
}

/// What the indices of sparse rows are to be.
void choose_sparse(const LsdHeader& header, const LsdOptions& options, LsdColumns& how) {
  const std::optional<TableSchema>& schema = options.columns.schema;
  how.index_base = options.index_base.value_or(header.smallest_index == 0 ? 0 : 1);
  how.width = schema ? static_cast<Index>(schema->feature_names.size())
                     : std::max<Index>(1, 1 + header.largest_index - how.index_base);
}

/// How the features are read, and which column is the target.
LsdColumns choose(const LsdFile& lsd, const LsdOptions& options) {
  const LsdHeader& header = lsd.header;
  const CsvOptions& asked = options.columns;
  LsdColumns how;
  const bool named = header.byte_columns == 0 && !header.sparse;
  if (named) how.columns = assign_named(lsd, options);
  how.missing_features =
      asked.schema ? !asked.schema->feature_types.empty() : asked.features != CsvFeatures::numbers;
  how.missing_target = asked.target_is_feature;
  how.target_kind = asked.target_kind;
  if (asked.schema && asked.target_kind != TargetKind::none) {
    how.target_kind = asked.schema->target_kind;
  }
  if (named && !header.has_labels) {
    how.target_kind = how.columns.schema.target_kind;
    const auto& use = how.columns.use;
    const auto target = std::find(use.begin(), use.end(), CsvColumns::kTarget);
    if (target != use.end()) how.target = static_cast<std::size_t>(target - use.begin());
  } else if (how.target_kind != TargetKind::none) {
    if (!header.has_labels) {
      throw ConfigError(fmt::format("{}: {} has no labels; convert the data with them",
                                    options.labels_key, lsd.name));
    }
    check_one_label(asked.schema, lsd.name);
    how.target = header.columns.size() - 1;
  }
  for (const Index c : columns_of_features(how.columns)) {
    how.columns_of.push_back(static_cast<std::size_t>(c));
  }
  const std::vector<ColumnType>& known = how.columns.schema.feature_types;
  const bool untyped = known.empty() && (asked.schema || asked.features == CsvFeatures::numbers);
  for (std::size_t j = 0; j < how.columns.rules.size(); ++j) {
    const CsvFeatureRules& rules = how.columns.rules[j];
    const std::size_t c = how.columns_of[j];
    const bool texts = header.columns[c].others > 0;
    const std::optional<ColumnKind> kind = how.columns.kinds[j];
    // Without types, text that only CSV may hold is found when its cell is to be a number.
    const bool is_number = untyped && (header.format != "npy" || !kind);
    how.kinds.push_back(is_number ? ColumnKind::number
                        : kind    ? *kind
                        : texts   ? ColumnKind::category
                                  : ColumnKind::number);
    if (known.empty()) {
      how.typed.emplace_back(how.kinds[j], rules.category);
    } else {
      how.typed.emplace_back(known[j], rules.unknown);
    }
  }
  how.mapped = options.mapped;
  if (header.sparse) choose_sparse(header, options, how);
  if (asked.schema) how.labels = ClassLabels(asked.schema->class_names);
  return how;
}

bool has_categories(const LsdColumns& how) {
  return std::find(how.kinds.begin(), how.kinds.end(), ColumnKind::category) != how.kinds.end();
}

/// Why the texts of numbers that are lost are needed; "" where they are not.
std::string objection_to(const LsdFile& lsd, const LsdColumns& how, const LsdOptions& options) {
  const auto say = [&](const LsdColumn& column) {
    return fmt::format(
        "{}: how the numbers in column {} are written is lost, and tells {} apart; give the file "
        "that it was made of",
        lsd.name, quoted(column.name), how.target ? "classes or categories" : "categories");
  };
  const std::vector<std::string> none;
  const std::vector<LsdColumn>& columns = lsd.header.columns;
  if (how.target && how.target_kind == TargetKind::classes) {
    const auto& schema = options.columns.schema;
    if (needs_texts(columns[*how.target], schema ? schema->class_names : none)) {
      return say(columns[*how.target]);
    }
  }
  for (std::size_t j = 0; j < how.kinds.size(); ++j) {
    if (how.kinds[j] != ColumnKind::category) continue;
    const std::size_t c = how.columns_of[j];
    const auto& known = how.columns.schema.feature_types;
    std::vector<std::string> texts = known.empty() ? none : known[j].categories;
    if (!how.columns.rules[j].category.empty()) texts.push_back(how.columns.rules[j].category);
    if (needs_texts(columns[c], texts)) return say(columns[c]);
  }
  return "";
}

/// Makes a note of the cells that a user may want to know of, as the source's reader does.
/// *Collective*.
void note_columns(Team& team, const LsdFile& lsd, const LsdColumns& how, LsdTable& result) {
  std::vector<std::int64_t> unknown;
  for (const CsvTypedColumn& column : how.typed) unknown.push_back(column.unknown());
  team.all_reduce(unknown, IntegerReduction::sum);
  for (std::size_t j = 0; j < how.typed.size(); ++j) {
    if (how.kinds[j] != ColumnKind::category) continue;
    const std::size_t c = how.columns_of[j];
    const LsdColumn& column = lsd.header.columns[c];
    const CsvFeatureRules& rules = how.columns.rules[j];
    CsvColumnNote note{column.name, column.numbers, column.others, unknown[j], rules.unknown, "",
                       ""};
    const bool is_mixed = !how.columns.kinds[j] && note.numbers > 0 && note.texts > 0;
    if (!is_mixed && note.unknown == 0) continue;
    const FirstCell& mine = note.unknown > 0            ? how.typed[j].first_unknown()
                            : note.numbers < note.texts ? how.typed[j].first_number()
                                                        : how.typed[j].first_text();
    find_example(team, mine.text, mine.row < 0 ? -1 : result.table.rows.begin + mine.row,
                 column.position, result.table.places, note);
    if (is_mixed && !rules.takes_mixed) {
      throw DataError(mixed_column(note));
    }
    result.notes.push_back(std::move(note));
  }
}

/// The features of a table whose rows stay in the file, and what is behind them, which does not.
/// *Collective*.
void settle_mapped(Team& team, const LsdFile& lsd, const LsdColumns& how, LsdPart& part,
                   Table& table) {
  table.features -= how.columns.carried();
  const auto features = static_cast<std::size_t>(table.features);
  Table carried;
  carried.rows = table.rows;
  carried.total_rows = table.total_rows;
  carried.features = how.columns.carried();
  for (std::size_t j = features; j < table.feature_names.size(); ++j) {
    carried.feature_names.push_back(table.feature_names[j]);
    carried.file_columns.push_back(table.file_columns[j]);
  }
  carried.places = table.places;
  carried.values = std::move(part.carried);
  take_carried_columns(team, how.columns, carried);
  if (how.columns.carried_targets > 0) part.target = std::move(carried.target);
  table.weights = std::move(carried.weights);
  table.feature_names.resize(features);
  table.file_columns.resize(features);
  if (!table.feature_types.empty()) table.feature_types.resize(features);
  table.values = map_columns(team, lsd, how, part, features);
}

/// The features of a table of numbers. *Collective*.
void settle_numbers(Team& team, const LsdFile& lsd, LsdColumns& how, LsdPart& part,
                    LsdTable& result) {
  Table& table = result.table;
  table.feature_names = how.columns.schema.feature_names;
  table.features = static_cast<Index>(table.feature_names.size());
  auto& values = std::get<Table::NumberValues>(part.values);  // none where they stay in the file
  if (has_categories(how)) {
    note_columns(team, lsd, how, result);
    table.feature_types =
        agree_on_types(team, how.typed, how.kinds, table.feature_names, lsd.name, values);
  } else if (how.missing_features) {
    table.feature_types.resize(table.feature_names.size());
  }
  if (how.mapped) return settle_mapped(team, lsd, how, part, table);
  table.values = std::move(values);
}

/// The features of a table of bytes, which are named p0, p1, …
/// *Collective*.
void settle_bytes(Team& team, const LsdFile& lsd, const LsdOptions& options, const LsdColumns& how,
                  LsdPart& part, Table& table) {
  table.features = lsd.header.byte_columns;
  for (Index j = 0; j < table.features; ++j) table.feature_names.push_back(fmt::format("p{}", j));
  if (options.columns.schema && options.columns.schema->feature_names != table.feature_names) {
    throw DataError(
        fmt::format("{}: items of {} bytes, p0 to p{}, but the model has {} other "
                    "features",
                    lsd.name, table.features, table.features - 1,
                    options.columns.schema->feature_names.size()));
  }
  if (how.mapped) {
    table.values = map_bytes(team, lsd);
  } else {
    table.values = std::move(std::get<Table::ByteValues>(part.values));
  }
}

/// The features of a sparse table. *Collective*.
void settle_sparse(Team& team, const LsdFile& lsd, const LsdOptions& options, const LsdColumns& how,
                   LsdPart& part, LsdTable& result) {
  const LsdHeader& header = lsd.header;
  const std::optional<TableSchema>& schema = options.columns.schema;
  Table& table = result.table;
  result.index_base = how.index_base;
  // Of a pair of 0, which is not kept, nobody knows the row.
  if (header.smallest_index < result.index_base) {
    throw DataError(fmt::format("{}: expected indices from {} on (data.index_base), found {}",
                                lsd.name, result.index_base, header.smallest_index));
  }
  table.features = how.width;
  LeftOut left_out = part.left_out;
  guard(team, "making indices columns", [&] {
    if (!how.mapped) {
      auto& values = std::get<SparseValues>(part.values);
      left_out = make_columns(values, result.index_base, table.features, header.largest_index);
      table.values = std::move(values);
    }
    for (Index c = 0; c < table.features; ++c) {
      table.feature_names.push_back(fmt::format("c{}", c));
    }
    if (schema && schema->feature_names != table.feature_names) {
      throw DataError(
          fmt::format("{}: the features of a LIBSVM file are c0, c1, …, but the model "
                      "has others; give it a CSV file",
                      lsd.name));
    }
    const bool typed =
        schema ? !schema->feature_types.empty() : options.columns.features == CsvFeatures::typed;
    if (typed) table.feature_types.resize(table.feature_names.size());
  });
  result.left_out =
      agree_on_left_out(team, left_out, table.rows.begin + left_out.row, table.places);
  if (how.mapped) table.values = map_sparse(team, lsd, how, part);
}

}  // namespace

std::string lsd_objection(const LsdFile& lsd, const LsdOptions& options) {
  return objection_to(lsd, choose(lsd, options), options);
}

LsdTable read_lsd(Team& team, const LsdFile& lsd, const LsdOptions& options) {
  const LsdHeader& header = lsd.header;
  LsdTable result;
  Table& table = result.table;
  LsdColumns how = choose(lsd, options);
  if (const std::string objection = objection_to(lsd, how, options); !objection.empty()) {
    throw DataError(objection);
  }
  table.places = places_of(lsd);
  table.total_rows = header.rows;
  table.rows = even_part(header.rows, team.size(), team.rank());
  LsdPart part;
  bool is_damaged = false;
  guard(team, "reading rows", [&] {
    try {
      part = read_lsd_part(lsd, table.rows, table.places, how);
    } catch (const DamagedLsd& damaged) {
      is_damaged = true;
      part.failure = damaged.what();
    }
  });
  // The first in row order, of either kind.
  const std::string mine = part.failure.empty() ? "" : (is_damaged ? "d" : "c") + part.failure;
  for (const std::string& failure : all_gather_text(team, mine)) {
    if (failure.empty()) continue;
    if (failure.front() == 'd') throw DamagedLsd(failure.substr(1));
    throw DataError(failure.substr(1));
  }
  result.bytes_read = part.bytes_read;
  if (header.byte_columns > 0) {
    settle_bytes(team, lsd, options, how, part, table);
  } else if (header.sparse) {
    settle_sparse(team, lsd, options, how, part, result);
  } else {
    for (const std::size_t c : how.columns_of) {
      table.file_columns.push_back(header.columns[c].position);
    }
    settle_numbers(team, lsd, how, part, result);
  }
  table.target = std::move(part.target);
  const bool has_target = how.target || how.columns.carried_targets > 0;
  table.target_kind = has_target ? how.target_kind : TargetKind::none;
  const auto& schema = options.columns.schema;
  const bool has_name = header.has_labels && (how.target || header.sparse);
  table.target_names = has_name ? name_of_labels(schema) : how.columns.schema.target_names;
  if (table.target_kind == TargetKind::classes) {
    table.class_names =
        agree_on_classes(team, how.labels, table.target_name(), lsd.name, table.target);
  }
  if (!how.mapped) take_carried_columns(team, how.columns, table);
  result.extra_columns = how.columns.extra;
  return result;
}

}  // namespace lockstep
