#include "trainer/run/loaded_model.hpp"

#include <fmt/format.h>

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

void take_seed_of_model(Settings& settings, const ModelDescription& model) {
  const auto seed = model.options.find("train.seed");
  if (seed == model.options.end()) return;
  settings.set("train.seed", seed->second, Origin::standard, "the model");
}

}  // namespace lockstep::trainer
