#include "trainer/run/loaded_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/base/error.hpp"

namespace lockstep::trainer {
namespace {

Bytes file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(std::filesystem::file_size(path));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) throw IoError(fmt::format("{}: cannot read", path));
  return bytes;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

/// Tells the user of a key that was given another value than the model's, which counts.
void tell_of_other(const Session& session, const std::string& key, const std::string& of_model) {
  const Settings& settings = session.settings;
  const std::string text =
      fmt::format("{}: {} states {}, found {}", key, session.arguments.model,
                  lockstep::quoted(of_model), lockstep::quoted(settings.text(key)));
  if (settings.origin(key) == Origin::command_line) {
    throw PlacedConfigError(fmt::format("{}: error: {}; remove it", settings.place(key), text));
  }
  say(session, fmt::format("warning: {}: {}, which has no effect", settings.place(key), text));
}

}  // namespace

SafetensorsFile load_model_file(Session& session, const std::string& path) {
  std::optional<SafetensorsFile> file;
  Bytes bytes;
  guard(session.team, "reading the model", [&] {
    if (!session.is_root()) return;
    file = read_safetensors(path);  // checks what it is before its bytes are sent on
    if (session.team.size() > 1) bytes = file_bytes(path);
  });
  if (session.team.size() == 1) return std::move(*file);
  session.team.broadcast(bytes, 0);
  guard(session.team, "reading the model", [&] { file = decode_safetensors(path, bytes); });
  return std::move(*file);
}

std::unique_ptr<Model> load_model(Session& session, const std::string& path) {
  const SafetensorsFile file = load_model_file(session, path);
  std::unique_ptr<Model> model;
  guard(session.team, "reading the model", [&] { model = read_model(file); });
  return model;
}

void take_settings_of_model(Session& session, const ModelDescription& model) {
  const Settings& given = session.settings;
  Settings taken = given;
  taken.reset("data.ignore");
  try {
    for (const auto& [key, value] : model.options) {
      if (key != "data.ignore" && key != "data.missing" && key != "train.seed") continue;
      taken.set(key, value, Origin::standard, "the model");
    }
  } catch (const ConfigError& e) {
    throw DataError(
        fmt::format("{}: damaged model description: {}", session.arguments.model, e.what()));
  }
  const std::string& target = given.text("data.target");
  const auto stated = model.options.find("data.target");
  if (given.given("data.target") && target != model.schema.target_name &&
      (stated == model.options.end() || target != stated->second)) {
    tell_of_other(session, "data.target", model.schema.target_name);
  }
  if (given.given("data.ignore") &&
      sorted(given.texts("data.ignore")) != sorted(taken.texts("data.ignore"))) {
    tell_of_other(session, "data.ignore", taken.text("data.ignore"));
  }
  session.settings = std::move(taken);
}

}  // namespace lockstep::trainer
