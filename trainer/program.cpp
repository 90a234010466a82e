#include "trainer/program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <functional>
#include <new>
#include <span>

#include "core/base/error.hpp"
#include "core/data/mapped_file.hpp"
#include "trainer/cli/help.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/stop_signals.hpp"

namespace lockstep::trainer {
namespace {

void print_on_root(const comm::Communicator& team, const std::string& text) {
  if (team.rank() == 0) fmt::print("{}", text);
}

void run_command(comm::Environment& environment, comm::Communicator& team,
                 const std::vector<std::string>& command_line) {
  check_same_program(team, command_line);
  const Arguments arguments = parse_arguments(command_line);
  if (arguments.version) return print_on_root(team, version_text());
  if (arguments.help) {
    const CommandSpec* spec = find_command(arguments.command);
    return print_on_root(team, spec == nullptr ? program_help() : command_help(*spec));
  }
  Session session = open_session(environment, team, arguments);
  if (arguments.command == "train") return train(session);
  if (arguments.command == "cv") return cross_validate(session);
  if (arguments.command == "sweep") return sweep(session);
  if (arguments.command == "rerun") return rerun(session);
  let_stop_signals_go();  // the others keep nothing that they could go on with
  if (arguments.command == "verify") return verify(session);
  if (arguments.command == "bisect") return bisect(session);
  if (arguments.command == "evaluate") return evaluate(session);
  if (arguments.command == "predict") return predict(session);
  if (arguments.command == "inspect") return inspect(session);
  if (arguments.command == "generate") return generate_data(session);
  if (arguments.command == "check") return check(session);
  if (arguments.command == "convert") return convert_data(session);
  if (arguments.command == "describe") return describe(session);
  if (arguments.command == "decompose") return decompose(session);
  throw UsageError("no command; `lockstep --help` lists them");
}

/// Prints whole lines on standard error, behind what standard output has so far.
void print_last(const std::string& lines) {
  std::fflush(stdout);
  std::fputs((lines + "\n").c_str(), stderr);
}

void print_error(const std::string& message) { print_last("lockstep: error: " + message); }

/// Of this process, for its handler of signals.
volatile std::sig_atomic_t rank_of_process = 0;

/// Ranks that lose a page together speak one after the other, and end the run before the next does.
void wait_for_lower_ranks() {
  constexpr int kMostRanks = 9;
  constexpr long kNanoseconds = 100'000'000;
  const int rank = rank_of_process;
  const timespec turn{0, kNanoseconds * std::min(rank, kMostRanks)};
  ::nanosleep(&turn, nullptr);
}

/// Appends a text to a line of a handler of signals, which cannot allocate.
void append(std::span<char> line, std::size_t& size, const char* text) {
  for (; *text != '\0' && size < line.size(); ++text) line[size++] = *text;
}

/// A page of a mapped file that cannot be read is a signal, where a call would fail.
void tell_of_lost_page(int /*signal*/, siginfo_t* info, void* /*context*/) {
  const char* path = MappedFile::path_at(info->si_addr);
  if (path == nullptr) {
    std::signal(SIGBUS, SIG_DFL);  // and the access is repeated
    return;
  }
  static std::atomic_flag is_told = ATOMIC_FLAG_INIT;
  while (is_told.test_and_set()) ::pause();  // another thread has lost one, and ends the process
  wait_for_lower_ranks();
  static std::array<char, PATH_MAX + 128> line;
  std::size_t size = 0;
  for (const char* text : {"lockstep: error: ", path,
                           ": cannot be read any more: it became shorter, or its disk fails\n"}) {
    append(line, size, text);
  }
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), size);
  ::_exit(static_cast<int>(ExitCode::io));
}

void expect_lost_pages() {
  struct sigaction action {};
  action.sa_sigaction = tell_of_lost_page;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  // A file that grows beyond `ulimit -f` is an error of its write, as on a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  expect_lost_pages();
  hold_stop_signals();
  try {
    comm::Environment environment;
    comm::Communicator team(environment.transport());
    rank_of_process = team.rank();
    // What can fail on one rank alone runs under guard(), so an Error that arrives here has
    // arrived on all ranks, except that of a lost peer.
    const auto fail_alone = [&](const std::string& message, ExitCode code) {
      print_error(message);
      if (team.size() > 1) environment.transport().abort(static_cast<int>(code));
      return static_cast<int>(code);
    };
    const auto fail_together = [&](const Error& error, void (*print)(const std::string&)) {
      if (team.rank() == 0) print(error.what());
      environment.finalize();
      return static_cast<int>(error.exit_code());
    };
    try {
      run_command(environment, team, arguments);
      const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
      if (!written) print_error("standard output: cannot write");
      environment.finalize();
      return static_cast<int>(written ? ExitCode::ok : ExitCode::io);
    } catch (const MpiError& e) {
      return fail_alone(e.what(), e.exit_code());
    } catch (const PlacedConfigError& e) {
      return fail_together(e, print_last);
    } catch (const Interrupted& e) {
      return fail_together(e, print_last);
    } catch (const Error& e) {
      return fail_together(e, print_error);
    } catch (const std::bad_alloc&) {
      return fail_alone("out of memory", ExitCode::system);
    } catch (const std::exception& e) {
      return fail_alone(fmt::format("internal error: {}", e.what()), ExitCode::internal);
    }
  } catch (const std::exception& e) {
    print_error(e.what());
    return static_cast<int>(ExitCode::system);
  }
}

}  // namespace lockstep::trainer
