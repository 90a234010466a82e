#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

namespace lockstep::file_calls {

// The calls of the system that change what a file system holds. What must survive a failure of any
// of them makes them here, so that a test can let the n-th one fail. Each returns as the system's
// function of its name does, with the reason in errno.

enum class Call { open, write, synchronize, rename, make_folder };

int open(const std::string& path, int flags);  ///< a new file has mode 0666, less the umask
ssize_t write(int descriptor, const void* data, std::size_t size);
ssize_t write_at(int descriptor, const void* data, std::size_t size, off_t offset);
int synchronize(int descriptor);
int rename(const std::string& from, const std::string& to);
int make_folder(const std::string& path);  ///< of mode 0777, less the umask

/// Which calls fail while it lives: what `error_of` returns, unless 0, is the errno that the call
/// fails with, without doing anything. One at a time; threads make calls concurrently.
class Faults {
 public:
  explicit Faults(std::function<int(Call)> error_of);
  ~Faults();
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
  Faults(Faults&&) = delete;
  Faults& operator=(Faults&&) = delete;

  int error_of(Call call) const { return error_of_(call); }

 private:
  std::function<int(Call)> error_of_;
};

}  // namespace lockstep::file_calls
