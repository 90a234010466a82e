#include "trainer/run/check_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

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

bool is_network(const Settings& settings) { return settings.text("model.type") != kNaiveBayesName; }

/// Whether `work` ends well; a finding where the content of data is wrong. Any other error is
/// thrown on.
bool ends_well(Findings& findings, const std::string& check, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::bad_data) throw;
    findings.add(finding_of(check, error));
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

/// Cells of a column that something holds for: how many, and the rows of the first of them.
struct CellCount {
  std::int64_t cells = 0;
  std::vector<Index> first{};  ///< kMostNamed at most
};

/// In some columns, the cells over all ranks that `counts` says to count. *Collective*.
template <class Counts>
std::vector<CellCount> count_cells(Team& team, const Table& table,
                                   const std::vector<Index>& columns, const Counts& counts) {
  std::vector<std::int64_t> cells(columns.size());
  std::vector<Index> mine;  // of each column, how many first rows, and these
  guard(team, "counting cells", [&] {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const DistributedMatrix column = dense_columns(table, {columns[c], columns[c] + 1});
      const std::size_t count_at = mine.size();
      mine.push_back(0);
      for (Index i = column.rows.begin; i < column.rows.end; ++i) {
        if (!counts(columns[c], *column.row(i))) continue;
        if (++cells[c] > static_cast<Index>(kMostNamed)) continue;
        mine.push_back(i);
        ++mine[count_at];
      }
    }
  });
  team.all_reduce(cells, IntegerReduction::sum);
  std::vector<CellCount> all(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) all[c].cells = cells[c];
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    const auto of_rank = FoldCodec<std::vector<Index>>::decode(bytes);
    auto next = of_rank.begin();
    for (CellCount& count : all) {
      for (Index i = *next++; i > 0; --i, ++next) {
        if (count.first.size() < kMostNamed) count.first.push_back(*next);
      }
    }
  }
  return all;
}

/// The category of a cell, whoever holds its row. *Collective*.
std::string category_in(Team& team, const Table& table, Index column, Index row) {
  std::string mine;
  if (table.rows.contains(row)) {
    const double code = *dense_columns(table, {column, column + 1}).row(row);
    mine = categories_of(table, column)[static_cast<std::size_t>(code)];
  }
  std::string text;
  for (const std::string& of_rank : all_gather_text(team, mine)) text += of_rank;
  return text;
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
    found.push_back(
        {name_of_column(table, columns[c]), plural(counts[c].cells, "missing cell") + end,
         places_of(team, table, counts[c].first, std::vector(counts[c].first.size(), columns[c]))});
  }
  findings.add_columns(Severity::error, "missing", found);
}

/// How a training with these settings takes the cells of its features; nothing for one that takes
/// all of them.
std::vector<CsvFeatureRules> training_rules(const Settings& settings, const Table& train) {
  if (!is_network(settings)) return {};
  return rules_for_training(settings)(train.feature_names);
}

/// How the cells of data.train are read for a training that leaves bad rows out: as it reads them,
/// so that the same rows are bad, but that a column may mix numbers and text. No row is to blame
/// for that: it ends the training, and the check tells of it among other things.
CsvRules rules_for_leaving_out(const Settings& settings) {
  return [rules_of = rules_for_training(settings)](const std::vector<std::string>& features) {
    std::vector<CsvFeatureRules> all = rules_of(features);
    for (CsvFeatureRules& rules : all) rules.takes_mixed = true;
    return all;
  };
}

/// The rows of data.train, text and missing cells included unless they make a row bad that the
/// training leaves out. *Collective*.
Table load_checked_rows(Session& session, bool leaves_out) {
  const Settings& settings = session.settings;
  CsvFeatures features = CsvFeatures::typed;
  CsvRules rules;
  if (is_network(settings)) {
    if (leaves_out) features = wanted_features(settings);
    rules = leaves_out ? rules_for_leaving_out(settings) : rules_for_checking(settings);
  }
  return load_table(session, DataRole::train, wanted_target(settings), std::nullopt, features,
                    rules);
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
    const bool among_numbers = texts[c].has_numbers;
    const char* const advice =
        wants_encoding ? (among_numbers ? "; set preprocess.encode, data.missing or data.ignore"
                                        : "; set preprocess.encode or data.ignore")
        : rules.empty()
            ? "; the column is taken as categories"
            : "; name it in data.categorical, data.numeric or data.ignore, or its texts in "
              "data.missing: here it is taken as categories";
    const std::string text = fmt::format(
        "{} of {}, the first {}{}", plural(counts[c].cells, "cell"),
        among_numbers ? "text among numbers" : "text",
        lockstep::quoted(category_in(session.team, train, columns[c], counts[c].first.front())),
        advice);
    (rules.empty() ? mixed : refused)
        .push_back({name_of_column(train, columns[c]), text,
                    places_of(session.team, train, counts[c].first,
                              std::vector(counts[c].first.size(), columns[c]))});
  }
  findings.add_columns(Severity::error, "text", refused);
  findings.add_columns(Severity::warning, "mixed", mixed);
}

