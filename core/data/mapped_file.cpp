#include "core/data/mapped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"

namespace lockstep {

MappedFile::MappedFile(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
  if (!file.is_open()) {
    throw MissingInputError(fmt::format("{}: cannot open: {}", path, system_message(errno)));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && status.st_size > 0) {
    size_ = static_cast<std::size_t>(status.st_size);
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
    if (data_ != MAP_FAILED) return;
  }
  throw IoError(fmt::format("{}: cannot map: {}", path, system_message(errno)));
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

void MappedFile::will_need(Index begin, Index end) const {
  static const auto kPage = static_cast<Index>(::sysconf(_SC_PAGESIZE));
  begin = begin / kPage * kPage;
  end = std::min(end, size());
  ::madvise(static_cast<char*>(data_) + begin, static_cast<std::size_t>(end - begin),
            MADV_WILLNEED);
}

}  // namespace lockstep
