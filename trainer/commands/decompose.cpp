#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/clustering/kmeans.hpp"
#include "core/data/matrix_writer.hpp"
#include "core/linalg/column_scales.hpp"
#include "core/linalg/distributed_svd.hpp"
#include "core/linalg/pca.hpp"
#include "core/linalg/randomized_svd.hpp"
#include "core/linalg/svd.hpp"
#include "core/linalg/tsqr.hpp"
#include "core/statistics/central_moments.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/factor_files.hpp"
#include "trainer/run/ratings.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr Index kDefaultRatingsRank = 2;

/// The matrix of the numbers, and what became of the other cells.
struct Input {
  DistributedMatrix X;
  std::vector<std::string> columns;
  std::vector<std::string> left_out;                     ///< columns of categories
  std::vector<std::pair<std::string, Index>> imputed{};  ///< columns, and their missing cells
};

/// Puts the mean of a column where its cells are missing. *Collective*.
void impute_means(Team& team, Input& input, int threads) {
  const RowBlocks blocks(input.X.total_rows);
  input.X = in_blocks(team, std::move(input.X), blocks);
  const std::vector<CentralMoments> moments = central_moments(team, input.X, threads);
  for (std::size_t j = 0; j < moments.size(); ++j) {
    const Index missing = input.X.total_rows - moments[j].count;
    if (missing == 0) continue;
    if (moments[j].count == 0) {
      throw DataError(fmt::format("column {}: all cells are missing; leave it out (data.ignore)",
                                  lockstep::quoted(input.columns[j])));
    }
    input.imputed.emplace_back(input.columns[j], missing);
    const double mean = moments[j].mean();
    for (Index i = input.X.rows.begin; i < input.X.rows.end; ++i) {
      double& cell = input.X.row(i)[j];
      if (std::isnan(cell)) cell = mean;
    }
  }
}

Input load_input(Session& session) {
  Columns columns = load_columns(session, false);
  Input input;
  std::vector<Index> numbers;
  for (std::size_t j = 0; j < columns.types.size(); ++j) {
    if (columns.types[j].kind == ColumnKind::number) {
      numbers.push_back(static_cast<Index>(j));
    } else {
      input.left_out.push_back(columns.names[j]);
    }
  }
  if (numbers.empty()) throw DataError("no column of numbers to decompose");
  if (!input.left_out.empty()) columns = selected(session.team, columns, numbers);
  input.X = std::move(columns.values);
  input.columns = std::move(columns.names);
  impute_means(session.team, input, session.threads);
  if (!input.left_out.empty()) {
    say(session, fmt::format("warning: columns of categories are left out: {}",
                             lockstep::quoted(fmt::format("{}", fmt::join(input.left_out, ", ")))));
  }
  for (const auto& [column, missing] : input.imputed) {
    say(session, fmt::format("warning: column {}: its mean stands for {} missing cells",
                             lockstep::quoted(column), missing));
  }
  return input;
}

Json numbers_json(const Vector& numbers) {
  return std::vector<double>(numbers.begin(), numbers.end());
}

/// Carries out one method: computes, then opens the files, writes the factors and fills the
/// summary.
class Decomposition {
 public:
  Decomposition(Session& session, Input input, FactorFiles& files)
      : session_(session), team_(session.team), input_(std::move(input)), files_(files) {}

  Json run(Index components) {
    const std::string& method = session_.arguments.method;
    try {
      if (method == "pca") principal_components(components);
      if (method == "eigen") eigenvectors(components);
      if (method == "svd") singular_vectors(components);
      if (method == "qr") orthogonal_factors();
      if (method == "kmeans") clusters(components);
    } catch (const ColumnError& error) {
      const std::string& name = input_.columns[static_cast<std::size_t>(error.column())];
      throw DataError(fmt::format("column {}: {}", lockstep::quoted(name), error.problem()));
    }
    return std::move(summary_);
  }

 private:
  /// The matrix, its rows moved to the ranks of their blocks. *Collective*.
  const DistributedMatrix& in(const RowBlocks& blocks) {
    input_.X = in_blocks(team_, std::move(input_.X), blocks);
    return input_.X;
  }

  RandomizedSvdOptions random_options() const {
    RandomizedSvdOptions options;
    options.seed = static_cast<std::uint64_t>(session_.settings.integer("train.seed"));
    return options;
  }

  bool is_randomized() const { return session_.arguments.solver == "randomized"; }

