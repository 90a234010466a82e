#include "trainer/run/naive_bayes_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
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

/// The values of a tensor that was written by `tensors`, all in [least, most].
std::vector<double> values_of(const SafetensorsFile& file, const std::string& name,
                              const std::vector<Index>& shape, double least, double most) {
  std::vector<double> values = file.tensor(name, shape).values();
  for (const double value : values) {
    if (value >= least && value <= most) continue;
    throw DataError(
        fmt::format("{}: tensor {} has the value {}", file.path(), lockstep::quoted(name), value));
  }
  return values;
}

NaiveBayes read_classifier(const SafetensorsFile& file, const TableSchema& schema) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  const std::vector<ColumnType> types = types_of(schema);
  const auto classes = static_cast<Index>(schema.class_names.size());
  const Index numbers = std::count(types.begin(), types.end(), ColumnType{});
  const Index tensors = 1 + (numbers > 0 ? 2 : 0) + static_cast<Index>(types.size()) - numbers;
  if (static_cast<Index>(file.tensors().size()) != tensors) {
    throw damaged_description(
        file, fmt::format("{} tensors were expected, found {}", tensors, file.tensors().size()));
  }
  NaiveBayes::Parameters parameters;
  parameters.log_prior = values_of(file, "log_prior", {classes}, -kLargest, 0);
  if (numbers > 0) {
    parameters.mean = values_of(file, "mean", {numbers, classes}, -kLargest, kLargest);
    parameters.variance = values_of(file, "variance", {numbers, classes},
                                    NaiveBayes::kSmallestVariance, NaiveBayes::kLargestVariance);
  }
  for (std::size_t j = 0; j < types.size(); ++j) {
    if (types[j].kind == ColumnKind::number) continue;
    const auto categories = static_cast<Index>(types[j].categories.size());
    parameters.log_probability.push_back(
        values_of(file, probability_name(j), {categories, classes}, -kLargest, 0));
  }
  return {types, std::move(parameters)};
}

bool all_finite(const double* scores, Index classes) {
  return std::all_of(scores, scores + classes, [](double score) { return std::isfinite(score); });
}

/// Names the first cell with which the scores of a row stop being finite: they stay so from there
/// on, so that it can be searched for.
[[noreturn]] void throw_too_large(const NaiveBayes& classifier, const Table& table, Index local,
                                  const std::vector<std::string>& names) {
  const FloatingPointMode mode;
  std::vector<double> row(static_cast<std::size_t>(table.features));
  std::vector<double> scores(static_cast<std::size_t>(classifier.classes()));
  const auto finite_before = [&](std::size_t end) {
    table.copy_row(local, row.data());
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(end), row.end(),
              std::numeric_limits<double>::quiet_NaN());
    classifier.score(row.data(), scores.data());
    return all_finite(scores.data(), classifier.classes());
  };
  std::size_t column = 0;
  for (std::size_t end = row.size(); end - column > 1;) {
    const std::size_t middle = column + (end - column) / 2;
    (finite_before(middle) ? column : end) = middle;
  }
  throw DataError(fmt::format("row {}: the value in column {} is too large for the model",
                              table.number_read(local) + 1, lockstep::quoted(names[column])));
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
  constexpr Index kRowsOfATask = 16;
  constexpr Index kScoresAtATime = Index{1} << 20;
  const Index classes = classifier_.classes();
  const Index stride = round_up(classes, kPanel);
  const Index most_rows = std::min(std::clamp<Index>(kScoresAtATime / stride, 64, 4096),
                                   std::max<Index>(table.rows.size(), 1));
  const bool has_targets = table.target_kind == TargetKind::classes;
  const auto loss = make_loss<double>(kLoss);
  AlignedVector<double> scores(static_cast<std::size_t>(most_rows * stride));
  AlignedVector<double> derivatives(has_targets ? scores.size() : 0);
  std::vector<double> losses(static_cast<std::size_t>(most_rows));
  for (Index first = 0; first < table.rows.size(); first += most_rows) {
    const Index rows = std::min(most_rows, table.rows.size() - first);
    const Index tasks = (rows + kRowsOfATask - 1) / kRowsOfATask;
    // The first row, of each task, whose scores are not finite; `rows` when there is none.
    std::vector<Index> too_large(static_cast<std::size_t>(tasks), rows);
    parallel_for(threads, tasks, [&](Index task) {
      const Index begin = task * kRowsOfATask;
      const Index end = std::min(rows, begin + kRowsOfATask);
      std::vector<double> row(static_cast<std::size_t>(table.features));
      for (Index r = begin; r < end; ++r) {
        table.copy_row(first + r, row.data());
        classifier_.score(row.data(), scores.data() + r * stride);
        if (all_finite(scores.data() + r * stride, classes)) continue;
        too_large[static_cast<std::size_t>(task)] = r;
        return;
      }
      if (!has_targets) return;
      loss->value_and_gradient(end - begin, classes, {scores.data() + begin * stride, stride},
                               table.target.data() + first + begin,
                               {derivatives.data() + begin * stride, stride},
                               losses.data() + begin);
    });
    const Index bad = *std::min_element(too_large.begin(), too_large.end());
    if (bad < rows) {
      throw_too_large(classifier_, table, first + bad, description_.schema.feature_names);
    }
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

Index NaiveBayesModel::parameter_count() const {
  Index count = 0;
  for (const TensorView& tensor : tensors()) count += tensor.size();
  return count;
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
  write_model_file(path, tensors(), metadata);
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
