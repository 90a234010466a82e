#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lockstep::trainer::test {

/// Arguments of the program.
using Words = std::vector<std::string>;

inline Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Trains into a folder.
inline Words train_to(const std::string& folder, const Words& more) {
  return Words{"train", "--output.dir=" + folder} + more;
}

/// What a run of the program left behind.
struct ProgramRun {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs the program in `folder`; under mpirun when ranks > 0, else as a user starts it alone. A run
/// that lasts longer than `seconds` is ended, with exit code 124.
ProgramRun run_program(const std::filesystem::path& folder, int ranks, const Words& arguments,
                       int threads = 1, int seconds = 60);

/// A folder for one test, removed with everything in it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  TestFolder(TestFolder&&) = delete;
  TestFolder& operator=(TestFolder&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& content) const;
  std::string read(const std::string& name) const;
  /// Names of everything below the folder, sorted.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

}  // namespace lockstep::trainer::test
