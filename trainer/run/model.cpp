#include "trainer/run/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/format/sha256.hpp"
#include "trainer/run/naive_bayes_model.hpp"
#include "trainer/run/network_model.hpp"
#include "trainer/run/run_directory.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::json;  // sorts its keys

/// Format 1 had other transforms of features, which network models still read.
constexpr const char* kFormat = "3";
constexpr std::array kFormerFormats{"2", "1"};  // without a checksum
constexpr const char* kChecksum = "checksum";

/// SHA-256 of names, types, shapes and elements of the tensors, and of all other metadata.
std::string checksum_of(const std::vector<TensorView>& tensors, Metadata metadata) {
  metadata.erase(kChecksum);
  Sha256 hash;
  hash.update(Json(metadata).dump());
  std::vector<const TensorView*> sorted;
  sorted.reserve(tensors.size());
  for (const TensorView& tensor : tensors) sorted.push_back(&tensor);
  std::sort(sorted.begin(), sorted.end(),
            [](const TensorView* a, const TensorView* b) { return a->name < b->name; });
  for (const TensorView* tensor : sorted) {
    hash.update(fmt::format("\n{} {} {}\n", tensor->name, type_name(tensor->type),
                            shape_text(tensor->shape)));
    hash.update(tensor->data);
  }
  return hash.hex();
}

/// A column's type as JSON: its categories, or null for numbers.
Json type_json(const ColumnType& type) {
  return type.kind == ColumnKind::category ? Json(type.categories) : Json();
}

/// The name of one target, or a list of names.
Json target_json(const std::vector<std::string>& names) {
  if (names.size() > 1) return names;
  return names.empty() ? std::string() : names.front();
}

std::string schema_text(const TableSchema& schema) {
  Json json{{"features", schema.feature_names},
            {"target", target_json(schema.target_names)},
            {"target_kind", schema.target_kind == TargetKind::number ? "number" : "classes"},
            {"classes", schema.class_names}};
  for (const ColumnType& type : schema.feature_types) json["types"].push_back(type_json(type));
  return json.dump();
}

void check_distinct(const SafetensorsFile& file, const std::string& what,
                    std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  throw damaged_description(file, fmt::format("{} {} twice", what, lockstep::quoted(*twice)));
}

TargetKind read_target_kind(const SafetensorsFile& file, const std::string& name) {
  if (name == "number") return TargetKind::number;
  if (name == "classes") return TargetKind::classes;
  throw damaged_description(
      file, fmt::format("target_kind {} is neither number nor classes", lockstep::quoted(name)));
}

TableSchema read_schema(const SafetensorsFile& file) {
  const Json json = Json::parse(file.metadata("schema"));
  TableSchema schema;
  schema.feature_names = json.at("features").get<std::vector<std::string>>();
  const Json& target = json.at("target");
  schema.target_names = target.is_array() ? target.get<std::vector<std::string>>()
                                          : std::vector<std::string>{target.get<std::string>()};
  schema.class_names = json.at("classes").get<std::vector<std::string>>();
  schema.target_kind = read_target_kind(file, json.at("target_kind").get<std::string>());
  check_distinct(file, "feature", schema.feature_names);
  check_distinct(file, "class", schema.class_names);
  check_distinct(file, "target", schema.target_names);
  std::vector<std::string> columns = schema.feature_names;
  columns.insert(columns.end(), schema.target_names.begin(), schema.target_names.end());
  check_distinct(file, "column", columns);
  const bool has_one = schema.target_names.size() == 1;
  if (schema.target_names.empty() || (!has_one && schema.target_kind != TargetKind::number)) {
    throw damaged_description(file, "as many targets as the model predicts were expected");
  }
  if (!json.contains("types")) return schema;
  for (const Json& type : json.at("types")) {
    schema.feature_types.push_back(
        type.is_null() ? ColumnType{}
                       : ColumnType{ColumnKind::category, type.get<std::vector<std::string>>()});
  }
  for (const ColumnType& type : schema.feature_types) {
    check_distinct(file, "category", type.categories);
  }
  if (schema.feature_types.size() != schema.feature_names.size()) {
    throw damaged_description(file, "as many types as features were expected");
  }
  return schema;
}

Index read_fold(const SafetensorsFile& file) {
  if (!file.metadata().contains("fold")) return 0;
  Index fold = 0;
  if (!parse_integer(file.metadata("fold"), fold) || fold < 1 || fold > kMostFolds) {
    throw damaged_description(
        file, fmt::format("fold {} is none of 1 to {}", lockstep::quoted(file.metadata("fold")),
                          kMostFolds));
  }
  return fold;
}

}  // namespace

Metadata description_metadata(const ModelDescription& description) {
  Metadata metadata{{"data_hash", description.data_hash},
                    {"format", kFormat},
                    {"options", Json(description.options).dump()},
                    {"program", fmt::format("lockstep {}", LOCKSTEP_VERSION)},
                    {"schema", schema_text(description.schema)}};
  if (description.fold > 0) metadata["fold"] = std::to_string(description.fold);
  return metadata;
}

ModelDescription read_description(const SafetensorsFile& file) {
  return {read_schema(file),
          Json::parse(file.metadata("options")).get<std::map<std::string, std::string>>(),
          file.metadata("data_hash"), read_fold(file)};
}

void write_model_file(const std::string& path, const std::vector<TensorView>& tensors,
                      Metadata metadata) {
  metadata[kChecksum] = checksum_of(tensors, metadata);
  write_safetensors(path, tensors, metadata);
}

void check_model_file(const SafetensorsFile& file) {
  const auto stated = file.metadata().find(kChecksum);
  const auto format = file.metadata().find("format");
  const bool has_none = stated == file.metadata().end();
  if (has_none && (format == file.metadata().end() || format->second != kFormat)) return;
  if (!has_none && stated->second == checksum_of(file.tensors(), file.metadata())) return;
  throw DataError(fmt::format("{}: is damaged: its checksum {}", file.path(),
                              has_none ? "is missing" : "differs"));
}

std::unique_ptr<Model> read_model(const SafetensorsFile& file) {
  const std::string& format = file.metadata("format");
  if (format != kFormat &&
      std::find(kFormerFormats.begin(), kFormerFormats.end(), format) == kFormerFormats.end()) {
    throw DataError(fmt::format("{}: model format {} is not known to this version", file.path(),
                                lockstep::quoted(file.metadata("format"))));
  }
  try {
    return is_naive_bayes(file) ? read_naive_bayes(file) : read_network_model(file);
  } catch (const Json::exception& e) {
    throw damaged_description(file, e.what());
  }
}

DataError damaged_description(const SafetensorsFile& file, const std::string& wrong) {
  return DataError(fmt::format("{}: damaged model description: {}", file.path(), wrong));
}

Evaluation evaluate_table(Team& team, const Model& model, const Table& table, MeasuredBy by) {
  by.penalty = model.penalty();
  return evaluate_scores(
      team, model.scorer(), {table.rows, table.total_rows}, table.target,
      [&](const ScoreVisitor& visit) { model.visit_scores(table, by.threads, visit); }, by);
}

}  // namespace lockstep::trainer
