#include <fmt/format.h>

#include <utility>

#include "core/base/error.hpp"
#include "core/profile/dense_columns.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/check_columns.hpp"
#include "trainer/run/check_data.hpp"
#include "trainer/run/check_plan.hpp"
#include "trainer/run/check_report.hpp"
#include "trainer/run/check_unknown.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

/// What the rows of data.train hold, before any are split off.
TableProfile look_at_columns(Session& session, const Table& all, CheckReport& report) {
  report.sets = {{"train", all.total_rows}};
  report.features = all.feature_names;
  check_cells(session, all, report.findings);
  TableProfile profile = check_columns(session, all, report.findings);
  if (all.sparse() != nullptr) return profile;
  report.columns = profile.columns;
  for (Index j = 0; j < all.features; ++j) report.kinds.push_back(kind_of(all, j));
  return profile;
}

/// What the parts are to one another.
void look_at_parts(Session& session, const CheckedData& data, const TableProfile& profile,
                   CheckReport& report) {
  const TrainingData& parts = *data.parts();
  Findings& findings = report.findings;
  std::vector<NamedRows> sets{{"train", &parts.train}};
  if (parts.validation) sets.push_back({"validation", &*parts.validation});
  if (parts.test) sets.push_back({"test", &*parts.test});
  report.sets.clear();
  for (const NamedRows& set : sets) {
    report.sets.emplace_back(set.name, set.rows->total_rows);
    report.class_rows.push_back(class_rows(session, *set.rows));
  }
  report.classes = parts.train.class_names;
  check_classes(session, sets, findings);
  check_unknown_of_split(session, parts.train, parts.unknown, findings);
  if (parts.test) {
    if (data.has_own_test()) check_missing(session, *parts.test, "data.test", findings);
    check_named(session, profile, *parts.test, findings);
    report.drifts = check_drift(session, parts.train, *parts.test, findings);
    if (data.has_own_test()) {
      check_unknown_of_test(session, parts.train, *parts.test, report.drifts, findings);
    }
  }
  report.duplicates = check_duplicates(session, sets, findings);
}

/// What the training would do. Test rows of which something cannot be read are left out.
void look_at_training(Session& session, CheckedData& data, CheckReport& report) {
  const std::int64_t of_test = data.has_unreadable_test() ? 1 : 0;
  if (report.findings.count(Severity::error) > of_test) return;
  Session training = session;
  TrainingData parts = data.take_parts();
  parts.unknown.clear();  // it has been said
  if (data.has_unreadable_test()) {
    parts.test.reset();
    training.settings.reset("data.test");
  }
  report.plan = check_plan(training, std::move(parts), report.findings);
}

CheckReport look(Session& session) {
  CheckReport report;
  CheckedData data(session, report.findings);
  if (data.is_unreadable()) return report;
  const TableProfile profile = look_at_columns(session, data.all(), report);
  data.split(session, report.findings);
  if (!data.parts()) return report;
  look_at_parts(session, data, profile, report);
  look_at_training(session, data, report);
  return report;
}

}  // namespace

void check(Session& session) {
  const CheckReport report = look(session);
  if (session.arguments.json) print_result(session, check_json(report));
  if (session.is_root()) fmt::print(stderr, "{}", check_text(report));
  const std::int64_t errors = report.findings.count(Severity::error);
  if (errors > 0) throw DataError(fmt::format("check: {} found", plural(errors, "error")));
}

}  // namespace lockstep::trainer
