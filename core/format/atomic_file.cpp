#include "core/format/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"
#include "core/format/file_calls.hpp"

namespace lockstep {
namespace {

[[noreturn]] void throw_cannot_create(const std::string& path, const std::string& why) {
  throw OutputError(path + ": cannot create: " + why);
}

/// Opens `opened` for writing; messages name `path`, the file that the user knows.
FileDescriptor open_for_writing(const std::string& opened, const std::string& path, int flags) {
  const int descriptor = file_calls::open(opened, O_WRONLY | O_CLOEXEC | flags);
  if (descriptor < 0) throw_cannot_create(path, system_message(errno));
  return {descriptor, path};
}

/// What a symbolic link points to; any other path is itself.
std::string link_target(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  return error ? path : target.string();
}

/// "a" of "a/b", "." of "b".
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

PendingFile::PendingFile(const std::string& path, const std::string& suffix)
    : path_(path), target_(link_target(path)), temporary_(target_ + suffix) {
  // Said before the work is done rather than by the rename after it.
  struct stat status {};
  if (::stat(target_.c_str(), &status) != 0) return;
  if (S_ISDIR(status.st_mode)) throw_cannot_create(path_, system_message(EISDIR));
  if (!S_ISREG(status.st_mode)) throw_cannot_create(path_, "there is one that is no regular file");
  mode_ = status.st_mode & ALLPERMS;
}

PendingFile::~PendingFile() {
  if (created_) ::unlink(temporary_.c_str());
}

FileDescriptor PendingFile::create() {
  FileDescriptor file = open_for_writing(temporary_, path_, O_CREAT | O_TRUNC);
  created_ = true;
  return file;
}

FileDescriptor PendingFile::open() const { return open_for_writing(temporary_, path_, 0); }

void PendingFile::commit() {
  assert(created_);
  // Only now: a mode without writing would keep other processes from opening the file. Best effort,
  // since not every file system has modes.
  if (mode_) ::chmod(temporary_.c_str(), *mode_);
  if (file_calls::rename(temporary_, target_) != 0) {
    throw_cannot_create(path_, system_message(errno));
  }
  created_ = false;
  synchronize_folder(folder_of(target_));
}

void AtomicFile::commit() {
  file_.synchronize();
  file_.close();
  pending_.commit();
}

void write_text_file(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

LineFile::LineFile(const std::string& path)
    : file_(open_for_writing(path, path, O_CREAT | O_APPEND)) {}

void LineFile::append_line(std::string_view line) {
  assert(line.find('\n') == std::string_view::npos);
  std::string text(line);
  text += '\n';
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  try {
    file_.write(std::as_bytes(std::span<const char>(text)));
  } catch (const IoError&) {
    // A full disk may have taken its beginning. Best effort: a pipe takes nothing back.
    [[maybe_unused]] const int result = ::ftruncate(file_.get(), end);
    throw;
  }
}

}  // namespace lockstep