  Pca fit(Index components, PcaMethod method) {
    PcaOptions options;
    options.components = components;
    options.method = method;
    options.randomized = random_options();
    const RowBlocks blocks = pca_blocks(input_.X.total_rows, input_.X.columns, options);
    return fit_pca(team_, in(blocks), options, session_.threads);
  }

  void add_variances(const Vector& singular_values, const Vector& variance, const Vector& ratio) {
    summary_["singular_values"] = numbers_json(singular_values);
    summary_["explained_variance"] = numbers_json(variance);
    summary_["explained_variance_ratio"] = numbers_json(ratio);
    const bool vanish = ((variance.array() == 0) && (singular_values.array() > 0)).any();
    if (!variance.allFinite()) warn_of_size("explained_variance", "largest");
    if (vanish) warn_of_size("explained_variance", "smallest");
  }

  void warn_of_size(const std::string& what, const std::string& limit) const {
    say(session_, fmt::format("warning: summary.json: {} is beyond the {} double", what, limit));
  }

  /// X = mean + scores·components, centred.
  void principal_components(Index k) {
    const Pca pca = fit(k, is_randomized() ? PcaMethod::randomized : PcaMethod::svd);
    add_variances(pca.singular_values, pca.explained_variance, pca.explained_variance_ratio);
    const DistributedMatrix scores = project(pca, input_.X, session_.threads);
    MatrixWriter& writer = files_.open();
    writer.write_vector("mean", pca.mean, "mean");
    writer.write_vector("singular_values", pca.singular_values, "singular_value");
    writer.write("components", pca.components.transpose(), input_.columns);
    writer.write("scores", scores, numbered("pc", k));
  }

  /// Σ = P·Λ·Pᵀ of the covariance matrix.
  void eigenvectors(Index k) {
    const Pca pca = fit(k, PcaMethod::covariance);
    if (!pca.explained_variance.allFinite()) {
      throw DataError(
          "eigen: an eigenvalue of the covariance matrix is beyond the largest double; "
          "--method=pca gives singular values instead");
    }
    add_variances(pca.singular_values, pca.explained_variance, pca.explained_variance_ratio);
    MatrixWriter& writer = files_.open();
    writer.write_vector("eigenvalues", pca.explained_variance, "eigenvalue");
    writer.write("eigenvectors", pca.components, numbered("v", k));
  }

  /// What singular values of X, which is not centred, say: mean squares, and shares of ‖X‖².
  void add_mean_squares(const Vector& singular_values) {
    const DistributedMatrix& X = in(RowBlocks(input_.X.total_rows));
    const std::vector<CentralMoments> moments = central_moments(team_, X, session_.threads);
    double largest = 0;
    for (const CentralMoments& column : moments) {
      largest = std::max({largest, std::fabs(column.min), std::fabs(column.max)});
    }
    const double scale = common_scale(largest);
    double squares = 0;
    for (const CentralMoments& column : moments) {
      const double ratio = column.unit() * scale;
      const double mean = column.center.value;
      squares += (column.m2 + static_cast<double>(column.count) * mean * mean) * ratio * ratio;
    }
    const Vector squared = (singular_values * scale).array().square();
    const auto rows = static_cast<double>(input_.X.total_rows);
    add_variances(singular_values, singular_values.array().square() / rows, squared / squares);
  }

  void singular_vectors(Index k) {
    const DistributedSvd svd =
        is_randomized()
            ? randomized_svd(
                  team_,
                  in(sketch_blocks(input_.X.total_rows, input_.X.columns, k, random_options())), k,
                  random_options(), session_.threads)
            : lockstep::svd(team_, in(tsqr_blocks(input_.X.total_rows, input_.X.columns)), k,
                            session_.threads);
    add_mean_squares(svd.singular_values);
    MatrixWriter& writer = files_.open();
    writer.write("U", svd.U, numbered("u", k));
    writer.write_vector("singular_values", svd.singular_values, "singular_value");
    writer.write("Vt", svd.V.transpose(), input_.columns);
  }

  void orthogonal_factors() {
    const ThinQr qr =
        thin_qr(team_, in(tsqr_blocks(input_.X.total_rows, input_.X.columns)), session_.threads);
    summary_["rank"] = qr.rank;
    add_mean_squares(lockstep::singular_values(qr.R));
    MatrixWriter& writer = files_.open();
    writer.write("Q", qr.Q, numbered("q", qr.Q.columns));
    writer.write("R", qr.R, input_.columns);
  }

