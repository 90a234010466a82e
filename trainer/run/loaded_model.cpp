#include "trainer/run/loaded_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/base/error.hpp"
#include "trainer/run/data_split.hpp"

namespace lockstep::trainer {
namespace {

Bytes file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(std::filesystem::file_size(path));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) throw IoError(fmt::format("{}: cannot read", path));
  return bytes;
}

/// What a training does with its rows concerns no other data.
constexpr std::array kSplitKeys{"data.test_fraction", "data.validation_fraction", "data.stratify",
                                "data.folds"};

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

DataError damaged_options(const Session& session, const ConfigError& error) {
  return DataError(
      fmt::format("{}: damaged model description: {}", session.arguments.model, error.what()));
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
    check_model_file(*file);
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
  taken.reset("data.weight");
  if (given.is_word("data.index_base", "auto")) taken.reset("data.index_base");
  try {
    for (const auto& [key, value] : model.options) {
      if (key != "data.ignore" && key != "data.missing" && key != "data.weight" &&
          key != "data.index_base" && key != "train.seed" && key != "validation.metrics" &&
          key != "train.monitor") {
        continue;
      }
      taken.set(key, value, Origin::standard, "the model");
    }
  } catch (const ConfigError& e) {
    throw damaged_options(session, e);
  }
  for (const char* key : kSplitKeys) taken.reset(key);
  const auto stated = model.options.find("data.target");
  if (given.given("data.target") && given.texts("data.target") != model.schema.target_names &&
      (stated == model.options.end() || given.text("data.target") != stated->second)) {
    tell_of_other(session, "data.target", model.schema.target_name());
  }
  if (given.given("data.ignore") &&
      sorted(given.texts("data.ignore")) != sorted(taken.texts("data.ignore"))) {
    tell_of_other(session, "data.ignore", taken.text("data.ignore"));
  }
  session.settings = std::move(taken);
}

bool has_split_off_test(const ModelDescription& model) {
  const auto fraction = model.options.find("data.test_fraction");
  const bool has_fraction = fraction != model.options.end() && fraction->second != "0";
  return model.fold > 0 || has_fraction;
}

Session session_of_training(const Session& session, const ModelDescription& model) {
  const std::vector<std::string>& targets = model.schema.target_names;
  const auto stated = model.options.find("data.target");
  const bool has_comma = targets.size() == 1 && targets.front().find(',') != std::string::npos;
  if (has_comma && stated != model.options.end() && !stated->second.empty()) {
    throw DataError(fmt::format(
        "{}: was trained on the target {} by a version that took a comma for a part of the name; "
        "name the rows to measure with --data.test",
        session.arguments.model, lockstep::quoted(targets.front())));
  }
  Session training = session;
  Settings& settings = training.settings;
  const std::vector<Option> options = settings.options();  // of which some may go
  for (const Option& option : options) {
    if (option.affects_result) settings.reset(option.name);
  }
  try {
    for (const auto& [key, value] : model.options) {
      settings.set(key, value, Origin::standard, "the model");
    }
  } catch (const ConfigError& e) {
    throw damaged_options(session, e);
  }
  if (model.fold > (fold_count(settings))) {
    throw DataError(fmt::format("{}: damaged model description: fold {} of {}",
                                session.arguments.model, model.fold, settings.text("data.folds")));
  }
  return training;
}

}  // namespace lockstep::trainer
