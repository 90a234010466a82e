#include "trainer/cli/resolve.hpp"

#include <fmt/format.h>

#include <vector>

#include "core/base/error.hpp"
#include "trainer/cli/config_file.hpp"
#include "trainer/cli/key_rules.hpp"
#include "trainer/cli/option_schema.hpp"

namespace lockstep::trainer {
namespace {

constexpr const char* kCommandLine = "command line";

/// Throws all of `errors`, or the first of a great many: of a file that is no configuration, say.
void throw_any(const std::vector<std::string>& errors) {
  constexpr std::size_t kShown = 20;
  if (errors.empty()) return;
  std::string message = errors.front();
  for (std::size_t i = 1; i < errors.size() && i < kShown; ++i) message += "\n" + errors[i];
  if (errors.size() > kShown) message += fmt::format("\n… and {} more", errors.size() - kShown);
  throw PlacedConfigError(message);
}

}  // namespace

Settings resolve_settings(const Arguments& arguments, const std::string& file_name,
                          const std::optional<std::string>& file_text) {
  Settings settings(option_schema());
  std::vector<std::string> errors;
  if (file_text) errors = read_config(*file_text, file_name, settings);
  for (const auto& [key, value] : arguments.overrides) {
    try {
      settings.set(key, value, Origin::command_line, kCommandLine);
    } catch (const ConfigError& error) {
      errors.push_back(fmt::format("{}: error: {}", kCommandLine, error.what()));
    }
  }
  if (arguments.command == "cv" && !settings.given("data.folds")) {
    settings.set("data.folds", "5", Origin::command_line, "lockstep cv");
  }
  if (arguments.command == "cv" && settings.is_word("data.folds", "none")) {
    errors.push_back(fmt::format("{}: error: data.folds: cv needs two folds or more",
                                 settings.place("data.folds")));
  }
  throw_any(errors);
  const std::vector<Option> options = settings.options();  // of which some may go
  for (const Option& option : options) {
    if (is_overridden(settings, option.name)) settings.reset(option.name);
  }
  // What a model was trained with is known when it has been read.
  if (arguments.command != "rerun") check_given_keys(settings);
  return settings;
}

void check_given_keys(const Settings& settings) {
  std::vector<std::string> errors;
  for (const Option& option : settings.options()) {
    if (!settings.given(option.name)) continue;
    const std::string objection = key_objection(settings, option.name);
    if (objection.empty()) continue;
    errors.push_back(fmt::format("{}: error: {}", settings.place(option.name), objection));
  }
  throw_any(errors);
}

}  // namespace lockstep::trainer
