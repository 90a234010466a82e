#include "core/data/csv_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/data/csv_fields.hpp"

namespace lockstep {
namespace {

constexpr Index kUndecided = -3;

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(name, known);
  return nearest.empty() ? "" : fmt::format("; did you mean {}?", quoted(nearest));
}

/// Position of the column `name`, or −1.
Index find_column(const std::vector<std::string>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : found - names.begin();
}

/// Where names of columns are from, for messages about them.
struct NamesOrigin {
  std::string path;
  NamesFrom from;
};

/// Position of a column that an option names.
Index require_column(const std::vector<std::string>& names, const std::string& name,
                     const char* option, const NamesOrigin& origin) {
  const Index column = find_column(names, name);
  if (column >= 0) return column;
  if (origin.from == NamesFrom::numbers) {
    throw ConfigError(fmt::format("{}: no column {} among {} to {}, the columns of {}", option,
                                  quoted(name), names.front(), names.back(), origin.path));
  }
  throw ConfigError(fmt::format("{}: no column {} in the header of {}{}", option, quoted(name),
                                origin.path, suggestion(name, names)));
}

/// What a message about all columns begins with.
std::string place_of(const NamesOrigin& origin) {
  return origin.from == NamesFrom::header ? origin.path + ":1" : origin.path;
}

Index& use_of(CsvColumns& columns, Index column) {
  return columns.use[static_cast<std::size_t>(column)];
}

std::vector<Index> require_targets(CsvColumns& columns, const CsvOptions& options,
                                   const NamesOrigin& origin) {
  std::vector<Index> targets;
  for (const std::string& name : options.targets) {
    const Index target = require_column(columns.names, name, "data.target", origin);
    if (use_of(columns, target) == CsvColumns::kSkipped) {
      throw ConfigError(fmt::format("data.target: {} is named in data.ignore too", quoted(name)));
    }
    if (std::find(targets.begin(), targets.end(), target) != targets.end()) {
      throw ConfigError(fmt::format("data.target: {} is named twice", quoted(name)));
    }
    targets.push_back(target);
  }
  return targets;
}

/// The column of the weights, which is left out of the search for the others; −1 for none.
Index reserve_weight(CsvColumns& columns, const CsvOptions& options, const NamesOrigin& origin) {
  if (options.weight.empty()) return -1;
  const Index weight = require_column(columns.names, options.weight, "data.weight", origin);
  if (use_of(columns, weight) == CsvColumns::kSkipped) {
    throw ConfigError(
        fmt::format("data.weight: {} is named in data.ignore too", quoted(options.weight)));
  }
  if (find_column(options.targets, options.weight) >= 0) {
    throw ConfigError(
        fmt::format("data.weight: {} is the column to predict", quoted(options.weight)));
  }
  if (find_column(options.categorical, options.weight) >= 0) {
    throw ConfigError(
        fmt::format("data.weight: {} is named in data.categorical too", quoted(options.weight)));
  }
  use_of(columns, weight) = CsvColumns::kSkipped;
  return weight;
}

/// Puts columns of numbers behind the features, to be taken from there when the rows are read.
void carry(CsvColumns& columns, const std::vector<Index>& which) {
  TableSchema& schema = columns.schema;
  for (const Index column : which) {
    use_of(columns, column) = static_cast<Index>(schema.feature_names.size());
    schema.feature_names.push_back(columns.names[static_cast<std::size_t>(column)]);
    if (!schema.feature_types.empty()) schema.feature_types.emplace_back();
  }
}

/// One target is read as such, several behind the features.
void carry_targets(CsvColumns& columns, const std::vector<Index>& targets) {
  if (targets.size() < 2) return;
  columns.carried_targets = static_cast<Index>(targets.size());
  carry(columns, targets);
}

/// The columns of a new data set: all are features but the target and the ignored ones.
void assign_freely(CsvColumns& columns, const CsvOptions& options, const NamesOrigin& origin) {
  for (const std::string& name : options.ignored) {
    use_of(columns, require_column(columns.names, name, "data.ignore", origin)) =
        CsvColumns::kSkipped;
  }
  const Index weight = reserve_weight(columns, options, origin);
  std::vector<Index> targets = require_targets(columns, options, origin);
  if (options.target_kind == TargetKind::none) {
    for (const Index target : targets) {
      if (!options.target_is_feature) use_of(columns, target) = CsvColumns::kSkipped;
    }
    targets.clear();
  } else if (targets.empty()) {
    const auto last = std::find(columns.use.rbegin(), columns.use.rend(), kUndecided);
    if (last != columns.use.rend()) targets.push_back(columns.use.rend() - last - 1);
  }
  for (const Index target : targets) {
    use_of(columns, target) = CsvColumns::kTarget;
    columns.schema.target_names.push_back(columns.names[static_cast<std::size_t>(target)]);
  }
  columns.schema.target_kind = options.target_kind;
  for (std::size_t i = 0; i < columns.use.size(); ++i) {
    if (columns.use[i] != kUndecided) continue;
    columns.use[i] = static_cast<Index>(columns.schema.feature_names.size());
    columns.schema.feature_names.push_back(columns.names[i]);
  }
  if (columns.schema.feature_names.empty()) {
    const bool other_delimiter =
        columns.names.size() == 1 && columns.names[0].find_first_of(";\t|") != std::string::npos;
    throw DataError(fmt::format(
        "{}: expected feature columns beside the target, found {}", place_of(origin),
        other_delimiter ? quoted(columns.names[0]) + "; set data.delimiter"
                        : fmt::format("none of {} columns left", columns.names.size())));
  }
  carry_targets(columns, targets);
  if (weight < 0) return;
  columns.has_weights = true;
  carry(columns, {weight});
}

/// The positions of the features that an option names.
std::vector<Index> named_features(CsvColumns& columns, const std::vector<std::string>& names,
                                  const char* option, const NamesOrigin& origin) {
  std::vector<Index> positions;
  for (const std::string& name : names) {
    const Index column = require_column(columns.names, name, option, origin);
    const Index use = use_of(columns, column);
    const std::vector<std::string>& targets = columns.schema.target_names;
    const bool is_target = find_column(targets, name) >= 0;
    if (use < 0 || is_target) {
      throw ConfigError(fmt::format("{}: {} is {}", option, quoted(name),
                                    !is_target            ? "left out by data.ignore"
                                    : targets.size() == 1 ? "the column to predict"
                                                          : "a column to predict"));
    }
    positions.push_back(use);
  }
  return positions;
}

/// What each feature is for certain: by the schema, by the user's word, or because it may be
/// nothing else.
void assign_kinds(CsvColumns& columns, const CsvOptions& options, const NamesOrigin& origin) {
  columns.kinds.resize(columns.schema.feature_names.size());
  if (!columns.schema.feature_types.empty()) {
    for (std::size_t j = 0; j < columns.kinds.size(); ++j) {
      columns.kinds[j] = columns.schema.feature_types[j].kind;
    }
    return;
  }
  if (options.schema) return;
  for (std::size_t j = 0; j < columns.kinds.size(); ++j) {
    if (!columns.rules[j].takes_text) columns.kinds[j] = ColumnKind::number;
    if (options.features == CsvFeatures::categories) columns.kinds[j] = ColumnKind::category;
  }
  for (const Index j : named_features(columns, options.categorical, "data.categorical", origin)) {
    columns.kinds[static_cast<std::size_t>(j)] = ColumnKind::category;
  }
  for (const Index j : named_features(columns, options.numeric, "data.numeric", origin)) {
    columns.kinds[static_cast<std::size_t>(j)] = ColumnKind::number;
    const std::string& name = columns.schema.feature_names[static_cast<std::size_t>(j)];
    if (find_column(options.categorical, name) >= 0) {
      throw ConfigError(
          fmt::format("data.numeric: {} is named in data.categorical too", quoted(name)));
    }
  }
}

/// The names that the schema does not have: those that a missing one could have become.
std::vector<std::string> names_beyond(const std::vector<std::string>& names,
                                      const TableSchema& schema) {
  std::vector<std::string> beyond;
  for (const std::string& name : names) {
    if (find_column(schema.target_names, name) >= 0) continue;
    if (find_column(schema.feature_names, name) >= 0) continue;
    beyond.push_back(name);
  }
  return beyond;
}

/// The columns that a schema asks for, wherever they are.
void assign_by_schema(CsvColumns& columns, const CsvOptions& options, const NamesOrigin& origin) {
  columns.schema = *options.schema;
  TableSchema& schema = columns.schema;
  std::map<std::string_view, Index> position;
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    position.emplace(columns.names[i], static_cast<Index>(i));
  }
  const auto require = [&](const std::string& name, const char* role) {
    const auto found = position.find(name);
    if (found != position.end()) return found->second;
    throw DataError(fmt::format("{}: the {} column {} is missing{}", place_of(origin), role,
                                quoted(name),
                                suggestion(name, names_beyond(columns.names, schema))));
  };
  for (std::size_t j = 0; j < schema.feature_names.size(); ++j) {
    use_of(columns, require(schema.feature_names[j], "feature")) = static_cast<Index>(j);
  }
  const bool wants_targets =
      schema.target_kind != TargetKind::none && options.target_kind != TargetKind::none;
  std::vector<Index> targets;
  for (const std::string& name : schema.target_names) {
    const auto found = position.find(name);
    const bool is_there = found != position.end();
    if (wants_targets && (is_there || !options.target_is_optional)) {
      targets.push_back(require(name, "target"));
      use_of(columns, targets.back()) = CsvColumns::kTarget;
    } else if (is_there && use_of(columns, found->second) == kUndecided) {
      use_of(columns, found->second) = CsvColumns::kSkipped;
    }
  }
  if (targets.empty()) schema.target_kind = TargetKind::none;
  carry_targets(columns, targets);
  for (std::size_t i = 0; i < columns.use.size(); ++i) {
    if (columns.use[i] != kUndecided) continue;
    columns.use[i] = CsvColumns::kSkipped;
    if (find_column(options.ignored, columns.names[i]) < 0) {
      columns.extra.push_back(columns.names[i]);
    }
  }
}

}  // namespace

