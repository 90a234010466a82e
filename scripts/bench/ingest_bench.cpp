// Reads a data file as often as is asked for, for ingest.py.
//
//   ingest_bench FORMAT FILE RUNS
//
// The format is csv, libsvm, or lsd: then FILE is a .npy file, and what is read is FILE.lsd, which
// is made of it first where it is not there. Under mpirun the ranks share the file. Rank 0 prints
// one JSON object: the seconds of each run, from when all ranks are ready until all have finished,
// the numbers of rows and features, and the sum of all values, by which both sides can be seen to
// have read the same.

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/csv_reader.hpp"
#include "core/data/libsvm_reader.hpp"
#include "core/data/lsd_conversion.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/lsd_reader.hpp"
#include "core/data/lsd_writer.hpp"
#include "scripts/bench/bench_main.hpp"

namespace lockstep {
namespace {

/// As the libraries that it is compared with do: all columns of CSV are features, and the labels of
/// LIBSVM numbers.
Table read(Team& team, const std::string& format, const std::vector<InputFile>& files) {
  if (format == "libsvm") {
    LibsvmOptions options;
    options.target_kind = TargetKind::number;
    return read_libsvm(team, files, options).table;
  }
  CsvOptions options;
  options.target_kind = TargetKind::none;
  if (format == "lsd") {
    return read_lsd(team, open_lsd(team, files.front()), {options, std::nullopt}).table;
  }
  return read_csv(team, files, options).table;
}

/// The .lsd file that is made of a .npy file. *Collective*.
std::vector<InputFile> converted(Team& team, const std::vector<InputFile>& files) {
  const std::string path = files.front().path + ".lsd";
  if (sum_over(team, std::filesystem::exists(path) ? 1 : 0) < team.size()) {
    const NpyOptions options = npy_options_for_lsd({}, false);
    std::vector<LsdSource> sources = lsd_sources(path, files);
    NpyTable npy = read_npy(team, files, {}, options);
    LsdHeader header = lsd_header_of(npy, options, std::move(sources));
    write_lsd(team, std::move(header), std::move(npy.table), path);
  }
  return find_input_files(team, {"FILE", {path}, ""});
}

double sum_of(const Table& table) {
  const SparseValues* sparse = table.sparse();
  const std::span<const double> values =
      sparse != nullptr ? std::span<const double>(sparse->numbers)
                        : std::span<const double>(std::get<Table::NumberValues>(table.values));
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void run(Team& team, const std::vector<std::string>& arguments) {
  if (arguments.size() != 3) throw UsageError("ingest_bench FORMAT FILE RUNS");
  std::vector<InputFile> files = find_input_files(team, {"FILE", {arguments[1]}, ""});
  if (arguments[0] == "lsd") files = converted(team, files);
  Table table;
  const std::vector<double> seconds = seconds_of_runs(team, std::stol(arguments[2]), [&] {
    table = {};
    table = read(team, arguments[0], files);
  });
  const double mine = sum_of(table);
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
