#include "trainer/run/check_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <variant>

#include "core/base/error.hpp"
#include "core/data/splits.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/profile/dense_columns.hpp"
#include "core/profile/magnitudes.hpp"
#include "trainer/run/preprocessing.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

const std::string& name_of_column(const Table& table, Index j) {
  return table.feature_names[static_cast<std::size_t>(j)];
}

std::vector<std::string> names_of(const Table& table, const std::vector<Index>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const Index j : columns) names.push_back(name_of_column(table, j));
  return names;
}

/// The columns of which `holds`.
template <class Holds>
std::vector<std::string> names_where(const Table& table, const TableProfile& profile,
                                     const Holds& holds) {
  std::vector<std::string> names;
  for (std::size_t j = 0; j < profile.columns.size(); ++j) {
    if (holds(profile.columns[j])) names.push_back(table.feature_names[j]);
  }
  return names;
}

std::string value_text(const Table& table, Index j, double value) {
  if (kind_of(table, j) == ColumnKind::number) return format_real(value);
  return lockstep::quoted(categories_of(table, j)[static_cast<std::size_t>(value)]);
}

void check_nearly_constant(Session& session, const Table& train, const TableProfile& profile,
                           Findings& findings) {
  std::vector<Index> columns;
  std::vector<Index> others;
  for (Index j = 0; j < train.features; ++j) {
    const ColumnProfile& column = profile.columns[static_cast<std::size_t>(j)];
    if (column.is_constant() || !column.is_nearly_constant(kNearlyConstant)) continue;
    columns.push_back(j);
    others.push_back(*column.first_other);
  }
  const std::vector<std::string> places = places_of(session.team, train, others, columns);
  std::vector<ColumnFinding> found;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const ColumnProfile& column = profile.columns[static_cast<std::size_t>(columns[c])];
    found.push_back(
        {name_of_column(train, columns[c]),
         fmt::format("{} in {} of {} cells", value_text(train, columns[c], column.common),
                     column.common_count, column.present),
         {places[c]}});
  }
  findings.add_columns(Severity::note, "nearly_constant", found);
}

void check_equal(const Table& train, const TableProfile& profile, Findings& findings) {
  std::vector<ColumnFinding> same;
  std::vector<std::string> repeated;  // words that only one text has, say
  for (const std::vector<Index>& group : equal_columns(train, profile)) {
    if (train.sparse() != nullptr) {
      for (std::size_t i = 1; i < group.size(); ++i) {
        repeated.push_back(name_of_column(train, group[i]));
      }
      continue;
    }
    std::vector<std::string> others = names_of(train, group);
    others.erase(others.begin());
    same.push_back({name_of_column(train, group.front()),
                    fmt::format("says the same in every row as {}", names_text(others))});
  }
  findings.add_columns(Severity::warning, "equal_columns", same);
  findings.add_group(Severity::note, "equal_columns",
                     "that say the same in every row as one before", repeated);
  std::vector<ColumnFinding> target;
  for (const EqualToTarget& equal : columns_equal_to_target(train, profile)) {
    const std::string& name = train.target_names[static_cast<std::size_t>(equal.target)];
    target.push_back(
        {name_of_column(train, equal.column),
         fmt::format("says the same in every row as the target {}", lockstep::quoted(name))});
  }
  findings.add_columns(Severity::warning, "equal_to_target", target);
}

void check_extremes(Session& session, const Table& train,
                    const std::vector<ColumnMagnitude>& magnitudes, Findings& findings) {
  std::vector<Index> columns;
  std::vector<Index> rows;
  for (Index j = 0; j < train.features; ++j) {
    const ColumnMagnitude& column = magnitudes[static_cast<std::size_t>(j)];
    if (column.extreme == 0) continue;
    columns.push_back(j);
    rows.push_back(column.first_extreme);
  }
  const std::vector<std::string> places = places_of(session.team, train, rows, columns);
  std::vector<ColumnFinding> found;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const ColumnMagnitude& column = magnitudes[static_cast<std::size_t>(columns[c])];
    found.push_back(
        {name_of_column(train, columns[c]),
         fmt::format("{} beyond {} interquartile ranges of the quartiles {} and {}, the first {}",
                     plural(column.extreme, "cell"), kExtremeRanges,
                     format_real(column.quartiles.lower), format_real(column.quartiles.upper),
                     format_real(column.first_value)),
         {places[c]}});
  }
  findings.add_columns(Severity::warning, "extreme", found);
}

