#include "trainer/run/run_directory.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::array kRunFiles{kConfigFile,     kMetricsFile, kModelFile,
                               kProvenanceFile, kResultFile,  kTimingsFile};

/// The name of the configuration without folder and ending; "default" without a file.
std::string experiment_name(const Arguments& arguments) {
  if (arguments.config_file.empty()) return "default";
  return fs::path(arguments.config_file).stem().string();
}

bool is_free(const fs::path& path) {
  std::error_code error;
  return !fs::exists(path, error) || (fs::is_directory(path, error) && fs::is_empty(path, error));
}

fs::path choose(const Session& session) {
  const std::string& given = session.settings.text("output.dir");
  if (!given.empty()) return given;
  const fs::path first = fs::path("runs") / experiment_name(session.arguments);
  fs::path path = first;
  for (int number = 2; !is_free(path) && !session.arguments.overwrite; ++number) {
    path = fmt::format("{}-{}", first.string(), number);
  }
  return path;
}

/// The nearest ancestor that exists must be a directory that we may write to.
void check_can_make(const fs::path& path, bool overwrite) {
  std::error_code error;
  fs::path existing = fs::absolute(path);
  while (!fs::exists(existing, error) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  if (!fs::is_directory(existing, error)) {
    throw OutputError(fmt::format("{}: cannot make this directory: {} is not a directory",
                                  path.string(), existing.string()));
  }
  if (access(existing.c_str(), W_OK | X_OK) != 0) {
    throw OutputError(fmt::format("{}: cannot make this directory: {}: {}", path.string(),
                                  existing.string(), std::strerror(errno)));
  }
  if (!is_free(path) && !overwrite) {
    throw OutputError(
        fmt::format("{}: the output directory is not empty; choose another output.dir, or replace "
                    "the run in it "
                    "with --overwrite",
                    path.string()));
  }
}

}  // namespace

RunDirectory::RunDirectory(Session& session) : session_(session) {
  guard(session.team, "preparing the output directory", [&] {
    if (!session.is_root()) return;
    const fs::path path = choose(session);
    check_can_make(path, session.arguments.overwrite);
    path_ = path.string();
  });
  broadcast_text(session.team, path_, 0);
}

void RunDirectory::create() {
  guard(session_.team, "making the output directory", [&] {
    if (!session_.is_root()) return;
    std::error_code error;
    fs::create_directories(path_, error);
    if (error) {
      throw OutputError(fmt::format("{}: cannot make this directory: {}", path_, error.message()));
    }
    for (const char* name : kRunFiles) {
      fs::remove(file(name), error);
      if (error)
        throw OutputError(fmt::format("{}: cannot remove: {}", file(name), error.message()));
    }
  });
}

void RunDirectory::write(const std::string& name, const std::string& text) {
  guard(session_.team, "writing " + name, [&] {
    if (session_.is_root()) write_text_file(file(name), text);
  });
}

void RunDirectory::append(const std::string& name, const std::string& line) {
  guard(session_.team, "writing " + name, [&] {
    if (session_.is_root()) LineFile(file(name)).append_line(line);
  });
}

}  // namespace lockstep::trainer
