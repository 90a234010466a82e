#include "trainer/run/checkpoint_manifest.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "core/base/content_hash.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr Index kFormat = 3;

std::string hex_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(b));
  return text;
}

std::vector<std::byte> bytes_of_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

Json json_of(const MonitorState& state) {
  return {{"best", state.best ? Json(*state.best) : Json()},
          {"epoch", state.epoch},
          {"steps", state.steps},
          {"waited", state.waited},
          {"rate_waited", state.rate_waited},
          {"rate_changes", state.rate_changes}};
}

MonitorState monitor_of(const Json& json) {
  MonitorState state;
  if (!json.at("best").is_null()) state.best = json.at("best").get<double>();
  state.epoch = json.at("epoch");
  state.steps = json.at("steps");
  state.waited = json.at("waited");
  state.rate_waited = json.at("rate_waited");
  state.rate_changes = json.at("rate_changes");
  return state;
}

/// What follows the JSON of all other members.
std::string manifest_end(std::string_view hash) {
  return fmt::format(",\n  \"manifest_hash\": \"{}\"\n}}\n", hash);
}

}  // namespace

std::string manifest_text(const CheckpointManifest& m) {
  Json json;
  json["format"] = kFormat;
  json["version"] = m.version;
  json["epoch"] = m.epoch;
  json["step"] = m.step;
  json["all_steps"] = m.all_steps;
  json["rest"] = m.rest;
  json["lbfgs"] = {m.lbfgs.first_norm, m.lbfgs.decrease};
  json["sums"] = hex_of(m.sums);
  json["precision"] = m.precision;
  json["states"] = m.states;
  json["array_bytes"] = m.array_bytes;
  json["arrays_hash"] = m.hash;
  json["options"] = m.options;
  json["data"] = m.data;
  json["initial_parameters"] = m.initial_parameters;
  json["has_line"] = m.has_line;
  json["monitor"] = m.monitor ? json_of(*m.monitor) : Json();
  json["metrics_bytes"] = m.metrics_bytes;
  json["metrics_hash"] = m.metrics_hash;
  std::string text = json.dump(2);
  text.erase(text.size() - 2);  // the closing brace
  return text + manifest_end(content_hash(text));
}

CheckpointManifest parse_manifest(const std::string& text) {
  const std::size_t end = manifest_end(std::string(32, '0')).size();
  if (text.size() < end) throw DamagedCheckpoint("the manifest is cut off");
  const std::string body = text.substr(0, text.size() - end);
  const std::string hash = content_hash(body);
  if (text.substr(body.size()) != manifest_end(hash)) {
    throw DamagedCheckpoint("the manifest is damaged (its hash differs)");
  }
  try {
    const Json json = Json::parse(body + "\n}");
    if (json.at("format").get<Index>() != kFormat) {
      throw DataError(fmt::format("is of the format {} of lockstep {}; go on with that version",
                                  json.at("format").dump(), json.value("version", "?")));
    }
    CheckpointManifest m;
    m.version = json.at("version");
    m.epoch = json.at("epoch");
    m.step = json.at("step");
    m.all_steps = json.at("all_steps");
    m.rest = json.at("rest");
    m.lbfgs = {json.at("lbfgs").at(0), json.at("lbfgs").at(1)};
    m.sums = bytes_of_hex(json.at("sums"));
    m.precision = json.at("precision");
    m.states = json.at("states");
    m.array_bytes = json.at("array_bytes");
    m.hash = json.at("arrays_hash");
    m.options = json.at("options");
    m.data = json.at("data");
    m.initial_parameters = json.at("initial_parameters");
    m.has_line = json.at("has_line");
    if (!json.at("monitor").is_null()) m.monitor = monitor_of(json.at("monitor"));
    m.metrics_bytes = json.at("metrics_bytes");
    m.metrics_hash = json.at("metrics_hash");
    return m;
  } catch (const Json::exception&) {
    throw DamagedCheckpoint("the manifest is damaged");
  } catch (const std::invalid_argument&) {
    throw DamagedCheckpoint("the manifest is damaged");
  }
}

}  // namespace lockstep::trainer
