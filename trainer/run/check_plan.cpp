#include "trainer/run/check_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/base/error.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/experiment.hpp"

namespace lockstep::trainer {
namespace {

/// The first row, in the order of all ranks, that cannot be given to the network, as a message; ""
/// where there is none. *Collective*.
template <class T>
std::string first_refusal(Session& session, const Experiment& e, const Table& table) {
  std::string mine;
  guard(session.team, "transforming the data", [&] {
    try {
      make_examples<T>(table, e.model.features, e.model.target_scalings, session.threads);
    } catch (const DataError& error) {
      mine = error.what();
    }
  });
  for (std::string& message : all_gather_text(session.team, mine)) {
    if (!message.empty()) return std::move(message);
  }
  return "";
}

void check_rows(Session& session, const Experiment& e, Findings& findings) {
  for (const Table* table :
       {&e.train, e.validation ? &*e.validation : nullptr, e.test ? &*e.test : nullptr}) {
    if (table == nullptr) continue;
    const std::string refusal = e.model.precision == "double"
                                    ? first_refusal<double>(session, e, *table)
                                    : first_refusal<float>(session, e, *table);
    if (!refusal.empty()) findings.add({Severity::error, "training", refusal});
  }
}

TrainingPlan plan_of(Session& session, const Experiment& e) {
  TrainingPlan plan;
  plan.rows = e.train.total_rows;
  plan.features = e.model.features.width();
  plan.parameters = Network<float>(e.model.network).parameter_count();
  plan.batch = e.batch;
  plan.epochs = e.epochs;
  const Lanes lanes(plan.rows, e.lanes, e.batch);
  plan.steps_per_epoch = lanes.steps();
  plan.lanes = e.lanes;
  plan.most_rows_per_lane = lanes.rows_of(Index{0}).size();
  plan.least_rows_per_lane = lanes.rows_of(e.lanes - 1).size();
  const RowsOfExperiment rows = rows_of(session.team, e);
  plan.memory = memory_plan(e, rows);
  plan.here = memory_of(e, rows, session.team.size());
  return plan;
}

void check_batch(const Session& session, const TrainingPlan& plan, Findings& findings) {
  const Settings& settings = session.settings;
  if (!settings.is_word("train.batch_size", "all") &&
      settings.integer("train.batch_size") > plan.rows) {
    findings.add({Severity::warning, "batch",
                  fmt::format("train.batch_size = {} is more than the {} training rows; all of "
                              "them make one step",
                              settings.integer("train.batch_size"), plan.rows)});
  }
  if (plan.least_rows_per_lane == 0) {
    findings.add({Severity::warning, "lanes",
                  fmt::format("{} lanes are more than the {} training rows, and some are empty; "
                              "lower train.lanes",
                              plan.lanes, plan.rows)});
  }
}

}  // namespace

std::optional<TrainingPlan> check_plan(Session& session, TrainingData data, Findings& findings) {
  try {
    if (session.settings.text("model.type") == kNaiveBayesName) {
      check_several_classes(data.train);
      return std::nullopt;
    }
    const Experiment experiment = prepare_experiment(session, std::move(data));
    check_rows(session, experiment, findings);
    TrainingPlan plan = plan_of(session, experiment);
    check_batch(session, plan, findings);
    return plan;
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::bad_data) throw;
    findings.add(finding_of("training", error));
  }
  return std::nullopt;
}

}  // namespace lockstep::trainer
