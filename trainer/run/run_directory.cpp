#include "trainer/run/run_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"
#include "trainer/run/checkpoints.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;

/// Where a file grows until it gets its name (PendingFile).
std::string temporary(const std::string& name) { return name + ".tmp"; }

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// A lock of the open file, not of the process: it ends with its last descriptor.
bool try_to_lock(const FileDescriptor& file) {
  struct flock lock = whole_file();
  return ::fcntl(file.get(), F_OFD_SETLK, &lock) == 0;
}

/// Some process holds the lock of the file; false where there is no such file, and where the file
/// system knows no locks.
bool is_locked(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC), path);
  struct flock lock = whole_file();
  return file.is_open() && ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/// The open file is still that of its path.
bool is_in_place(const FileDescriptor& file) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(file.get(), &opened) == 0 && ::stat(file.path().c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// Removes a file that may not be there.
void remove_file(const std::string& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw OutputError(fmt::format("{}: cannot remove: {}", path, error.message()));
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
    if (is_resumed()) return check_can_resume();
    check_can_make();
    check_is_of_this_kind();
  });
  broadcast_text(session.team, path_, 0);
}

std::string RunDirectory::choose() const {
  if (is_resumed()) return session_.arguments.resume;
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

RunDirectory::Content RunDirectory::content(const std::string& path) const {
  std::error_code error;
  if (!fs::exists(path, error)) return Content::nothing;
  if (!fs::is_directory(path, error)) return Content::other;
  bool is_empty = true;
  bool is_claimed = false;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path, error)) {
    const std::string found = entry.path().lexically_relative(path).string();
    const bool is_folder = entry.is_directory(error);
    if (found == files_.mark || !is_known(found, is_folder)) return Content::other;
    is_empty = false;
    is_claimed = is_claimed || found == temporary(files_.mark);
  }
  if (error) return Content::other;
  if (is_empty) return Content::nothing;
  return is_claimed ? Content::remains : Content::other;
}

/// A path in the directory that such a run makes.
bool RunDirectory::is_known(const std::string& found, bool is_folder) const {
  const bool is_named =
      std::any_of(files_.names.begin(), files_.names.end(), [&](const std::string& name) {
        return is_folder ? name.starts_with(found + "/")
                         : found == name || found == temporary(name);
      });
  return is_named || is_of_tree(found) ||
         std::any_of(files_.folders.begin(), files_.folders.end(), [&](const std::string& folder) {
           return found == folder ||
                  (found.starts_with(folder + "/") &&
                   is_checkpoint_path(std::string_view(found).substr(folder.size() + 1)));
         });
}

bool RunDirectory::is_of_tree(const std::string& found) const {
  const std::string_view first = std::string_view(found).substr(0, found.find('/'));
  return std::any_of(files_.trees.begin(), files_.trees.end(), [&](const std::string& tree) {
    return first.starts_with(tree) &&
           first.find_first_not_of("0123456789", tree.size()) == std::string_view::npos;
  });
}

bool RunDirectory::is_free(const std::string& path) const {
  const Content found = content(path);
  return found == Content::nothing || (found == Content::remains && !is_claimed_by_other(path));
}

/// A run is writing its files.
bool RunDirectory::is_claimed_by_other(const std::string& path) const {
  return is_locked(path + "/" + temporary(files_.mark)) || is_locked(path + "/" + files_.mark);
}