/// Of numbers that a network is given as they are.
void check_scales(const Session& session, const Table& train, const TableProfile& profile,
                  const std::vector<ColumnMagnitude>& magnitudes, Findings& findings) {
  if (session.settings.text("model.type") == kNaiveBayesName) return;
  const ColumnChoices choices = choose_columns(session.settings, train.feature_names);
  std::optional<std::size_t> least;
  std::optional<std::size_t> most;
  const auto size_of = [&](std::size_t j) { return magnitudes[j].root_mean_square; };
  for (std::size_t j = 0; j < magnitudes.size(); ++j) {
    const bool is_as_it_is = choices.options[j].scale == Scaling::none &&
                             kind_of(train, static_cast<Index>(j)) == ColumnKind::number;
    if (!is_as_it_is || profile.columns[j].is_constant() || !(size_of(j) > 0)) continue;
    if (!least || size_of(j) < size_of(*least)) least = j;
    if (!most || size_of(j) > size_of(*most)) most = j;
  }
  if (!least || !(size_of(*most) >= kDifferentScales * size_of(*least))) return;
  findings.add({Severity::warning,
                "scale",
                fmt::format("columns of very different sizes are not scaled: {} is {:.3g} in root "
                            "mean square, {} is {:.3g}; set preprocess.scale = standard",
                            lockstep::quoted(train.feature_names[*most]), size_of(*most),
                            lockstep::quoted(train.feature_names[*least]), size_of(*least)),
                {train.feature_names[*most], train.feature_names[*least]}});
}

/// The findings of one column's drift.
void add_drift(const std::string& name, const ColumnDrift& drift,
               std::vector<ColumnFinding>& shifts, std::vector<ColumnFinding>& slight) {
  const double psi = drift.stability.index;
  if (!(psi >= kSlightShift) || psi <= drift.stability.by_chance) return;
  std::string text =
      fmt::format("is distributed otherwise in the test rows: PSI {:.3g} (chance makes {:.2g})",
                  psi, drift.stability.by_chance);
  if (drift.distance && std::isfinite(drift.distance->statistic)) {
    text += fmt::format(", Kolmogorov-Smirnov {:.3g}, p {:.2g}", drift.distance->statistic,
                        drift.distance->p_value);
  }
  (psi >= kShift ? shifts : slight).push_back({name, text});
}

/// Pairs of places: the row, and the one that it is like.
std::vector<std::string> places_of_pairs(Session& session, const Table& first, const Table& second,
                                         const std::vector<RowPair>& pairs) {
  std::vector<Index> firsts;
  std::vector<Index> seconds;
  for (const RowPair& pair : pairs) {
    firsts.push_back(pair.first);
    seconds.push_back(pair.second);
  }
  const std::vector<std::string> a = places_of(session.team, first, firsts);
  const std::vector<std::string> b = places_of(session.team, second, seconds);
  std::vector<std::string> places;
  for (std::size_t i = 0; i < pairs.size(); ++i) places.push_back(b[i] + " as " + a[i]);
  return places;
}

}  // namespace

TableProfile check_columns(Session& session, const Table& train, Findings& findings) {
  TableProfile profile = profile_columns(session.team, train, session.threads);
  const bool is_sparse = train.sparse() != nullptr;
  findings.add_group(
      Severity::warning, "all_missing", "without a cell that is not missing",
      names_where(train, profile, [](const ColumnProfile& column) { return column.present == 0; }));
  findings.add_group(Severity::note, "never_named", "that no training row names",
                     names_where(train, profile, [&](const ColumnProfile& column) {
                       return is_sparse && column.stored == 0;
                     }));
  // Images have a frame; in other data a column is there to say something.
  const bool is_image = std::holds_alternative<Table::ByteValues>(train.values);
  findings.add_group(is_image ? Severity::note : Severity::warning, "constant",
                     "with one value in all rows",
                     names_where(train, profile, [&](const ColumnProfile& column) {
                       return column.is_constant() && !(is_sparse && column.stored == 0);
                     }));
  if (!is_sparse && !is_image) check_nearly_constant(session, train, profile, findings);
  check_equal(train, profile, findings);
  if (is_sparse) return profile;
  const std::vector<ColumnMagnitude> magnitudes =
      column_magnitudes(session.team, train, session.threads);
  if (!is_image) check_extremes(session, train, magnitudes, findings);
  if (!is_image) check_scales(session, train, profile, magnitudes, findings);
  return profile;
}

