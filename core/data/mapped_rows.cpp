#include "core/data/mapped_rows.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

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

double MappedRows::Translation::operator()(double cell) const {
  return std::isnan(cell) ? cell : values->at(std::bit_cast<std::uint64_t>(cell));
}

const MappedRows::Translation* MappedRows::translation_of(std::size_t feature) const {
  const auto found = std::find_if(translations_.begin(), translations_.end(),
                                  [&](const Translation& t) { return t.feature == feature; });
  return found == translations_.end() ? nullptr : &*found;
}

void MappedRows::translate(std::size_t feature, CellValues values) {
  assert(translation_of(feature) == nullptr);
  translations_.push_back({feature, std::make_shared<const CellValues>(std::move(values))});
}

void MappedRows::renumber(std::size_t feature, std::span<const double> changed) {
  CellValues values;
  if (const Translation* before = translation_of(feature)) {
    values = *before->values;
    for (auto& [bits, value] : values) {
      if (!std::isnan(value)) value = changed[static_cast<std::size_t>(value)];
    }
  } else {
    for (std::size_t c = 0; c < changed.size(); ++c) {
      values.emplace(std::bit_cast<std::uint64_t>(static_cast<double>(c)), changed[c]);
    }
  }
  std::erase_if(translations_, [&](const Translation& t) { return t.feature == feature; });
  translate(feature, std::move(values));
}

double MappedRows::cell(Index row, std::size_t feature) const {
  auto before = static_cast<Index>(feature);
  auto run = runs_.begin();
  for (; before >= run->count; ++run) before -= run->count;
  double cell = 0;
  std::memcpy(
      &cell,
      mapping_->at(byte_of(row) + (run->column + before) * static_cast<Index>(sizeof(double))),
      sizeof cell);
  const Translation* translation = translation_of(feature);
  return translation == nullptr ? cell : (*translation)(cell);
}

void MappedRows::copy_row(Index row, double* out) const {
  const char* const cells = mapping_->at(byte_of(row));
  double* to = out;
  for (const Run& run : runs_) {
    const auto size = static_cast<std::size_t>(run.count) * sizeof(double);
    std::memcpy(to, cells + run.column * static_cast<Index>(sizeof(double)), size);
    to += run.count;
  }
  for (const Translation& translation : translations_) {
    out[translation.feature] = translation(out[translation.feature]);
  }
}

void MappedRows::will_need(Range rows) const {
  if (rows.empty()) return;
  mapping_->will_need(byte_of(rows.begin), std::min(byte_of(rows.end), mapping_->size()));
}

}  // namespace lockstep
