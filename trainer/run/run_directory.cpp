#include "trainer/run/run_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"

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
                                  existing.string(), system_message(errno)));
  }
  if (!is_free(path) && !overwrite) {
    throw OutputError(
        fmt::format("{}: the output directory is not empty; choose another output.dir, or replace "
                    "the run in it with --overwrite",
                    path.string()));
  }
}

void make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return;
  throw OutputError(
      fmt::format("{}: cannot make this directory: {}", path.string(), error.message()));
}

void remove_run_files(const fs::path& path) {
  for (const char* name : kRunFiles) {
    std::error_code error;
    fs::remove(path / name, error);
    if (error) {
      throw OutputError(
          fmt::format("{}: cannot remove: {}", (path / name).string(), error.message()));
    }
  }
}

/// Makes the directory and, in it, an empty config.ini, which one run alone can be the first to
/// make; false when another one was, or filled the directory while this one read its data.
bool claim(const fs::path& path) {
  make_directory(path);
  if (!is_free(path)) return false;
  constexpr mode_t kReadWriteByUmask = 0666;
  const std::string file = (path / kConfigFile).string();
  const int descriptor =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kReadWriteByUmask);
  if (descriptor < 0 && errno == EEXIST) return false;
  if (descriptor < 0) {
    throw OutputError(fmt::format("{}: cannot create: {}", file, system_message(errno)));
  }
  ::close(descriptor);
  return true;
}

/// Where to go when another run took the directory.
fs::path next_choice(const Session& session, const fs::path& taken) {
  if (session.settings.text("output.dir").empty()) return choose(session);
  throw OutputError(
      fmt::format("{}: another run took this output directory meanwhile; choose another output.dir",
                  taken.string()));
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
    if (session_.arguments.overwrite) {
      make_directory(path_);
      remove_run_files(path_);
      return;
    }
    while (!claim(path_)) path_ = next_choice(session_, path_);
  });
  broadcast_text(session_.team, path_, 0);
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