std::vector<std::string> parse_csv_header(std::string_view record, char delimiter,
                                          const std::string& path) {
  std::vector<CsvField> fields;
  CsvFieldReader reader(delimiter);
  if (const auto error = reader.take_all(record, fields)) {
    throw DataError(fmt::format("{}:1:{}: {}, found {}", path, error->column + 1, error->problem,
                                quoted(error->found)));
  }
  const bool has_return = std::any_of(fields.begin(), fields.end(), [](const CsvField& field) {
    return !field.was_quoted && field.text.find('\r') != std::string_view::npos;
  });
  if (has_return) {
    throw DataError(fmt::format(
        "{}:1: expected lines that end in LF, or CR LF, found CR alone; convert the file", path));
  }
  std::vector<std::string> names;
  std::map<std::string, std::size_t, std::less<>> first_at;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    names.push_back(fields[i].text.empty() ? fmt::format("c{}", i) : std::string(fields[i].text));
    if (!is_utf8(names.back())) {
      throw DataError(fmt::format("{}:1:{}: the column name {} is not UTF-8; convert the file",
                                  path, i + 1, quoted(names.back())));
    }
    const auto [first, is_new] = first_at.emplace(names.back(), i + 1);
    if (is_new) continue;
    throw DataError(fmt::format("{}:1:{}: duplicate column name {}, first at column {}", path,
                                i + 1, quoted(names.back()), first->second));
  }
  return names;
}

