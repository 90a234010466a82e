// Reads a data file as often as is asked for, for ingest.py.
//
//   ingest_bench FILE RUNS
//
// Under mpirun the ranks share the file. Rank 0 prints one JSON object: the seconds of each run,
// from when all ranks are ready until all have finished, the numbers of rows and features, and the
// sum of all values, by which both sides can be seen to have read the same.

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/environment.hpp"
#include "core/base/error.hpp"
#include "core/data/csv_reader.hpp"

namespace lockstep {
namespace {

void run(Team& team, const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) throw UsageError("ingest_bench FILE RUNS");
  const std::vector<InputFile> files = find_input_files(team, {"FILE", {arguments[0]}, ""});
  CsvOptions options;
  options.target_kind = TargetKind::none;
  std::vector<double> seconds;
  Table table;
  for (Index i = std::stol(arguments[1]); i > 0; --i) {
    table = {};
    team.barrier();
    const auto start = std::chrono::steady_clock::now();
    table = read_csv(team, files, options).table;
    team.barrier();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  double mine = 0;
  for (const double value : std::get<Table::NumberValues>(table.values)) mine += value;
  double sum = 0;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    double part = 0;
    std::memcpy(&part, bytes.data(), sizeof(part));
    sum += part;
  }
  if (team.rank() != 0) return;
  fmt::print("{}\n", nlohmann::json{{"seconds", seconds},
                                    {"rows", table.total_rows},
                                    {"features", table.features},
                                    {"sum", sum}}
                         .dump());
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) {
  lockstep::comm::Environment environment;
  lockstep::comm::Communicator team(environment.transport());
  try {
    lockstep::run(team, {argv + 1, argv + argc});
    environment.finalize();
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "ingest_bench: {}\n", e.what());
    if (team.size() > 1) environment.transport().abort(1);
    return 1;
  }
}
