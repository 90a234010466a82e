#include "tests/trainer/program_runner.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace lockstep::trainer::test {
namespace {

namespace fs = std::filesystem;

std::string shell_quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

ProgramRun run_program(const fs::path& folder, int ranks, const std::vector<std::string>& arguments,
                       int threads, int seconds) {
  const TestFolder output;
  // Each mpirun has its own session directory: those that start and end at once would take it away
  // from each other.
  std::string command =
      fmt::format("cd {} && TMPDIR={} OMP_NUM_THREADS={} timeout {} ",
                  shell_quoted(folder.string()), output.path().string(), threads, seconds);
  if (ranks > 0) command += fmt::format("mpirun -q --oversubscribe -n {} ", ranks);
  command += shell_quoted(LOCKSTEP_PROGRAM);
  for (const std::string& argument : arguments) command += " " + shell_quoted(argument);
  command += fmt::format(" >{} 2>{} </dev/null", output.file("out"), output.file("err"));
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, output.read("out"), output.read("err")};
}

TestFolder::TestFolder() {
  std::string pattern = (fs::temp_directory_path() / "lockstep-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TestFolder::write(const std::string& name, const std::string& content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
}

std::string TestFolder::read(const std::string& name) const { return content_of(path_ / name); }

std::vector<std::string> TestFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    names.push_back(fs::relative(entry.path(), path_).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace lockstep::trainer::test
