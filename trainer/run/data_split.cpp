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
      settings.place("data.stratify"), table.target_name()));
}

/// A class that is only in rows that were split off would be one that the model does not know.
/// @param parts       of this rank's rows
/// @param trains_on   whether a part is trained on
/// @param split_off   what the message calls the other rows: "split off"
template <class TrainsOn>
void check_classes_remain(const Session& session, const Table& all,
                          const std::vector<std::size_t>& parts, const TrainsOn& trains_on,
                          const std::string& split_off) {
  if (all.target_kind != TargetKind::classes) return;
  const std::size_t classes = all.class_names.size();
  std::vector<Index> rows(2 * classes);  // of all of each class, then those to train on
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto y = static_cast<std::size_t>(all.target[i]);
    ++rows[y];
    if (trains_on(parts[i])) ++rows[classes + y];
  }
  session.team.all_reduce(rows, IntegerReduction::sum);
  for (std::size_t y = 0; y < classes; ++y) {
    const Index before = rows[y];
    if (rows[classes + y] > 0 || before == 0) continue;
    const bool stratified = session.settings.text("data.stratify") == "yes";
    throw DataError(fmt::format(
        "target '{}': {} of the class {} {} {}, and none is left to train on; {}",
        all.target_name(), before == 1 ? "the one row" : fmt::format("all {} rows", before),
        lockstep::quoted(all.class_names[y]), before == 1 ? "is" : "are", split_off,
        before == 1  ? "leave it out, or find more rows of the class"
        : stratified ? "leave the class out, or split off fewer rows"
                     : "set data.stratify = yes, or split off fewer rows"));
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

template <class Wanted>
Table rows_where(Team& team, const Table& all, const std::vector<std::size_t>& parts,
                 const Wanted& wanted) {
  std::vector<Index> locals;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (wanted(parts[i])) locals.push_back(static_cast<Index>(i));
  }
  return select_rows(team, all, locals);
}

bool is_stratified(const Settings& settings, const Table& table) {
  if (settings.text("data.stratify") != "yes") return false;
  check_stratifies_classes(settings, table);
  return true;
}

std::vector<std::size_t> parts_of(Session& session, const Table& all, const PartSizes& sizes) {
  const auto seed = static_cast<std::uint64_t>(session.settings.integer("train.seed"));
  return parts_of_rows(session.team, all, seed, sizes, session.threads);
}

/// Makes the rows to train on ignorant of those that were split off.
void separate(Session& session, TrainingData& data) {
  const Settings& settings = session.settings;
  std::vector<Table*> split_off;
  if (data.validation) split_off.push_back(&*data.validation);
  if (data.test) split_off.push_back(&*data.test);
  data.unknown = narrow_categories(
      session.team, data.train, split_off, given_categories(settings, data.train),
      is_naive_bayes(settings) ? SplitOffCategory::missing : SplitOffCategory::kept);
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
  const bool stratified = is_stratified(settings, all);
  const auto parts = parts_of(
      session, all, sizes_of_parts(rows_of_strata(team, all, stratified), {test, validation}));
  const auto rows_of = [&](std::size_t part) {
    return rows_where(team, all, parts, [&](std::size_t p) { return p == part; });
  };
  check_classes_remain(
      session, all, parts, [](std::size_t part) { return part == kTrainPart; }, "split off");
  TrainingData data{rows_of(kTrainPart)};
  if (validation > 0) data.validation = rows_of(kValidationPart);
  if (test > 0) data.test = rows_of(kTestPart);
  separate(session, data);
  return data;
}

Table load_training_rows(Session& session) {
  const Settings& settings = session.settings;
  const TargetKind target = wanted_target(settings);
  return is_naive_bayes(settings)
             ? load_table(session, DataRole::train, target, std::nullopt, CsvFeatures::typed)
             : load_table(session, DataRole::train, target, std::nullopt, wanted_features(settings),
                          rules_for_training(settings));
}

TrainingData load_training_data(Session& session) {
  return split_rows(session, load_training_rows(session));
}

Index fold_count(const Settings& settings) {
  return settings.is_word("data.folds", "none") ? 0 : settings.integer("data.folds");
}

FoldedData::FoldedData(Session& session) : FoldedData(session, load_training_rows(session)) {}

FoldedData::FoldedData(Session& session, Table all) : session_(session), all_(std::move(all)) {
  const Index folds = fold_count(session.settings);
  if (all_.total_rows < folds) {
    throw DataError(
        fmt::format("data.folds: {} rows are too few for {} folds", all_.total_rows, folds));
  }
  const bool stratified = is_stratified(session.settings, all_);
  parts_ = parts_of(session, all_,
                    sizes_of_folds(rows_of_strata(session.team, all_, stratified), folds));
  for (Index fold = 0; fold < folds; ++fold) {
    check_classes_remain(
        session, all_, parts_,
        [&](std::size_t part) { return part != static_cast<std::size_t>(fold); },
        fmt::format("in fold {}", fold + 1));
  }
}

TrainingData FoldedData::fold(Index fold) const {
  const auto rows_where_in_fold = [&](bool wanted) {
    return rows_where(session_.team, all_, parts_, [&](std::size_t part) {
      return (part == static_cast<std::size_t>(fold)) == wanted;
    });
  };
  TrainingData data{rows_where_in_fold(false)};
  data.test = rows_where_in_fold(true);
  data.fold = fold + 1;
  separate(session_, data);
  return data;
}

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
