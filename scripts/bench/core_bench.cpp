// Times functions of core on matrices from a file, for core_vs_numpy.py.
//
//   core_bench TASK FILE ROWS COLUMNS RUNS
//
// FILE has ROWS × COLUMNS doubles, row by row, of this machine's byte order. Under mpirun each rank
// reads its share. Rank 0 prints one JSON object: the seconds of each run, from when all ranks are
// ready until all have finished, and a value by which both sides can be seen to compute the same.

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/linalg/distributed_svd.hpp"
#include "core/linalg/pca.hpp"
#include "core/linalg/tsqr.hpp"
#include "core/metrics/distances.hpp"
#include "core/metrics/ranking.hpp"
#include "core/statistics/covariance.hpp"
#include "scripts/bench/bench_main.hpp"

namespace lockstep {
namespace {

constexpr Index kComponents = 10;

/// This rank's rows, in the blocks of a computation.
DistributedMatrix read_rows(const Team& team, const std::string& path, Index rows, Index columns,
                            const RowBlocks& blocks) {
  const std::vector<Index> boundaries = blocks.row_boundaries(team.size());
  const auto rank = static_cast<std::size_t>(team.rank());
  DistributedMatrix X;
  X.rows = {boundaries[rank], boundaries[rank + 1]};
  X.total_rows = rows;
  X.columns = columns;
  X.values.resize(static_cast<std::size_t>(X.rows.size() * columns));
  constexpr auto kSize = static_cast<std::streamsize>(sizeof(double));
  std::ifstream file(path, std::ios::binary);
  file.seekg(X.rows.begin * columns * kSize);
  file.read(reinterpret_cast<char*>(X.values.data()),
            static_cast<std::streamsize>(X.values.size()) * kSize);
  if (!file) throw IoError(fmt::format("{}: cannot read {} × {} doubles", path, rows, columns));
  return X;
}

/// What is timed: returns the value that is compared.
using Work = std::function<double()>;

struct Job {
  Team& team;
  std::string path;
  Index rows;
  Index columns;
  int threads;

  DistributedMatrix read(const RowBlocks& blocks) const {
    return read_rows(team, path, rows, columns, blocks);
  }
};

Work covariance_work(const Job& job) {
  return [&job, X = job.read(co_moment_blocks(job.rows, job.columns))] {
    return covariance(co_moments(job.team, X, job.threads), Normalization::sample).trace();
  };
}

Work qr_work(const Job& job) {
  return [&job, X = job.read(tsqr_blocks(job.rows, job.columns))] {
    return tsqr(job.team, X, job.threads)(0, 0);
  };
}

Work singular_values_work(const Job& job) {
  return [&job, X = job.read(tsqr_blocks(job.rows, job.columns))] {
    return singular_values(job.team, X, job.threads)[0];
  };
}

Work svd_work(const Job& job) {
  return [&job, X = job.read(tsqr_blocks(job.rows, job.columns))] {
    return svd(job.team, X, std::min(job.rows, job.columns), job.threads).singular_values[0];
  };
}

Work pca_work(const Job& job, PcaMethod method) {
  PcaOptions options;
  options.components = kComponents;
  options.method = method;
  return [&job, options, X = job.read(pca_blocks(job.rows, job.columns, options))] {
    return fit_pca(job.team, X, options, job.threads).explained_variance[0];
  };
}

/// Columns: score and label.
Work auc_work(const Job& job) {
  const DistributedMatrix X = job.read(RowBlocks(job.rows));
  std::vector<double> scores;
  std::vector<double> labels;
  for (Index i = X.rows.begin; i < X.rows.end; ++i) {
    scores.push_back(X.row(i)[0]);
    labels.push_back(X.row(i)[1]);
  }
  return [&job, scores, labels] {
    return auc(job.team, rank_scores(job.team, scores, labels, job.threads));
  };
}

using Distances = RowMajorMatrix (*)(const PointsRef&, const PointsRef&, int);

/// The points of the first half of the rows to those of the second; on one rank.
Work distances_work(const Job& job, Distances distances) {
  if (job.team.size() > 1) throw UsageError("distances are computed by one rank");
  const DistributedMatrix X = job.read(RowBlocks(job.rows));
  const Index half = job.rows / 2;
  const RowMajorMatrix points =
      Eigen::Map<const RowMajorMatrix>(X.values.data(), job.rows, job.columns);
  return [&job, distances, from = RowMajorMatrix(points.topRows(half)),
          to = RowMajorMatrix(points.bottomRows(half))] {
    return distances(from, to, job.threads)(0, 0);
  };
}

Work make_work(const std::string& task, const Job& job) {
  const std::map<std::string, std::function<Work()>> tasks{
      {"covariance", [&] { return covariance_work(job); }},
      {"qr", [&] { return qr_work(job); }},
      {"singular_values", [&] { return singular_values_work(job); }},
      {"svd", [&] { return svd_work(job); }},
      {"pca", [&] { return pca_work(job, PcaMethod::svd); }},
      {"pca_randomized", [&] { return pca_work(job, PcaMethod::randomized); }},
      {"auc", [&] { return auc_work(job); }},
      {"euclidean", [&] { return distances_work(job, euclidean_distances); }},
      {"manhattan", [&] { return distances_work(job, manhattan_distances); }},
  };
  const auto found = tasks.find(task);
  if (found == tasks.end()) throw UsageError("unknown task " + lockstep::quoted(task));
  return found->second();
}

void run(Team& team, const std::vector<std::string>& arguments) {
  if (arguments.size() != 5) throw UsageError("core_bench TASK FILE ROWS COLUMNS RUNS");
  const char* threads = std::getenv("OMP_NUM_THREADS");
  const Job job{team, arguments[1], std::stol(arguments[2]), std::stol(arguments[3]),
                threads == nullptr ? 1 : std::stoi(threads)};
  const Work work = make_work(arguments[0], job);
  double value = 0;
  const std::vector<double> seconds =
      seconds_of_runs(team, std::stol(arguments[4]), [&] { value = work(); });
  if (team.rank() != 0) return;
  fmt::print("{}\n", nlohmann::json{{"seconds", seconds}, {"value", value}}.dump());
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) {
  return lockstep::bench_main("core_bench", argc, argv, lockstep::run);
}
