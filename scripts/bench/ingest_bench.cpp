// Reads a data file as often as is asked for, for ingest.py.
//
//   ingest_bench FILE RUNS
//
// Under mpirun the ranks share the file. Rank 0 prints one JSON object: the seconds of each run,
// from when all ranks are ready until all have finished, the numbers of rows and features, and the
// sum of all values, by which both sides can be seen to have read the same.

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/csv_reader.hpp"
#include "scripts/bench/bench_main.hpp"

namespace lockstep {
namespace {

void run(Team& team, const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) throw UsageError("ingest_bench FILE RUNS");
  const std::vector<InputFile> files = find_input_files(team, {"FILE", {arguments[0]}, ""});
  CsvOptions options;
  options.target_kind = TargetKind::none;
  Table table;
  const std::vector<double> seconds = seconds_of_runs(team, std::stol(arguments[1]), [&] {
    table = {};
    table = read_csv(team, files, options).table;
  });
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
  return lockstep::bench_main("ingest_bench", argc, argv, lockstep::run);
}
