#include "core/data/mapped_rows.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"

namespace lockstep {

class MappedRows::Mapping {
 public:
  explicit Mapping(const std::string& path) {
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
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Mapping(Mapping&&) = delete;
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() { ::munmap(data_, size_); }

  const char* at(Index byte) const { return static_cast<const char*>(data_) + byte; }
  Index size() const { return static_cast<Index>(size_); }

  void will_need(Index begin, Index end) const {
    static const auto kPage = static_cast<Index>(::sysconf(_SC_PAGESIZE));
    begin = begin / kPage * kPage;
    ::madvise(static_cast<char*>(data_) + begin, static_cast<std::size_t>(end - begin),
              MADV_WILLNEED);
  }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

MappedRows::MappedRows(const std::string& path, const RowLayout& layout,
                       const std::vector<std::size_t>& columns)
    : mapping_(std::make_shared<const Mapping>(path)), layout_(layout) {
  for (const std::size_t c : columns) {
    const auto column = static_cast<Index>(c);
    assert(column < layout.columns);
    if (!runs_.empty() && runs_.back().column + runs_.back().count == column) {
      ++runs_.back().count;
    } else {
      runs_.push_back({column, 1});
    }
  }
}

void MappedRows::copy_row(Index row, double* out) const {
  const char* const cells = mapping_->at(byte_of(row));
  for (const Run& run : runs_) {
    const auto size = static_cast<std::size_t>(run.count) * sizeof(double);
    std::memcpy(out, cells + run.column * static_cast<Index>(sizeof(double)), size);
    out += run.count;
  }
}

void MappedRows::will_need(Range rows) const {
  if (rows.empty()) return;
  mapping_->will_need(byte_of(rows.begin), std::min(byte_of(rows.end), mapping_->size()));
}

}  // namespace lockstep
