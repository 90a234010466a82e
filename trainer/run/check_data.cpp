#include "trainer/run/check_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/base/error.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/splits.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/profile/dense_columns.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/preprocessing.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

constexpr Index kNoRow = std::numeric_limits<Index>::max();

bool is_network(const Settings& settings) { return settings.text("model.type") != kNaiveBayesName; }

/// Whether `work` ends well; a finding where the content of data is wrong. Any other error is
/// thrown on.
bool ends_well(Findings& findings, const std::string& check, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::bad_data) throw;
    findings.add({Severity::error, check, error.what()});
    return false;
  }
}

/// The types of all features, so that cells may be missing where the training rows miss none.
TableSchema lenient_schema(const Table& train) {
  TableSchema schema = schema_of(train);
  if (schema.feature_types.empty() && train.sparse() == nullptr) {
    schema.feature_types.resize(schema.feature_names.size());
  }
  return schema;
}

std::vector<CsvFeatureRules> lenient_rules(std::size_t features) {
  CsvFeatureRules rules;
  rules.unknown = CsvUnknown::kept;
  return std::vector<CsvFeatureRules>(features, rules);
}

/// For some columns, how many cells of this rank's rows `counts` and the first of these rows, over
/// all ranks.
struct CellCount {
  std::int64_t cells = 0;
  Index first = kNoRow;
};

template <class Counts>
std::vector<CellCount> count_cells(Team& team, const Table& table,
                                   const std::vector<Index>& columns, const Counts& counts) {
  std::vector<std::int64_t> cells(columns.size());
  std::vector<std::int64_t> firsts(columns.size(), kNoRow);
  guard(team, "counting cells", [&] {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const DistributedMatrix column = dense_columns(table, {columns[c], columns[c] + 1});
      for (Index i = column.rows.begin; i < column.rows.end; ++i) {
        if (!counts(columns[c], *column.row(i))) continue;
        ++cells[c];
        firsts[c] = std::min<std::int64_t>(firsts[c], i);
      }
    }
  });
  team.all_reduce(cells, IntegerReduction::sum);
  team.all_reduce(firsts, IntegerReduction::min);
  std::vector<CellCount> all;
  for (std::size_t c = 0; c < columns.size(); ++c) all.push_back({cells[c], firsts[c]});
  return all;
}

const std::string& name_of_column(const Table& table, Index j) {
  return table.feature_names[static_cast<std::size_t>(j)];
}

/// Missing cells in these columns. *Collective*.
void add_missing(Team& team, const Table& table, const std::vector<Index>& columns,
                 const std::string& end, Findings& findings) {
  if (!std::holds_alternative<Table::NumberValues>(table.values)) return;
  const std::vector<CellCount> counts =
      count_cells(team, table, columns, [](Index, double x) { return std::isnan(x); });
  std::vector<ColumnFinding> found;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (counts[c].cells == 0) continue;
    found.push_back({name_of_column(table, columns[c]),
                     plural(counts[c].cells, "missing cell") + end,
                     places_of(team, table, {counts[c].first}).front()});
  }
  findings.add_columns(Severity::error, "missing", found);
}

/// How a training with these settings takes the cells of its features; nothing for one that takes
/// all of them.
std::vector<CsvFeatureRules> training_rules(const Settings& settings, const Table& train) {
  if (!is_network(settings)) return {};
  return rules_for_training(settings)(train.feature_names);
}

/// What a column of categories holds.
struct TextCells {
  bool has_numbers = false;
  std::vector<bool> is_text{};  ///< of each category
};

TextCells text_cells(const std::vector<std::string>& categories) {
  TextCells cells;
  for (const std::string& category : categories) {
    double ignored = 0;
    cells.is_text.push_back(!parse_csv_number(category, ignored));
    cells.has_numbers = cells.has_numbers || !cells.is_text.back();
  }
  return cells;
}

