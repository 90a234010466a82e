#include "trainer/run/run_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;

bool is_free(const fs::path& path) {
  std::error_code error;
  return !fs::exists(path, error) || (fs::is_directory(path, error) && fs::is_empty(path, error));
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

/// Returns whether it was not there before.
bool make_directory(const fs::path& path) {
  std::error_code error;
  const bool is_new = fs::create_directories(path, error);
  if (!error) return is_new;
  throw OutputError(
      fmt::format("{}: cannot make this directory: {}", path.string(), error.message()));
}

}  // namespace

RunDirectory::RunDirectory(Session& session, RunFiles files)
    : session_(session), files_(std::move(files)) {
  guard(session.team, "preparing the output directory", [&] {
    if (!session.is_root()) return;
    path_ = choose();
    check_can_make(path_, session.arguments.overwrite);
    check_is_of_this_kind();
  });
  broadcast_text(session.team, path_, 0);
}

std::string RunDirectory::choose() const {
  const std::string& given = session_.settings.text("output.dir");
  if (!given.empty()) return given;
  const std::string& config = session_.arguments.config_file;
  const std::string name = config.empty() ? files_.default_name : fs::path(config).stem().string();
  const std::string first = (fs::path("runs") / name).string();
  std::string path = first;
  for (int number = 2; !is_free(path) && !session_.arguments.overwrite; ++number) {
    path = fmt::format("{}-{}", first, number);
  }
  return path;
}

/// --overwrite replaces what such a run has written, and nothing else: not a folder of data that
/// has a file of some such name, and not what this run is about to read.
void RunDirectory::check_is_of_this_kind() const {
  if (is_free(path_)) return;
  std::error_code error;
  if (!fs::exists(file(files_.first), error)) {
    throw OutputError(fmt::format(
        "{}: has no {} of an earlier run that --overwrite could replace; choose another "
        "output.dir",
        path_, files_.first));
  }
  for (const char* key : {"data.train", "data.train_labels", "data.test", "data.test_labels"}) {
    for (const std::string& input : session_.settings.texts(key)) {
      for (const std::string& name : files_.names) {
        if (!fs::equivalent(file(name), input, error)) continue;
        throw OutputError(
            fmt::format("{}: is read ({}) and would be replaced; choose another "
                        "output.dir",
                        file(name), key));
      }
    }
  }
}

void RunDirectory::remove_files() const {
  for (const std::string& name : files_.names) {
    std::error_code error;
    fs::remove(file(name), error);
    if (error) throw OutputError(fmt::format("{}: cannot remove: {}", file(name), error.message()));
  }
}

/// Makes the directory and, in it, an empty first file, which one run alone can be the first to
/// make; false when another one was, or filled the directory while this one read its data.
bool RunDirectory::claim() {
  is_new_ = make_directory(path_);
  if (!is_free(path_)) return false;
  constexpr mode_t kReadWriteByUmask = 0666;
  const std::string first = file(files_.first);
  const int descriptor =
      ::open(first.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kReadWriteByUmask);
  if (descriptor < 0 && errno == EEXIST) return false;
  if (descriptor < 0) {
    throw OutputError(fmt::format("{}: cannot create: {}", first, system_message(errno)));
  }
  ::close(descriptor);
  return true;
}

/// Where to go when another run took the directory.
std::string RunDirectory::next_choice() const {
  if (session_.settings.text("output.dir").empty()) return choose();
  throw OutputError(fmt::format(
      "{}: another run took this output directory meanwhile; choose another output.dir", path_));
}

void RunDirectory::create() {
  guard(session_.team, "making the output directory", [&] {
    if (!session_.is_root()) return;
    if (session_.arguments.overwrite) {
      is_new_ = make_directory(path_);
      remove_files();
      return;
    }
    while (!claim()) path_ = next_choice();
  });
  broadcast_text(session_.team, path_, 0);
  is_mine_ = true;
}

void RunDirectory::discard() const noexcept {
  if (!is_mine_ || !session_.is_root()) return;
  std::error_code ignored;
  for (const std::string& name : files_.names) fs::remove(fs::path(path_) / name, ignored);
  if (is_new_) fs::remove(path_, ignored);  // refuses a directory that is not empty
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
  has_progress_ = true;
}

}  // namespace lockstep::trainer