/// While it lives, rows that cannot be read are left out of what is read, and whoever reads says
/// nothing of them and of columns, for the check to tell of them.
class ReadsOn {
 public:
  explicit ReadsOn(Session& session)
      : session_(session),
        asked_for_(session.settings.text(kKey)),
        origin_(session.settings.origin(kKey)),
        place_(session.settings.place(kKey)) {
    session.settings.reset(kKey);
    session.settings.set(kKey, "skip", Origin::standard, "");
    session.reports_bad_rows = false;
    session.reports_columns = false;
    session.data_warnings = &warnings_;
  }
  ~ReadsOn() {
    session_.settings.reset(kKey);
    session_.settings.set(kKey, asked_for_, origin_, place_);
    session_.reports_bad_rows = true;
    session_.reports_columns = true;
    session_.data_warnings = nullptr;
  }
  ReadsOn(const ReadsOn&) = delete;
  ReadsOn(ReadsOn&&) = delete;
  ReadsOn& operator=(const ReadsOn&) = delete;
  ReadsOn& operator=(ReadsOn&&) = delete;

  /// The training is to leave them out too.
  bool is_asked_for() const { return asked_for_ == "skip"; }

  /// The rows that `load` reads for this role, and findings about those that it leaves out; nothing
  /// where it leaves out all. *Collective*.
  std::optional<Table> read(DataRole role, Findings& findings,
                            const std::function<Table()>& load) const {
    try {
      Table table = load();
      for (const DataWarning& warning : warnings_) {
        findings.add({Severity::warning, "reading", warning.text, {}, {warning.place}});
      }
      add_bad_rows(table.bad_rows, findings);
      return table;
    } catch (const NoRowsLeft& error) {  // which says that they are left out on request
      const BadRows& bad = error.bad_rows();
      add_bad_rows(bad, findings);
      findings.add(
          {Severity::error, "unreadable",
           fmt::format("none of {} of {} can be read", plural(bad.count, "row"), data_key(role))});
      return std::nullopt;
    }
  }

 private:
  static constexpr const char* kKey = "data.on_bad_row";

  /// Rows that were left out are errors, unless the training is to leave them out.
  void add_bad_rows(const BadRows& bad, Findings& findings) const {
    const Severity severity = is_asked_for() ? Severity::warning : Severity::error;
    for (const BadRow& row : bad.first) {
      findings.add({severity,
                    "unreadable",
                    fmt::format("{}, in the row {}", row.problem, lockstep::quoted(row.bytes)),
                    {},
                    {row.place}});
    }
    const auto told = static_cast<Index>(bad.first.size());
    if (bad.count == told) return;
    findings.add({severity, "unreadable",
                  fmt::format("{} more cannot be read", plural(bad.count - told, "row"))});
  }

  Session& session_;
  std::string asked_for_;
  Origin origin_;
  std::string place_;
  std::vector<DataWarning> warnings_;
};

}  // namespace

CheckedData::CheckedData(Session& session, Findings& findings) {
  ends_well(findings, "unreadable", [&] {
    const ReadsOn reads_on(session);
    std::optional<Table> all = reads_on.read(DataRole::train, findings, [&] {
      return load_checked_rows(session, reads_on.is_asked_for());
    });
    if (all) all_ = in_row_blocks(session.team, std::move(*all));
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
  const ReadsOn reads_on(session);
  std::vector<CsvFeatureRules> rules;
  if (reads_on.is_asked_for()) rules = training_rules(session.settings, parts_->train);
  for (CsvFeatureRules& of_feature : rules) of_feature.unknown = CsvUnknown::kept;
  if (rules.empty()) rules = lenient_rules(schema.feature_names.size());
  const auto load = [&](TargetKind target) {
    return load_table(session, DataRole::test, target, schema, CsvFeatures::numbers,
                      fixed_rules(rules));
  };
  ends_well(findings, "unreadable", [&] {
    parts_->test =
        reads_on.read(DataRole::test, findings, [&] { return load(schema.target_kind); });
  });
  if (parts_->test) return;
  has_unreadable_test_ = true;
  Findings known;  // the features alone may be good
  ends_well(known, "unreadable", [&] { parts_->test = load(TargetKind::none); });
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
