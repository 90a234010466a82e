#include "core/data/mapped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "core/base/error.hpp"

namespace lockstep {

namespace {

/// Those that are mapped now, for signal handlers; one that finds no place is not known to them.
std::array<std::atomic<const MappedFile*>, 64>& mapped_files() {
  static std::array<std::atomic<const MappedFile*>, 64> files{};
  return files;
}

}  // namespace

MappedFile::MappedFile(const std::string& path)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path) {
  if (!file_.is_open()) {
    throw MissingInputError(fmt::format("{}: cannot open: {}", path, system_message(errno)));
  }
  struct stat status {};
  if (::fstat(file_.get(), &status) == 0 && status.st_size > 0) {
    size_ = static_cast<std::size_t>(status.st_size);
    modified_ = status.st_mtim;
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.get(), 0);
  }
  if (size_ == 0 || data_ == MAP_FAILED) {
    throw IoError(fmt::format("{}: cannot map: {}", path, system_message(errno)));
  }
  for (auto& place : mapped_files()) {
    const MappedFile* none = nullptr;
    if (place.compare_exchange_strong(none, this)) break;
  }
}

MappedFile::~MappedFile() {
  for (auto& place : mapped_files()) {
    const MappedFile* self = this;
    if (place.compare_exchange_strong(self, nullptr)) break;
  }
  ::munmap(data_, size_);
}

bool MappedFile::is_unchanged() const {
  struct stat now {};
  return !is_changed_ && ::fstat(file_.get(), &now) == 0 &&
         static_cast<std::size_t>(now.st_size) == size_ && now.st_mtim.tv_sec == modified_.tv_sec &&
         now.st_mtim.tv_nsec == modified_.tv_nsec;
}

const char* MappedFile::path_at(const void* address) noexcept {
  for (const auto& place : mapped_files()) {
    const MappedFile* file = place;
    if (file == nullptr) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(file->data_);
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    // The last page goes on beyond the file.
    if (begin <= at && at - begin < file->size_) return file->path().c_str();
  }
  return nullptr;
}

void MappedFile::will_need(Index begin, Index end) const {
  static const auto kPage = static_cast<Index>(::sysconf(_SC_PAGESIZE));
  if (!reads_on_request_.exchange(true)) ::madvise(data_, size_, MADV_RANDOM);
  begin = begin / kPage * kPage;
  end = std::min(end, static_cast<Index>(size_));
  ::madvise(static_cast<char*>(data_) + begin, static_cast<std::size_t>(end - begin),
            MADV_WILLNEED);
}

void MappedFile::will_go_through() const {
  if (reads_on_request_.exchange(false)) ::madvise(data_, size_, MADV_NORMAL);
}

}  // namespace lockstep