/// The nearest ancestor that exists must be a directory that we may write to.
void RunDirectory::check_can_make() const {
  std::error_code error;
  fs::path existing = fs::absolute(path_);
  while (!fs::exists(existing, error) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  if (!fs::is_directory(existing, error)) {
    throw OutputError(fmt::format("{}: cannot make this directory: {} is not a directory", path_,
                                  existing.string()));
  }
  if (access(existing.c_str(), W_OK | X_OK) != 0) {
    throw OutputError(fmt::format("{}: cannot make this directory: {}: {}", path_,
                                  existing.string(), system_message(errno)));
  }
  if (stays_claimed_by_other(path_)) {
    throw OutputError(fmt::format(
        "{}: another run is writing to this output directory; choose another output.dir", path_));
  }
  if (!is_free(path_) && !session_.arguments.overwrite) {
    throw OutputError(
        fmt::format("{}: the output directory is not empty; choose another output.dir, or replace "
                    "the run in it with --overwrite",
                    path_));
  }
}

/// One that was killed may be a moment over its last write.
bool RunDirectory::stays_claimed_by_other(const std::string& path) const {
  constexpr int kPatience = 20;
  for (int i = 0; i < kPatience && is_claimed_by_other(path); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return is_claimed_by_other(path);
}

void RunDirectory::check_can_resume() const {
  if (access(path_.c_str(), W_OK | X_OK) != 0) {
    throw OutputError(
        fmt::format("{}: cannot go on with this run: {}", path_, system_message(errno)));
  }
  if (access(file(files_.mark).c_str(), R_OK | W_OK) != 0) {
    throw OutputError(
        fmt::format("{}: cannot write: {}", file(files_.mark), system_message(errno)));
  }
  if (stays_claimed_by_other(path_)) {
    throw OutputError(fmt::format("{}: this run is still running", path_));
  }
}

/// --overwrite replaces what such a run has written, and nothing else: not a folder of data that
/// has a file of some such name, and not what this run is about to read.
void RunDirectory::check_is_of_this_kind() const {
  if (is_free(path_)) return;
  std::error_code error;
  if (!fs::exists(file(files_.mark), error) && content(path_) != Content::remains) {
    throw OutputError(fmt::format(
        "{}: has no {} of an earlier run that --overwrite could replace; choose another "
        "output.dir",
        path_, files_.mark));
  }
  for (const char* key :
       {"data.train", "data.train_labels", "data.test", "data.test_labels", "train.init_from"}) {
    const bool is_one = std::string_view(key) == "train.init_from";
    const std::vector<std::string> inputs =
        is_one ? std::vector{session_.settings.text(key)} : session_.settings.texts(key);
    for (const std::string& input : inputs) {
      const std::string inside = fs::weakly_canonical(input, error)
                                     .lexically_relative(fs::weakly_canonical(path_, error))
                                     .string();
      if (!input.empty() && is_of_tree(inside)) {
        throw OutputError(fmt::format(
            "{}: is read ({}) and would be replaced; choose another output.dir", input, key));
      }
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

/// Makes the directory and locks the claim; false when another run has it, or filled the directory
/// while this one read its data. What a killed run left goes.
bool RunDirectory::try_to_claim() {
  constexpr mode_t kReadWriteByUmask = 0666;
  is_new_ = make_directory(path_);
  const std::string path = file(temporary(files_.mark));
  int opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kReadWriteByUmask);
  const bool is_first = opened >= 0;
  if (!is_first && errno == EEXIST) opened = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (opened < 0 && errno == ENOENT) return false;  // its run has just ended
  if (opened < 0) {
    throw OutputError(
        fmt::format("{}: cannot create: {}", file(files_.mark), system_message(errno)));
  }
  FileDescriptor claim(opened, path);
  const bool has_lock = try_to_lock(claim);
  // On a file system without locks only who made the file can have it.
  const bool knows_no_locks = !has_lock && errno != EAGAIN && errno != EACCES;
  if (!has_lock && !(is_first && knows_no_locks)) return false;
  if (!is_in_place(claim)) return false;
  const bool remains = content(path_) == Content::remains;
  const bool still_runs = is_locked(file(files_.mark));  // the run that --overwrite would replace
  if (still_runs || (!remains && !session_.arguments.overwrite)) {
    if (is_first) remove_file(path);
    return false;
  }
  has_earlier_ = !remains;
  for (const std::string& name : files_.names) {
    if (remains) remove_file(file(name));
    if (name != files_.mark) remove_file(file(temporary(name)));
  }
  if (remains) remove_folders();
  claim_ = std::move(claim);
  return true;
}

/// Locks the mark; false when another run has it.
bool RunDirectory::try_to_reclaim() {
  const std::string path = file(files_.mark);
  FileDescriptor claim(::open(path.c_str(), O_RDWR | O_CLOEXEC), path);
  if (!claim.is_open()) {
    throw OutputError(fmt::format("{}: cannot open: {}", path, system_message(errno)));
  }
  if (!try_to_lock(claim) && (errno == EAGAIN || errno == EACCES)) return false;
  if (!is_in_place(claim)) return false;
  has_earlier_ = true;
  claim_ = std::move(claim);
  return true;
}

/// Where to go when another run took the directory.
std::string RunDirectory::next_choice() const {
  if (session_.settings.text("output.dir").empty() && !session_.arguments.overwrite) {
    return choose();
  }
  throw OutputError(fmt::format(
      "{}: another run took this output directory meanwhile; choose another output.dir", path_));
}

void RunDirectory::claim() {
  guard(session_.team, "making the output directory", [&] {
    if (!session_.is_root()) return;
    if (!is_resumed()) {
      while (!try_to_claim()) path_ = next_choice();
    } else if (!try_to_reclaim()) {
      throw OutputError(fmt::format("{}: this run is still running", path_));
    }
  });
  broadcast_text(session_.team, path_, 0);
  is_mine_ = true;
}

void RunDirectory::remove_previous() {
  guard(session_.team, "removing the run before", [&] {
    if (!session_.is_root() || !has_earlier_ || is_resumed()) return;
    remove_file(file(files_.mark));
    for (const std::string& name : files_.names) remove_file(file(name));
    remove_folders();
    has_earlier_ = false;
  });
}

void RunDirectory::discard() const noexcept {
  if (!is_mine_ || !session_.is_root()) return;
  std::error_code ignored;
  for (const std::string& name : files_.names) {
    fs::remove(file(temporary(name)), ignored);
    if (!has_earlier_) fs::remove(file(name), ignored);
  }
  if (!has_earlier_) remove_folders();
  if (is_new_) fs::remove(path_, ignored);  // refuses a directory that is not empty
}

/// Checkpoints, and then the folders that are empty.
void RunDirectory::remove_folders() const noexcept {
  std::error_code ignored;
  for (const std::string& folder : files_.folders) {
    std::vector<std::string> checkpoints;
    for (const fs::directory_entry& entry : fs::directory_iterator(file(folder), ignored)) {
      if (is_checkpoint_path(entry.path().filename().string())) {
        checkpoints.push_back(entry.path().string());
      }
    }
    for (const std::string& checkpoint : checkpoints) remove_checkpoint(checkpoint);
    fs::remove(file(folder), ignored);
  }
  std::vector<fs::path> trees;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, ignored)) {
    if (is_of_tree(entry.path().filename().string())) trees.push_back(entry.path());
  }
  for (const fs::path& tree : trees) fs::remove_all(tree, ignored);
  for (const std::string& name : files_.names) {
    const fs::path folder = fs::path(name).parent_path();
    if (!folder.empty()) fs::remove(path_ / folder, ignored);
  }
}

void RunDirectory::make_folder_of(const std::string& name) const {
  const fs::path folder = fs::path(name).parent_path();
  if (!folder.empty()) make_directory(path_ / folder);
}

void RunDirectory::write(const std::string& name, const std::string& text) {
  guard(session_.team, "writing " + name, [&] {
    if (!session_.is_root()) return;
    make_folder_of(name);
    write_text_file(file(name), text);
  });
}

void RunDirectory::append(const std::string& name, const std::string& line) {
  guard(session_.team, "writing " + name, [&] {
    if (!session_.is_root()) return;
    make_folder_of(name);
    LineFile(file(name)).append_line(line);
  });
  has_progress_ = true;
}

void RunDirectory::cut(const std::string& name, Index bytes) {
  guard(session_.team, "cutting " + name, [&] {
    std::error_code error;
    if (!session_.is_root() || !fs::exists(file(name), error)) return;
    fs::resize_file(file(name), static_cast<std::uintmax_t>(bytes), error);
    if (error) {
      throw OutputError(fmt::format("{}: cannot cut off: {}", file(name), error.message()));
    }
  });
}

std::string fold_folder(Index fold) { return fmt::format("fold-{}", fold + 1); }

RunFiles training_files() {
  RunFiles files{"default",
                 kConfigFile,
                 {kConfigFile, kBestFile, kMetricsFile, kModelFile, kProvenanceFile, kResultFile,
                  kTimingsFile},
                 {kCheckpointFolder}};
  for (Index fold = 0; fold < kMostFolds; ++fold) {
    for (const char* name : {kMetricsFile, kModelFile, kResultFile, kTimingsFile}) {
      files.names.push_back(fold_folder(fold) + "/" + name);
    }
    files.folders.push_back(fmt::format("{}/{}", fold_folder(fold), kCheckpointFolder));
  }
  return files;
}

}  // namespace lockstep::trainer