std::vector<Index> columns_of_features(const CsvColumns& columns) {
  std::vector<Index> of_features(columns.schema.feature_names.size());
  for (std::size_t c = 0; c < columns.use.size(); ++c) {
    const Index use = columns.use[c];
    if (use >= 0) of_features[static_cast<std::size_t>(use)] = static_cast<Index>(c);
  }
  return of_features;
}

bool ends_with_delimiter(std::string_view header, char delimiter) {
  constexpr std::string_view kBlanks = " \t";
  const std::string_view blanks = kBlanks.substr(0, delimiter == '\t' ? 1 : 2);
  const std::size_t last = header.find_last_not_of(blanks);
  const std::string nothing = std::string(blanks) + '"' + delimiter;
  return last != std::string_view::npos && header[last] == delimiter &&
         header.find_first_not_of(nothing) != std::string_view::npos;
}

std::vector<std::string> numbered_columns(std::string_view record, char delimiter) {
  std::vector<CsvField> fields;
  CsvFieldReader reader(delimiter);
  reader.take_all(record, fields);  // where it is wrong is said when it is read as a row
  std::vector<std::string> names;
  for (std::size_t i = 0; i < fields.size(); ++i) names.push_back(fmt::format("c{}", i));
  return names;
}

CsvColumns assign_csv_columns(const std::vector<std::string>& names, const CsvOptions& options,
                              const std::string& path, NamesFrom from) {
  const NamesOrigin origin{path, from};
  CsvColumns columns;
  columns.names = names;
  columns.has_header = from == NamesFrom::header;
  columns.use.assign(names.size(), kUndecided);
  columns.missing = options.missing;
  if (options.schema) {
    assign_by_schema(columns, options, origin);
  } else {
    assign_freely(columns, options, origin);
  }
  std::vector<std::string> features = columns.schema.feature_names;
  features.resize(features.size() - static_cast<std::size_t>(columns.carried()));
  columns.rules =
      options.rules ? options.rules(features) : std::vector<CsvFeatureRules>(features.size());
  if (options.features == CsvFeatures::categories && !options.schema) {
    for (CsvFeatureRules& rules : columns.rules) rules.takes_missing = false;
  }
  CsvFeatureRules number;
  number.takes_text = false;
  number.takes_missing = false;
  columns.rules.resize(columns.schema.feature_names.size(), number);
  assign_kinds(columns, options, origin);
  return columns;
}

}  // namespace lockstep
