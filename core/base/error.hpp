#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lockstep {

/// What the program returns to the shell. The numbers follow BSD's sysexits.h where it has one.
enum class ExitCode : int {
  ok = 0,
  internal = 1,
  usage = 2,
  diverged = 3,
  bad_data = 65,
  missing_input = 66,
  system = 71,
  cannot_create = 73,
  io = 74,
  interrupted = 75,
  configuration = 78,
};

/// An error that a user can mend. The message is one or more whole lines without a trailing
/// newline; it says where, what was expected, what was found and what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode exit_code() const { return code_; }

 private:
  ExitCode code_;
};

/// The command line is wrong: 2.
struct UsageError : Error {
  explicit UsageError(const std::string& m) : Error(ExitCode::usage, m) {}
};
/// A configuration file or option value is wrong: 78.
struct ConfigError : Error {
  explicit ConfigError(const std::string& m) : Error(ExitCode::configuration, m) {}
};
/// Configuration errors with their places, a line each, which is printed as it is:
/// "a.ini:2: error: unknown key 'x'". Other messages get "lockstep: error: " in front of them.
struct PlacedConfigError : ConfigError {
  using ConfigError::ConfigError;
};
/// Input data or a model file has wrong content: 65.
struct DataError : Error {
  explicit DataError(const std::string& m) : Error(ExitCode::bad_data, m) {}
};
/// A column of a matrix has wrong content: 65. "column 2, counted from 0: PROBLEM"; who knows the
/// columns by name can say that instead of the number.
class ColumnError : public DataError {
 public:
  ColumnError(std::int64_t column, const std::string& problem);
  std::int64_t column() const { return column_; }
  const std::string& problem() const { return problem_; }

 private:
  std::int64_t column_;
  std::string problem_;
};
/// An input file is missing or cannot be opened: 66.
struct MissingInputError : Error {
  explicit MissingInputError(const std::string& m) : Error(ExitCode::missing_input, m) {}
};
/// Training diverged (NaN or Inf): 3.
struct NumericalError : Error {
  explicit NumericalError(const std::string& m) : Error(ExitCode::diverged, m) {}
};
/// MPI or the operating system failed: 71.
struct MpiError : Error {
  explicit MpiError(const std::string& m) : Error(ExitCode::system, m) {}
};
/// An output cannot be created: 73.
struct OutputError : Error {
  explicit OutputError(const std::string& m) : Error(ExitCode::cannot_create, m) {}
};
/// Reading or writing failed midway: 74.
struct IoError : Error {
  explicit IoError(const std::string& m) : Error(ExitCode::io, m) {}
};
/// Not wrong: work was stopped on request, and can be taken up again: 75. The message is printed
/// as it is.
struct Interrupted : Error {
  explicit Interrupted(const std::string& m) : Error(ExitCode::interrupted, m) {}
};
/// One rank's failure, thrown alike on all ranks; carries the exit code of the original.
class CollectiveError : public Error {
 public:
  /// @param rank  ends the message: " (rank 1 on n7)", or nothing
  CollectiveError(ExitCode code, const std::string& problem, const std::string& rank = "")
      : Error(code, problem + rank), problem_(problem) {}
  /// The message without the rank, which another number of ranks would not have.
  const std::string& problem() const { return problem_; }

 private:
  std::string problem_;
};

/// The first 40 characters of `text` for a message: quoted, control bytes and invalid UTF-8 as
/// \xNN, an ellipsis where it was cut.
std::string quoted(std::string_view text);

/// The known name nearest to `name` by edit distance, or "" when none is near.
template <class Names>
std::string nearest_name(std::string_view name, const Names& known);

/// Levenshtein distance with adjacent transpositions, in bytes. Distances from `limit` on may be
/// given as any number from there on.
int edit_distance(std::string_view a, std::string_view b,
                  int limit = std::numeric_limits<int>::max());

template <class Names>
std::string nearest_name(std::string_view name, const Names& known) {
  std::string best;
  int best_distance = static_cast<int>(name.size()) / 3 + 2;
  for (const auto& candidate : known) {
    const int distance = edit_distance(name, candidate, best_distance);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace lockstep