  void clusters(Index k) {
    KMeansOptions options;
    options.clusters = k;
    options.seed = random_options().seed;
    const KMeans found =
        kmeans(team_, in(kmeans_blocks(input_.X.total_rows, k)), options, session_.threads);
    if (!found.converged) {
      say(session_, fmt::format("warning: rows still changed their cluster after {} iterations",
                                found.iterations));
    }
    MatrixWriter& writer = files_.open();
    writer.write("centers", found.centers, input_.columns);
    writer.write("labels", std::vector<std::int64_t>(found.labels.begin(), found.labels.end()),
                 "label");
    summary_["sizes"] = found.sizes;
    summary_["inertia"] = found.inertia;
    if (std::isinf(found.inertia)) warn_of_size("inertia", "largest");
    summary_["iterations"] = found.iterations;
    summary_["converged"] = found.converged;
  }

  Session& session_;
  Team& team_;
  Input input_;
  FactorFiles& files_;
  Json summary_;
};

/// Refuses options that the method takes no notice of.
void check_options(const Session& session) {
  const Arguments& arguments = session.arguments;
  const std::string& method = arguments.method;
  if (method == "qr" && arguments.components > 0) {
    throw UsageError("decompose: --components has no effect on --method=qr; remove it");
  }
  if (method != "ratings" && session.settings.origin("data.test") == Origin::command_line) {
    throw UsageError(
        fmt::format("decompose: --data.test applies to --method=ratings only, not to {}", method));
  }
  if (method == "kmeans" && arguments.components == 0) {
    throw UsageError("decompose: --method=kmeans needs --components=K, the number of clusters");
  }
  if (arguments.solver == "randomized" && method != "pca" && method != "svd") {
    throw UsageError(fmt::format(
        "decompose: --solver=randomized applies to --method=pca or svd only, not to {}", method));
  }
}

/// What --components asks for, or the default.
/// @param matrix  "40 rows of 3 columns"
Index checked_components(const Arguments& arguments, Index standard, Index most,
                         const std::string& matrix) {
  if (arguments.components == 0) return standard;
  if (arguments.components <= most) return arguments.components;
  throw UsageError(fmt::format("decompose: --components={}: at most {} for {}",
                               arguments.components, most, matrix));
}

/// Decomposes ratings, and writes the factors. *Collective*.
Json run_ratings(Session& session, FactorFiles& files) {
  const RatingsData ratings = load_ratings(session);
  const Index most = std::min(ratings.users(), ratings.items());
  const Index rank =
      checked_components(session.arguments, std::min(kDefaultRatingsRank, most), most,
                         fmt::format("{} users and {} items", ratings.users(), ratings.items()));
  Json summary{{"components", rank}};
  summary.update(decompose_ratings(session, ratings, rank, files));
  return summary;
}

/// The same for the matrix of the features. *Collective*.
Json run_matrix(Session& session, FactorFiles& files) {
  const std::string& method = session.arguments.method;
  Input input = load_input(session);
  const bool clusters = method == "kmeans";
  const Index rows = input.X.total_rows;
  if ((method == "pca" || method == "eigen") && rows < 2) {
    throw DataError(
        fmt::format("{}: variances need at least two rows, and the data has one", method));
  }
  const Index most = clusters ? rows : std::min(rows, input.X.columns);
  const Index count = checked_components(
      session.arguments, most, most, fmt::format("{} rows of {} columns", rows, input.X.columns));
  Json summary;
  if (method == "pca" || method == "svd") summary["solver"] = session.arguments.solver;
  summary["rows"] = rows;
  summary["columns"] = input.columns;
  summary["left_out"] = input.left_out;
  summary["imputed"] = Json::object();
  for (const auto& [column, missing] : input.imputed) summary["imputed"][column] = missing;
  if (method != "qr") summary[clusters ? "clusters" : "components"] = count;
  summary.update(Decomposition(session, std::move(input), files).run(count));
  return summary;
}

}  // namespace

void decompose(Session& session) {
  check_options(session);
  FactorFiles files(session);
  Json summary{{"method", session.arguments.method}};
  summary.update(session.arguments.method == "ratings" ? run_ratings(session, files)
                                                       : run_matrix(session, files));
  files.finish(summary);
  say(session, "factors and " + files.summary_path());
}

}  // namespace lockstep::trainer
