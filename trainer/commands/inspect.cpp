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

std::string architecture(const NetworkSpec& spec) {
  std::string text = std::to_string(spec.inputs);
  for (const Index width : spec.hidden) text += fmt::format("-{}", width);
  text += fmt::format("-{}", spec.outputs);
  if (!spec.hidden.empty()) text += " " + spec.activation;
  return fmt::format("{}, loss {}", text, spec.loss);
}

std::string shape_text(const std::vector<Index>& shape) {
  std::string text;
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? "×" : "") + std::to_string(shape[i]);
  return text;
}

std::string human_text(const SafetensorsFile& file, const ModelDescription& model) {
  constexpr std::size_t kShown = 12;
  std::string text;
  const auto line = [&](const std::string& name, const std::string& value) {
    text += fmt::format("{:<12} {}\n", name, value);
  };
  line("network", architecture(model.network));
  Index parameters = 0;
  for (const TensorView& tensor : file.tensors()) parameters += tensor.size();
  line("parameters", fmt::format("{} ({})", parameters, model.precision));
  for (const TensorView& tensor : file.tensors()) {
    line("tensor", fmt::format("{} {}", tensor.name, shape_text(tensor.shape)));
  }
  line("sha256", tensors_sha256(file.tensors()));
  line("features", joined(model.schema.feature_names, kShown));
  line("scaling", std::string(scaling_name(model.feature_scaling.kind())));
  line("target", model.schema.target_name.empty() ? "(labels)" : model.schema.target_name);
  if (!model.schema.class_names.empty()) line("classes", joined(model.schema.class_names, kShown));
  line("data hash", model.data_hash);
  if (!model.initial_parameters.empty()) line("started from", model.initial_parameters);
  for (const auto& [name, value] : model.options)
    line("option", fmt::format("{} = {}", name, value));
  return text;
}

std::string json_text(const SafetensorsFile& file, const ModelDescription& model) {
  nlohmann::ordered_json json;
  json["network"] = nlohmann::ordered_json::parse(file.metadata("network"));
  json["precision"] = model.precision;
  Index parameters = 0;
  for (const TensorView& tensor : file.tensors()) {
    json["tensors"][tensor.name] = tensor.shape;
    parameters += tensor.size();
  }
  json["parameters"] = parameters;
  json["parameters_sha256"] = tensors_sha256(file.tensors());
  json["schema"] = nlohmann::ordered_json::parse(file.metadata("schema"));
  json["data_hash"] = model.data_hash;
  json["initial_parameters"] = model.initial_parameters;
  json["options"] = model.options;
  return json.dump(2) + "\n";
}

}  // namespace

void inspect(Session& session) {
  const SafetensorsFile file = load_model(session, session.arguments.model);
  const ModelDescription model = read_description(file);
  if (!session.is_root()) return;
  fmt::print("{}", session.arguments.json ? json_text(file, model) : human_text(file, model));
}

}  // namespace lockstep::trainer
