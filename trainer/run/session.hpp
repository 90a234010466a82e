#pragma once

#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/environment.hpp"
#include "core/base/clock.hpp"
#include "core/base/options.hpp"
#include "trainer/cli/arguments.hpp"

namespace lockstep::trainer {

/// What a user should know of data that was read.
struct DataWarning {
  std::string place;  ///< of all of it, or of the first example
  std::string text;
};

/// What every command has in hand: the ranks, the command line, and the resolved settings, the same
/// on all ranks but for the transport.
struct Session {
  comm::Environment& environment;
  comm::Communicator& team;
  Arguments arguments;
  Settings settings;
  int threads = 1;  ///< of this rank
  double started_at = seconds_now();
  bool is_quiet = false;         ///< say() says nothing: somebody else tells of this training
  bool reports_bad_rows = true;  ///< whoever reads data tells of rows that were left out
  /// Whoever reads data tells of columns with categories that the training rows do not have, or
  /// that mix numbers and text.
  bool reports_columns = true;
  /// Takes the other warnings about data that is read; they are said where it is null.
  std::vector<DataWarning>* data_warnings = nullptr;
  /// Of each data set that was read, what this rank has put into data.quarantine.
  std::vector<std::string> quarantined{};

  bool is_root() const { return team.rank() == 0; }
};

/// Makes sure that all ranks run the same program with the same arguments, before they are parsed:
/// what one rank alone refuses would leave the others waiting. Throws UsageError. *Collective*.
void check_same_program(Team& team, const std::vector<std::string>& command_line);

/// Reads the configuration on rank 0 and resolves it on all. Throws alike on all ranks.
/// *Collective*.
Session open_session(comm::Environment& environment, comm::Communicator& team,
                     const Arguments& arguments);

/// Text on standard output, from rank 0 alone. That it cannot be written is found when the program
/// ends, which says so: other ranks need not know.
void print_result(const Session& session, const std::string& text);

/// A line on standard error, from rank 0 alone.
void say(const Session& session, const std::string& line);

}  // namespace lockstep::trainer
