#include "trainer/program.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <new>

#include "core/base/error.hpp"
#include "trainer/cli/help.hpp"
#include "trainer/commands/commands.hpp"

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
  if (arguments.command == "evaluate") return evaluate(session);
  if (arguments.command == "predict") return predict(session);
  if (arguments.command == "inspect") return inspect(session);
  if (arguments.command == "generate") return generate_data(session);
  if (arguments.command == "describe") return describe(session);
  if (arguments.command == "decompose") return decompose(session);
  throw UsageError("no command; `lockstep --help` lists them");
}

/// "error: …" in front of a message, unless it says so itself, as configuration errors do.
std::string error_text(const std::string& message) {
  return message.find("error: ") != std::string::npos ? message + "\n"
                                                      : "lockstep: error: " + message + "\n";
}

void print_error(const std::string& message) {
  std::fflush(stdout);
  std::fputs(error_text(message).c_str(), stderr);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  try {
    comm::Environment environment;
    comm::Communicator team(environment.transport());
    // What can fail on one rank alone runs under guard(), so an Error that arrives here has
    // arrived on all ranks, except that of a lost peer.
    const auto fail_alone = [&](const std::string& message, ExitCode code) {
      print_error(message);
      if (team.size() > 1) environment.transport().abort(static_cast<int>(code));
      return static_cast<int>(code);
    };
    try {
      run_command(environment, team, arguments);
      const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
      if (!written) print_error("standard output: cannot write");
      environment.finalize();
      return static_cast<int>(written ? ExitCode::ok : ExitCode::io);
    } catch (const MpiError& e) {
      return fail_alone(e.what(), e.exit_code());
    } catch (const Error& e) {
      if (team.rank() == 0) print_error(e.what());
      environment.finalize();
      return static_cast<int>(e.exit_code());
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
