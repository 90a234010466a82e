#include "trainer/run/naive_bayes_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/memory.hpp"
#include "core/model/losses.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::json;  // sorts its keys

constexpr const char* kLoss = "cross_entropy";
constexpr const char* kMetadata = "naive_bayes";

std::vector<ColumnType> types_of(const TableSchema& schema) {
  if (!schema.feature_types.empty()) return schema.feature_types;
  return std::vector<ColumnType>(schema.feature_names.size());
}

std::string probability_name(std::size_t feature) {
  return fmt::format("log_probability.{}", feature);
}

/// The values of a tensor that was written by `tensors`.
std::vector<double> values_of(const SafetensorsFile& file, const std::string& name,
                              const std::vector<Index>& shape, double above) {
  std::vector<double> values = file.tensor(name, shape).values();
  for (const double value : values) {
    if (std::isfinite(value) && value > above) continue;
    throw DataError(
        fmt::format("{}: tensor {} has the value {}", file.path(), lockstep::quoted(name), value));
  }
  return values;
}

NaiveBayes read_classifier(const SafetensorsFile& file, const TableSchema& schema) {
  constexpr double kAnything = -std::numeric_limits<double>::infinity();
  const std::vector<ColumnType> types = types_of(schema);
  const auto classes = static_cast<Index>(schema.class_names.size());
  const Index numbers = std::count(types.begin(), types.end(), ColumnType{});
  NaiveBayes::Parameters parameters;
  parameters.log_prior = values_of(file, "log_prior", {classes}, kAnything);
  if (numbers > 0) {
    parameters.mean = values_of(file, "mean", {numbers, classes}, kAnything);
    parameters.variance = values_of(file, "variance", {numbers, classes}, 0);
  }
  for (std::size_t j = 0; j < types.size(); ++j) {
    if (types[j].kind == ColumnKind::number) continue;
    const auto categories = static_cast<Index>(types[j].categories.size());
    parameters.log_probability.push_back(
        values_of(file, probability_name(j), {categories, classes}, kAnything));
  }
  return {types, std::move(parameters)};
}

}  // namespace

NaiveBayesModel::NaiveBayesModel(ModelDescription description, const NaiveBayesOptions& options,
                                 NaiveBayes classifier)
    : description_(std::move(description)),
      options_(options),
      classifier_(std::move(classifier)),
      scorer_(loss_traits(kLoss), classifier_.classes(), {}) {}

void NaiveBayesModel::visit_scores(const Table& table, int threads,
                                   const ScoreVisitor& visit) const {
  constexpr Index kRowsAtATime = 4096;
  constexpr Index kRowsOfATask = 64;
  const Index classes = classifier_.classes();
  const Index stride = round_up(classes, kPanel);
  const bool has_targets = table.target_kind == TargetKind::classes;
  const auto loss = make_loss<double>(kLoss);
  AlignedVector<double> scores(static_cast<std::size_t>(kRowsAtATime * stride));
  AlignedVector<double> derivatives(has_targets ? scores.size() : 0);
  std::vector<double> losses(static_cast<std::size_t>(kRowsAtATime));
  for (Index first = 0; first < table.rows.size(); first += kRowsAtATime) {
    const Index rows = std::min(kRowsAtATime, table.rows.size() - first);
    parallel_for(threads, (rows + kRowsOfATask - 1) / kRowsOfATask, [&](Index task) {
      const Index begin = task * kRowsOfATask;
      const Index end = std::min(rows, begin + kRowsOfATask);
      std::vector<double> row(static_cast<std::size_t>(table.features));
      for (Index r = begin; r < end; ++r) {
        table.copy_row(first + r, row.data());
        classifier_.score(row.data(), scores.data() + r * stride);
      }
      if (!has_targets) return;
      loss->value_and_gradient(end - begin, classes, {scores.data() + begin * stride, stride},
                               table.target.data() + first + begin,
                               {derivatives.data() + begin * stride, stride},
                               losses.data() + begin);
    });
    for (Index r = 0; r < rows; ++r) {
      visit(first + r, scores.data() + r * stride, losses[static_cast<std::size_t>(r)]);
    }
  }
}

std::vector<std::pair<std::string, std::string>> NaiveBayesModel::facts() const {
  const auto& types = classifier_.features();
  const auto numbers = std::count(types.begin(), types.end(), ColumnType{});
  return {{"model", fmt::format("naive_bayes, {} columns of numbers, {} of categories", numbers,
                                static_cast<Index>(types.size()) - numbers)},
          {"precision", "double"}};
}

nlohmann::ordered_json NaiveBayesModel::json_facts() const {
  return {
      {"naive_bayes",
       {{"smoothing", options_.smoothing}, {"variance_smoothing", options_.variance_smoothing}}},
      {"precision", "double"}};
}

std::vector<TensorView> NaiveBayesModel::tensors() const {
  const NaiveBayes::Parameters& p = classifier_.parameters();
  const Index classes = classifier_.classes();
  const auto shape_of = [&](const std::vector<double>& values) {
    return std::vector<Index>{static_cast<Index>(values.size()) / classes, classes};
  };
  std::vector<TensorView> views;
  views.emplace_back("log_prior", std::vector<Index>{classes}, std::span(p.log_prior));
  if (!p.mean.empty()) {
    views.emplace_back("mean", shape_of(p.mean), std::span(p.mean));
    views.emplace_back("variance", shape_of(p.variance), std::span(p.variance));
  }
  std::size_t next = 0;
  for (std::size_t j = 0; j < classifier_.features().size(); ++j) {
    if (classifier_.features()[j].kind == ColumnKind::number) continue;
    const std::vector<double>& values = p.log_probability[next++];
    views.emplace_back(probability_name(j), shape_of(values), std::span(values));
  }
  return views;
}

void NaiveBayesModel::save(const std::string& path) const {
  Metadata metadata = description_metadata(description_);
  metadata[kMetadata] =
      Json{{"smoothing", options_.smoothing}, {"variance_smoothing", options_.variance_smoothing}}
          .dump();
  write_safetensors(path, tensors(), metadata);
}

bool is_naive_bayes(const SafetensorsFile& file) { return file.metadata().contains(kMetadata); }

std::unique_ptr<Model> read_naive_bayes(const SafetensorsFile& file) {
  ModelDescription description = read_description(file);
  const Json json = Json::parse(file.metadata(kMetadata));
  const NaiveBayesOptions options{json.at("smoothing").get<double>(),
                                  json.at("variance_smoothing").get<double>()};
  if (description.schema.target_kind != TargetKind::classes ||
      description.schema.class_names.size() < 2) {
    throw damaged_description(file, "at least two classes were expected");
  }
  NaiveBayes classifier = read_classifier(file, description.schema);
  return std::make_unique<NaiveBayesModel>(std::move(description), options, std::move(classifier));
}

}  // namespace lockstep::trainer