void check_named(Session& session, const TableProfile& train, const Table& test,
                 Findings& findings) {
  if (test.sparse() == nullptr) return;
  const TableProfile profile = profile_columns(session.team, test, session.threads);
  std::vector<std::string> names;
  for (std::size_t j = 0; j < profile.columns.size(); ++j) {
    if (train.columns[j].stored > 0 || profile.columns[j].stored == 0) continue;
    names.push_back(test.feature_names[j]);
  }
  findings.add_group(Severity::warning, "never_named",
                     "that test rows name and no training row does", names);
}

std::vector<ColumnDrift> check_drift(Session& session, const Table& train, const Table& test,
                                     Findings& findings) {
  if (train.sparse() != nullptr || test.sparse() != nullptr) return {};
  std::vector<ColumnDrift> drifts = column_drift(session.team, train, test, session.threads);
  std::vector<ColumnFinding> shifts;
  std::vector<ColumnFinding> slight;
  for (std::size_t j = 0; j < drifts.size(); ++j) {
    add_drift(train.feature_names[j], drifts[j], shifts, slight);
  }
  findings.add_columns(Severity::warning, "drift", shifts);
  findings.add_columns(Severity::note, "drift", slight);
  return drifts;
}

std::vector<Duplicates> check_duplicates(Session& session, const std::vector<NamedRows>& sets,
                                         Findings& findings) {
  std::vector<const Table*> tables;
  tables.reserve(sets.size());
  for (const NamedRows& set : sets) tables.push_back(set.rows);
  std::vector<Duplicates> all = find_duplicates(session.team, tables, session.threads);
  // Rows that were set aside are compared with those of the training, and not with one another.
  all.erase(std::remove_if(all.begin(), all.end(),
                           [](const Duplicates& pair) {
                             return pair.first_set > 0 && pair.first_set != pair.second_set;
                           }),
            all.end());
  for (const Duplicates& pair : all) {
    const Table& first = *tables[pair.first_set];
    const Table& second = *tables[pair.second_set];
    const bool is_within = pair.first_set == pair.second_set;
    const std::string& name = sets[pair.second_set].name;
    const std::string like = is_within ? "an earlier one" : "a training row";
    if (pair.equal > 0) {
      findings.add({is_within ? Severity::note : Severity::warning,
                    "duplicates",
                    fmt::format("{} of {} {} rows {} the same as {}", pair.equal, second.total_rows,
                                name, pair.equal == 1 ? "is" : "are", like),
                    {},
                    places_of_pairs(session, first, second, pair.equal_examples)});
    }
    if (pair.contradicting > 0) {
      const bool has_classes = second.target_kind == TargetKind::classes;
      findings.add({has_classes ? Severity::warning : Severity::note,
                    "contradicting",
                    fmt::format("{} of {} {} rows {} the features of {} that has another target",
                                pair.contradicting, second.total_rows, name,
                                pair.contradicting == 1 ? "has" : "have", like),
                    {},
                    places_of_pairs(session, first, second, pair.contradicting_examples)});
    }
  }
  return all;
}

std::vector<Index> class_rows(Session& session, const Table& table) {
  if (table.target_kind != TargetKind::classes) return {};
  return rows_of_strata(session.team, table, true);
}

void check_classes(Session& session, const std::vector<NamedRows>& sets, Findings& findings) {
  const std::vector<std::string>& names = sets.front().rows->class_names;
  const std::vector<Index> of_train = class_rows(session, *sets.front().rows);
  for (std::size_t s = 1; s < sets.size(); ++s) {
    const std::vector<Index> rows = class_rows(session, *sets[s].rows);
    std::vector<std::string> absent;
    for (std::size_t y = 0; y < rows.size() && y < of_train.size(); ++y) {
      if (of_train[y] > 0 && rows[y] == 0) absent.push_back(names[y]);
    }
    if (absent.empty()) continue;
    findings.add(
        {Severity::warning, "classes",
         fmt::format("{} of the target {} without {} rows: {}",
                     absent.size() == 1 ? "a class" : fmt::format("{} classes", absent.size()),
                     lockstep::quoted(sets.front().rows->target_name()), sets[s].name,
                     names_text(absent))});
  }
}

}  // namespace lockstep::trainer
