#include "trainer/run/model.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "trainer/run/naive_bayes_model.hpp"
#include "trainer/run/network_model.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::json;  // sorts its keys

constexpr const char* kFormat = "1";

/// A column's type as JSON: its categories, or null for numbers.
Json type_json(const ColumnType& type) {
  return type.kind == ColumnKind::category ? Json(type.categories) : Json();
}

std::string schema_text(const TableSchema& schema) {
  Json json{{"features", schema.feature_names},
            {"target", schema.target_name},
            {"target_kind", schema.target_kind == TargetKind::number ? "number" : "classes"},
            {"classes", schema.class_names}};
  for (const ColumnType& type : schema.feature_types) json["types"].push_back(type_json(type));
  return json.dump();
}

TableSchema read_schema(const SafetensorsFile& file) {
  const Json json = Json::parse(file.metadata("schema"));
  TableSchema schema;
  schema.feature_names = json.at("features").get<std::vector<std::string>>();
  schema.target_name = json.at("target").get<std::string>();
  schema.class_names = json.at("classes").get<std::vector<std::string>>();
  schema.target_kind = json.at("target_kind").get<std::string>() == "number" ? TargetKind::number
                                                                             : TargetKind::classes;
  if (!json.contains("types")) return schema;
  for (const Json& type : json.at("types")) {
    schema.feature_types.push_back(
        type.is_null() ? ColumnType{}
                       : ColumnType{ColumnKind::category, type.get<std::vector<std::string>>()});
  }
  if (schema.feature_types.size() != schema.feature_names.size()) {
    throw damaged_description(file, "as many types as features were expected");
  }
  return schema;
}

}  // namespace

Metadata description_metadata(const ModelDescription& description) {
  return {{"data_hash", description.data_hash},
          {"format", kFormat},
          {"options", Json(description.options).dump()},
          {"program", fmt::format("lockstep {}", LOCKSTEP_VERSION)},
          {"schema", schema_text(description.schema)}};
}

ModelDescription read_description(const SafetensorsFile& file) {
  return {read_schema(file),
          Json::parse(file.metadata("options")).get<std::map<std::string, std::string>>(),
          file.metadata("data_hash")};
}

std::unique_ptr<Model> read_model(const SafetensorsFile& file) {
  if (file.metadata("format") != kFormat) {
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

ScoreSums score_table(Team& team, const Model& model, const Table& table, int threads) {
  return fold_scores(team, model.scorer(), table.total_rows, table.rows, table.target,
                     [&](const ScoreVisitor& visit) { model.visit_scores(table, threads, visit); });
}

}  // namespace lockstep::trainer
