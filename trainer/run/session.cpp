#include "trainer/run/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "comm/affinity.hpp"
#include "core/base/error.hpp"
#include "core/format/sha256.hpp"
#include "trainer/cli/config_file.hpp"
#include "trainer/cli/resolve.hpp"
#include "trainer/run/run_directory.hpp"

namespace lockstep::trainer {
namespace {

/// What the ranks must have in common, besides the arguments: the bytes of the program.
std::string program_hash() {
  constexpr const char* kProgram = "/proc/self/exe";
  std::ifstream program(kProgram, std::ios::binary);
  std::array<char, 65536> piece{};
  Sha256 hash;
  while (program) {
    program.read(piece.data(), piece.size());
    hash.update(std::string_view(piece.data(), static_cast<std::size_t>(program.gcount())));
  }
  if (!program.eof()) throw IoError(fmt::format("{}: cannot read", kProgram));
  return hash.hex();
}

/// The directory of the run that a command is about, or "".
const std::string& run_of(const Arguments& arguments) {
  return arguments.run.empty() ? arguments.resume : arguments.run;
}

const char* mark_of(const Arguments& arguments) {
  return arguments.command == "sweep" ? kSweepFile : kConfigFile;
}

/// Such a run has its own. "" where there is none.
std::string config_file_of(const Arguments& arguments) {
  const std::string& run = run_of(arguments);
  if (run.empty()) return arguments.config_file;
  return fmt::format("{}/{}", run, mark_of(arguments));
}

/// As many as run.threads may say.
constexpr Index kMostThreads = 4096;

/// run.threads, else OMP_NUM_THREADS, else this rank's share of the CPUs it may use.
int thread_count(Team& team, const Settings& settings) {
  const int share = comm::default_threads(team);  // all ranks ask, whatever they then take
  if (!settings.is_word("run.threads", "auto")) {
    return static_cast<int>(settings.integer("run.threads"));
  }
  Index number = 0;
  const char* variable = std::getenv("OMP_NUM_THREADS");
  if (variable != nullptr && parse_integer(variable, number) && number >= 1) {
    return static_cast<int>(std::min(number, kMostThreads));
  }
  return share;
}

}  // namespace

void check_same_program(Team& team, const std::vector<std::string>& command_line) {
  if (team.size() == 1) return;
  const auto differing = [&](const std::string& mine) {
    const std::vector<std::string> all = all_gather_text(team, mine);
    const auto other = std::find_if(all.begin(), all.end(),
                                    [&](const std::string& text) { return text != all[0]; });
    return static_cast<int>(other - all.begin());
  };
  const std::vector<std::string> hosts = all_gather_text(team, host_name());
  std::string program;
  guard(team, "reading the program", [&] { program = program_hash(); });
  int rank = differing(program);
  if (rank < team.size()) {
    throw UsageError(fmt::format(
        "rank {} on {} runs another build of lockstep than rank 0 on {}; install the same program "
        "on all hosts",
        rank, hosts[static_cast<std::size_t>(rank)], hosts[0]));
  }
  std::string arguments;
  for (const std::string& argument : command_line) arguments += argument + '\0';
  rank = differing(arguments);
  if (rank < team.size()) {
    throw UsageError(fmt::format("rank {} on {} was started with other arguments than rank 0", rank,
                                 hosts[static_cast<std::size_t>(rank)]));
  }
}

Session open_session(comm::Environment& environment, comm::Communicator& team,
                     const Arguments& arguments) {
  std::optional<std::string> config;
  const std::string file = config_file_of(arguments);
  if (!file.empty()) {
    std::string text;
    guard(team, "reading the configuration", [&] {
      if (team.rank() != 0) return;
      std::error_code error;
      if (!run_of(arguments).empty() && !std::filesystem::exists(file, error)) {
        throw MissingInputError(fmt::format("{}: no directory of a run: there is no {}",
                                            run_of(arguments), mark_of(arguments)));
      }
      text = load_config_text(file);
    });
    broadcast_text(team, text, 0);
    config = text;
  }
  Session session{environment, team, arguments, resolve_settings(arguments, file, config), 1};
  team.set_timeout(std::chrono::seconds(session.settings.integer("comm.timeout")));
  session.threads = thread_count(team, session.settings);
  return session;
}

void print_result(const Session& session, const std::string& text) {
  if (session.is_root()) std::fwrite(text.data(), 1, text.size(), stdout);
}

void say(const Session& session, const std::string& line) {
  if (session.is_root() && !session.is_quiet) fmt::print(stderr, "{}\n", line);
}

}  // namespace lockstep::trainer
