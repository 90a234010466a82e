#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/format/safetensors.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/loaded_model.hpp"

namespace lockstep::trainer {
namespace {

std::string joined(const std::vector<std::string>& names, std::size_t shown) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i) {
    text += (i > 0 ? ", " : "") + names[i];
  }
  return names.size() > shown ? text + fmt::format(", … ({} in all)", names.size()) : text;
}

std::string shape_text(const std::vector<Index>& shape) {
  std::string text;
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? "×" : "") + std::to_string(shape[i]);
  return text;
}

std::string human_text(const SafetensorsFile& file, const Model& model) {
  constexpr std::size_t kShown = 12;
  const ModelDescription& description = model.description();
  const TableSchema& schema = description.schema;
  std::string text;
  const auto line = [&](const std::string& name, const std::string& value) {
    text += fmt::format("{:<12} {}\n", name, value);
  };
  for (const auto& [name, value] : model.facts()) line(name, value);
  line("parameters", std::to_string(model.parameter_count()));
  for (const TensorView& tensor : file.tensors()) {
    line("tensor", fmt::format("{} {}", tensor.name, shape_text(tensor.shape)));
  }
  line("sha256", tensors_sha256(file.tensors()));
  line("features", joined(schema.feature_names, kShown));
  line("target", schema.target_name().empty() ? "(labels)" : schema.target_name());
  if (!schema.class_names.empty()) line("classes", joined(schema.class_names, kShown));
  line("data hash", description.data_hash);
  for (const auto& [name, value] : description.options) {
    line("option", fmt::format("{} = {}", name, value));
  }
  return text;
}

std::string json_text(const SafetensorsFile& file, const Model& model) {
  nlohmann::ordered_json json = model.json_facts();
  for (const TensorView& tensor : file.tensors()) json["tensors"][tensor.name] = tensor.shape;
  json["parameters"] = model.parameter_count();
  json["parameters_sha256"] = tensors_sha256(file.tensors());
  json["schema"] = nlohmann::ordered_json::parse(file.metadata("schema"));
  json["data_hash"] = model.description().data_hash;
  json["options"] = model.description().options;
  return json.dump(2) + "\n";
}

}  // namespace

void inspect(Session& session) {
  const SafetensorsFile file = load_model_file(session, session.arguments.model);
  guard(session.team, "reading the model", [&] {
    if (!session.is_root()) return;
    const std::unique_ptr<Model> model = read_model(file);
    print_result(session,
                 session.arguments.json ? json_text(file, *model) : human_text(file, *model));
  });
}

}  // namespace lockstep::trainer