/// Text where training wants numbers, and among numbers. *Collective*.
void check_text(Session& session, const Table& train, const std::vector<CsvFeatureRules>& rules,
                Findings& findings) {
  const std::vector<std::string> named = session.settings.texts("data.categorical");
  std::vector<Index> columns;
  std::vector<TextCells> texts;
  for (Index j = 0; j < train.features; ++j) {
    if (kind_of(train, j) == ColumnKind::number) continue;
    const std::string& name = name_of_column(train, j);
    TextCells cells = text_cells(categories_of(train, j));
    const bool is_named = std::find(named.begin(), named.end(), name) != named.end();
    const bool is_refused = !rules.empty() && !rules[static_cast<std::size_t>(j)].takes_text;
    if (!is_refused && (!cells.has_numbers || is_named)) continue;
    columns.push_back(j);
    texts.push_back(std::move(cells));
  }
  std::size_t column = 0;
  const auto is_text = [&](Index j, double code) {
    while (columns[column] != j) ++column;
    return !std::isnan(code) && texts[column].is_text[static_cast<std::size_t>(code)];
  };
  const std::vector<CellCount> counts = count_cells(session.team, train, columns, is_text);
  std::vector<ColumnFinding> refused;
  std::vector<ColumnFinding> mixed;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (counts[c].cells == 0) continue;
    const bool wants_encoding =
        !rules.empty() && !rules[static_cast<std::size_t>(columns[c])].takes_text;
    const std::string text = fmt::format(
        "{} of {}{}", plural(counts[c].cells, "cell"),
        texts[c].has_numbers ? "text among numbers" : "text",
        wants_encoding ? "; set preprocess.encode or data.ignore"
        : rules.empty()
            ? "; the column is taken as categories"
            : "; name it in data.categorical, data.numeric or data.ignore: here it is taken as "
              "categories");
    (rules.empty() ? mixed : refused)
        .push_back({name_of_column(train, columns[c]), text,
                    places_of(session.team, train, {counts[c].first}).front()});
  }
  findings.add_columns(Severity::error, "text", refused);
  findings.add_columns(Severity::warning, "mixed", mixed);
}

}  // namespace

CheckedData::CheckedData(Session& session, Findings& findings) {
  const TargetKind target = wanted_target(session.settings);
  ends_well(findings, "unreadable", [&] {
    all_ = in_row_blocks(session.team, load_table(session, DataRole::train, target, std::nullopt,
                                                  CsvFeatures::typed));
  });
}

void CheckedData::split(Session& session, Findings& findings) {
  ends_well(findings, "split", [&] {
    if (fold_count(session.settings) > 0) {
      split_into_folds(session, findings);
    } else {
      parts_ = split_rows(session, std::move(*all_));
    }
  });
  all_.reset();
  if (parts_ && !parts_->test) read_test(session, findings);
}

/// The first fold stands for all, but all must leave classes to train on.
void CheckedData::split_into_folds(Session& session, Findings& findings) {
  const FoldedData folds(session, std::move(*all_));
  for (Index f = 0; f < fold_count(session.settings); ++f) {
    ends_well(findings, "split", [&] {
      TrainingData data = folds.fold(f);
      if (!parts_) parts_ = std::move(data);
    });
  }
}

void CheckedData::read_test(Session& session, Findings& findings) {
  if (!has_data(session.settings, DataRole::test)) return;
  has_own_test_ = true;
  const TableSchema schema = lenient_schema(parts_->train);
  const auto load = [&](TargetKind target) {
    parts_->test = load_table(session, DataRole::test, target, schema, CsvFeatures::numbers,
                              fixed_rules(lenient_rules(schema.feature_names.size())));
  };
  if (ends_well(findings, "unreadable", [&] { load(schema.target_kind); })) return;
  has_unreadable_test_ = true;
  Findings known;  // the features alone may be good
  ends_well(known, "unreadable", [&] { load(TargetKind::none); });
}

void check_cells(Session& session, const Table& train, Findings& findings) {
  if (train.sparse() != nullptr) return;
  const std::vector<CsvFeatureRules> rules = training_rules(session.settings, train);
  check_text(session, train, rules, findings);
  std::vector<Index> columns;
  for (std::size_t j = 0; j < rules.size(); ++j) {
    if (!rules[j].takes_missing) columns.push_back(static_cast<Index>(j));
  }
  add_missing(session.team, train, columns, "; set preprocess.impute or data.ignore", findings);
}

void check_missing(Session& session, const Table& table, const std::string& set,
                   Findings& findings) {
  if (table.sparse() != nullptr) return;
  const std::vector<CsvFeatureRules> rules = training_rules(session.settings, table);
  std::vector<Index> columns;
  for (std::size_t j = 0; j < rules.size(); ++j) {
    if (!rules[j].takes_missing) columns.push_back(static_cast<Index>(j));
  }
  add_missing(session.team, table, columns,
              fmt::format(" in {}; set preprocess.impute or data.ignore", set), findings);
}

}  // namespace lockstep::trainer
