#include "trainer/run/data_split.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/data/splits.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/preprocessing.hpp"

namespace lockstep::trainer {
namespace {

// The parts, in the order in which they take their rows.
constexpr std::size_t kTestPart = 0;
constexpr std::size_t kValidationPart = 1;
constexpr std::size_t kTrainPart = 2;

bool is_naive_bayes(const Settings& settings) {
  return settings.text("model.type") == kNaiveBayesName;
}

Table load_all(Session& session) {
  const Settings& settings = session.settings;
  const TargetKind target = wanted_target(settings);
  return is_naive_bayes(settings)
             ? load_table(session, DataRole::train, target, std::nullopt, CsvFeatures::typed)
             : load_table(session, DataRole::train, target, std::nullopt, wanted_features(settings),
                          rules_for_training(settings));
}

/// round(fraction · rows), halves up.
Index rows_of_fraction(const Settings& settings, const char* key, Index rows) {
  const double fraction = settings.real(key);
  if (fraction == 0) return 0;
  const auto wanted = static_cast<Index>(std::round(fraction * static_cast<double>(rows)));
  if (wanted > 0) return wanted;
  throw DataError(fmt::format("{}: {} of {} rows is less than half a row; split off more", key,
                              format_real(fraction), rows));
}

void check_stratifies_classes(const Settings& settings, const Table& table) {
  if (table.target_kind == TargetKind::classes) return;
  throw PlacedConfigError(fmt::format(
      "{}: error: data.stratify: the target '{}' is a number, and rows are stratified by classes; "
      "remove the key",
      settings.place("data.stratify"), table.target_name));
}

/// A class that is only in rows that were split off would be one that the model does not know.
void check_classes_remain(Team& team, const Table& all, const Table& train) {
  if (all.target_kind != TargetKind::classes) return;
  const std::vector<Index> before = rows_of_strata(team, all, true);
  const std::vector<Index> after = rows_of_strata(team, train, true);
  for (std::size_t y = 0; y < before.size(); ++y) {
    if (after[y] > 0 || before[y] == 0) continue;
    throw DataError(fmt::format(
        "target '{}': all {} rows of the class {} are split off, and none is left to train on; set "
        "data.stratify = yes, or split off fewer rows",
        all.target_name, before[y], lockstep::quoted(all.class_names[y])));
  }
}

/// By feature, the categories that a column has in any case.
std::vector<std::string> given_categories(const Settings& settings, const Table& table) {
  std::vector<std::string> given;
  if (is_naive_bayes(settings)) return given;
  for (const CsvFeatureRules& rules : rules_for_training(settings)(table.feature_names)) {
    given.push_back(rules.category);
  }
  return given;
}

Table rows_of_part(Team& team, const Table& all, const std::vector<std::size_t>& parts,
                   std::size_t part) {
  std::vector<Index> locals;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == part) locals.push_back(static_cast<Index>(i));
  }
  return select_rows(team, all, locals);
}

}  // namespace

TrainingData split_rows(Session& session, Table all) {
  const Settings& settings = session.settings;
  Team& team = session.team;
  const Index test = rows_of_fraction(settings, "data.test_fraction", all.total_rows);
  const Index validation = rows_of_fraction(settings, "data.validation_fraction", all.total_rows);
  if (test + validation == 0) return {std::move(all)};
  if (test + validation >= all.total_rows) {
    throw DataError(fmt::format(
        "data.test_fraction and data.validation_fraction split off {} of {} rows, and none is left "
        "to train on",
        test + validation, all.total_rows));
  }
  const bool stratified = settings.text("data.stratify") == "yes";
  if (stratified) check_stratifies_classes(settings, all);
  const PartSizes sizes = sizes_of_parts(rows_of_strata(team, all, stratified), {test, validation});
  const auto seed = static_cast<std::uint64_t>(settings.integer("train.seed"));
  const auto parts = parts_of_rows(team, all, seed, sizes, session.threads);

  TrainingData data{rows_of_part(team, all, parts, kTrainPart)};
  check_classes_remain(team, all, data.train);
  std::vector<Table*> split_off;
  if (validation > 0) {
    split_off.push_back(&data.validation.emplace(rows_of_part(team, all, parts, kValidationPart)));
  }
  if (test > 0) split_off.push_back(&data.test.emplace(rows_of_part(team, all, parts, kTestPart)));
  data.unknown = narrow_categories(
      team, data.train, split_off, given_categories(settings, data.train),
      is_naive_bayes(settings) ? SplitOffCategory::missing : SplitOffCategory::kept);
  return data;
}

TrainingData load_training_data(Session& session) { return split_rows(session, load_all(session)); }

void warn_of_unknown(const Session& session, const std::vector<UnknownCells>& unknown,
                     const std::vector<std::string>& features, const std::vector<bool>& hashed) {
  for (const UnknownCells& cells : unknown) {
    if (!hashed.empty() && hashed[cells.feature]) continue;
    say(session, fmt::format("warning: {}: column {}: {} cells of rows that were split off are of "
                             "categories that the training rows do not have, the first {}",
                             cells.place, lockstep::quoted(features[cells.feature]), cells.cells,
                             lockstep::quoted(cells.first)));
  }
}

}  // namespace lockstep::trainer
