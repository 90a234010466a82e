#include "core/format/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdio>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

[[noreturn]] void throw_cannot_create(const std::string& path, int error_number) {
  throw OutputError(path + ": cannot create: " + system_message(error_number));
}

/// Opens `opened` for writing; messages name `path`, the file that the user knows.
FileDescriptor open_for_writing(const std::string& opened, const std::string& path, int flags) {
  constexpr mode_t kReadWriteByUmask = 0666;
  const int descriptor =
      ::open(opened.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, kReadWriteByUmask);
  if (descriptor < 0) throw_cannot_create(path, errno);
  return {descriptor, path};
}

/// A renamed file survives a power failure only when its directory is on the disk too.
void synchronize_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  std::string directory = ".";
  if (slash != std::string::npos) directory = slash == 0 ? "/" : path.substr(0, slash);
  FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
  // A directory that may be written but not read cannot be opened; the file itself is safe.
  if (!file.is_open()) return;
  file.synchronize();
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), temporary_path_(path + ".tmp") {
  // Said before the work is done rather than by the rename after it.
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    throw_cannot_create(path, EISDIR);
  }
  file_ = open_for_writing(temporary_path_, path, O_TRUNC);
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_path_.c_str());
}

void AtomicFile::commit() {
  assert(!committed_);
  file_.synchronize();
  file_.close();
  if (std::rename(temporary_path_.c_str(), path_.c_str()) != 0) throw_cannot_create(path_, errno);
  committed_ = true;
  synchronize_directory_of(path_);
}

void write_text_file(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

LineFile::LineFile(const std::string& path) : file_(open_for_writing(path, path, O_APPEND)) {}

void LineFile::append_line(std::string_view line) {
  assert(line.find('\n') == std::string_view::npos);
  std::string text(line);
  text += '\n';
  file_.write(std::as_bytes(std::span<const char>(text)));
}

}  // namespace lockstep
