#include "trainer/run/ratings.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "core/base/error.hpp"
#include "core/metrics/regression.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/experiment.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::ordered_json;

/// The rows of a table as ratings; a user or item that is not known, or missing, is −1. Rank-local.
RatingsData as_ratings(const Table& table) {
  RatingsData data;
  data.schema = schema_of(table);
  data.total = table.total_rows;
  data.places = table.places;
  data.has_values = table.target_kind == TargetKind::number;
  std::array<double, 2> cells{};
  const auto number_of = [](double code) {
    return std::isnan(code) ? Index{-1} : static_cast<Index>(code);
  };
  data.ratings.reserve(static_cast<std::size_t>(table.rows.size()));
  for (Index i = 0; i < table.rows.size(); ++i) {
    table.copy_row(i, cells.data());
    data.ratings.push_back({number_of(cells[0]), number_of(cells[1]),
                            data.has_values ? table.target[static_cast<std::size_t>(i)] : 0});
  }
  return data;
}

/// *Collective*.
RatingsData ratings_of(Team& team, const Table& table) {
  RatingsData data;
  guard(team, "taking the ratings", [&] { data = as_ratings(table); });
  return data;
}

/// A vector of which each rank has a part, as a matrix of one column. *Collective*.
DistributedMatrix one_column(Team& team, std::span<const double> part) {
  DistributedMatrix column;
  const auto rows = static_cast<Index>(part.size());
  column.rows.begin = exclusive_scan(team, rows);
  column.rows.end = column.rows.begin + rows;
  column.total_rows = sum_over(team, rows);
  column.columns = 1;
  guard(team, "copying a vector", [&] { column.values.assign(part.begin(), part.end()); });
  return column;
}

/// Predictions of data.test, in file order, and what the summary says of them: their errors, where
/// there are values.
struct TestPredictions {
  DistributedMatrix predictions;
  Json summary;
};

/// *Collective*.
TestPredictions predict_test(Session& session, const RatingsData& train,
                             const RatingsModel& model) {
  const Table table =
      in_row_blocks(session.team, load_table(session, DataRole::test, TargetKind::number,
                                             train.schema, CsvFeatures::categories));
  const RatingsData asked = ratings_of(session.team, table);
  const std::vector<double> predictions = predict_ratings(session.team, model, asked.ratings);
  TestPredictions result{one_column(session.team, predictions), {{"rows", asked.total}}};
  if (!asked.has_values) return result;
  const RegressionSums sums = regression_sums(session.team, {table.rows, table.total_rows},
                                              predictions, table.target, session.threads);
  const double rmse = sums.root_mean_squared_error();
  if (!std::isfinite(rmse)) {
    say(session, "warning: summary.json: the squares of the errors of data.test overflow: no rmse");
  }
  result.summary["rmse"] = rmse;
  result.summary["mae"] = sums.mean_absolute_error();
  return result;
}

}  // namespace

RatingsData load_ratings(Session& session) {
  const std::string& format = session.settings.text("data.format");
  if (session.settings.texts("data.train").empty() || format == "idx" || format == "synthetic") {
    throw UsageError(
        "decompose: --method=ratings reads CSV or .npy files of user, item and value; name "
        "them with --data.train FILE");
  }
  check_one_target(session);
  const Table table = load_table(session, DataRole::train, TargetKind::number, std::nullopt,
                                 CsvFeatures::categories);
  if (table.features != 2 || table.feature_types.empty()) {
    throw DataError(fmt::format(
        "data.train: ratings are columns of user, item and value, found {} beside the value; name "
        "the value in data.target and others in data.ignore",
        table.features));
  }
  return ratings_of(session.team, table);
}

Json decompose_ratings(Session& session, const RatingsData& train, Index rank, FactorFiles& files) {
  RatingsOptions options;
  options.users = train.users();
  options.items = train.items();
  options.rank = rank;
  options.user_names = train.schema.feature_types[0].categories;
  options.item_names = train.schema.feature_types[1].categories;
  options.place_of = [&train](Index rating) { return train.places.of(rating); };
  options.randomized.seed = static_cast<std::uint64_t>(session.settings.integer("train.seed"));
  const RatingsModel model = fit_ratings(session.team, train.ratings, options, session.threads);

  if (!model.converged) {
    say(session,
        fmt::format("warning: the factors still changed after {} iterations", model.iterations));
  }
  std::optional<TestPredictions> test;
  if (has_data(session.settings, DataRole::test)) test = predict_test(session, train, model);

  MatrixWriter& writer = files.open();
  const TableSchema& schema = train.schema;
  writer.write_texts("users", schema.feature_types[0].categories, schema.feature_names[0]);
  writer.write_texts("items", schema.feature_types[1].categories, schema.feature_names[1]);
  writer.write("user_factors", model.user_factors, numbered("f", rank));
  writer.write("item_factors", model.item_factors, numbered("f", rank));
  const Vector& bias = model.user_bias;
  writer.write(
      "user_bias",
      one_column(session.team, std::span(bias.data(), static_cast<std::size_t>(bias.size()))),
      {"bias"});
  writer.write_vector("item_bias", model.item_bias, "bias");

  Json summary{{"ratings", train.total}, {"users", train.users()}, {"items", train.items()}};
  summary["mean"] = model.mean;
  summary["singular_values"] =
      std::vector<double>(model.singular_values.begin(), model.singular_values.end());
  summary["rmse"] = model.error;
  summary["iterations"] = model.iterations;
  summary["converged"] = model.converged;
  if (test) {
    writer.write("predictions", test->predictions, {"prediction"});
    summary["test"] = test->summary;
  }
  return summary;
}

}  // namespace lockstep::trainer
