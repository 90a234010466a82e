#include "core/format/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace lockstep::file_calls {
namespace {

std::atomic<const Faults*> installed{nullptr};

/// Sets errno where the call is to fail.
bool fails(Call call) {
  const Faults* faults = installed.load(std::memory_order_acquire);
  if (faults == nullptr) return false;
  const int error = faults->error_of(call);
  if (error != 0) errno = error;
  return error != 0;
}

}  // namespace

int open(const std::string& path, int flags) {
  constexpr mode_t kReadWriteByUmask = 0666;
  return fails(Call::open) ? -1 : ::open(path.c_str(), flags, kReadWriteByUmask);
}

ssize_t write(int descriptor, const void* data, std::size_t size) {
  return fails(Call::write) ? -1 : ::write(descriptor, data, size);
}

ssize_t write_at(int descriptor, const void* data, std::size_t size, off_t offset) {
  return fails(Call::write) ? -1 : ::pwrite(descriptor, data, size, offset);
}

int synchronize(int descriptor) { return fails(Call::synchronize) ? -1 : ::fsync(descriptor); }

int rename(const std::string& from, const std::string& to) {
  return fails(Call::rename) ? -1 : std::rename(from.c_str(), to.c_str());
}

int make_folder(const std::string& path) {
  constexpr mode_t kAllByUmask = 0777;
  return fails(Call::make_folder) ? -1 : ::mkdir(path.c_str(), kAllByUmask);
}

Faults::Faults(std::function<int(Call)> error_of) : error_of_(std::move(error_of)) {
  [[maybe_unused]] const Faults* before = installed.exchange(this);
  assert(before == nullptr);
}

Faults::~Faults() { installed.store(nullptr); }

}  // namespace lockstep::file_calls
