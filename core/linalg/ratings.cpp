#include "core/linalg/ratings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "core/base/error.hpp"
#include "core/linalg/column_scales.hpp"
#include "core/linalg/distributed_products.hpp"
#include "core/linalg/known_ratings.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

void check_options(const RatingsOptions& options) {
  const Index most = std::min(options.users, options.items);
  if (most < 1) {
    throw DataError(fmt::format("ratings: expected users and items, found {} and {}", options.users,
                                options.items));
  }
  if (options.rank < 1 || options.rank > most) {
    throw DataError(
        fmt::format("ratings: the rank must be from 1 to {}, but is {}", most, options.rank));
  }
  if (options.max_iterations < 1 || !(options.shrinkage >= 0) || !(options.tolerance >= 0)) {
    throw DataError(fmt::format(
        "ratings: iterations must be at least 1, and shrinkage and tolerance at least 0, but are "
        "{}, {} and {}",
        options.max_iterations, options.shrinkage, options.tolerance));
  }
}

/// Finds mean and biases, and leaves in `known` what they do not explain.
void take_off_biases(KnownRatings& known, RatingsModel& model, Index items, int threads) {
  const std::vector<double> all = known.sum(
      2,
      [&](Index user, double* sums) {
        for (const Rating& rating : std::as_const(known).of(user)) {
          sums[0] += rating.value;
          sums[1] += 1;
        }
      },
      threads);
  if (all[1] == 0) throw DataError("ratings: expected at least one rating, found none");
  model.mean = all[0] / all[1];
  const std::vector<double> by_item = known.sum(
      2 * items,
      [&](Index user, double* sums) {
        for (const Rating& rating : std::as_const(known).of(user)) {
          sums[2 * rating.item] += rating.value - model.mean;
          sums[2 * rating.item + 1] += 1;
        }
      },
      threads);
  model.item_bias = Vector::Zero(items);
  for (Index i = 0; i < items; ++i) {
    const double count = by_item[static_cast<std::size_t>(2 * i + 1)];
    if (count > 0) model.item_bias[i] = by_item[static_cast<std::size_t>(2 * i)] / count;
  }
  const Range users = known.users();
  model.user_bias = Vector::Zero(users.size());
  for (Index user = users.begin; user < users.end; ++user) {
    double sum = 0;
    for (Rating& rating : known.of(user)) {
      rating.value -= model.mean + model.item_bias[rating.item];
      sum += rating.value;
    }
    const auto count = static_cast<double>(known.of(user).size());
    const double bias = count > 0 ? sum / count : 0;
    for (Rating& rating : known.of(user)) rating.value -= bias;
    model.user_bias[user - users.begin] = bias;
  }
}

double product_of(const double* factors, const RowMajorMatrix& item_factors, Index item) {
  double sum = 0;
  for (Index f = 0; f < item_factors.cols(); ++f) sum += factors[f] * item_factors(item, f);
  return sum;
}

/// known − Z at the known entries; returns Σ of the squares.
double find_residuals(const KnownRatings& known, const RatingsModel& model,
                      std::vector<double>& residuals, int threads) {
  const RowMajorMatrix V = model.item_factors;
  const Rating* first = known.all().data();
  const auto squares = known.sum(
      1,
      [&](Index user, double* sum) {
        for (const Rating& rating : known.of(user)) {
          const double residual =
              rating.value - product_of(model.user_factors.row(user), V, rating.item);
          residuals[static_cast<std::size_t>(&rating - first)] = residual;
          *sum += residual * residual;
        }
      },
      threads);
  return squares[0];
}

/// Of ratings that were multiplied by `scale`, back in the units of the caller. *Collective*.
void unscale(Team& team, RatingsModel& model, double scale) {
  if (scale == 1) return;
  model.mean /= scale;
  model.user_bias /= scale;
  model.item_bias /= scale;
  model.singular_values /= scale;
  for (double& factor : model.user_factors.values) factor /= scale;
  model.error /= scale;
  guard(team, "checking the model", [&] {
    const bool finite = model.user_bias.allFinite() && model.item_bias.allFinite() &&
                        model.singular_values.allFinite();
    if (!finite) throw DataError("ratings: their differences are beyond the largest double");
  });
}

/// Predictions for this rank's users, and for users that no rank knows.
std::vector<double> answers_to(const std::vector<Rating>& questions, const RatingsModel& model) {
  const DistributedMatrix& F = model.user_factors;
  const RowMajorMatrix V = model.item_factors;
  std::vector<double> answers;
  answers.reserve(questions.size());
  for (const Rating& one : questions) {
    const bool knows_item = one.item >= 0 && one.item < V.rows();
    double value = model.mean;
    if (knows_item) value += model.item_bias[one.item];
    if (F.rows.contains(one.user)) {
      value += model.user_bias[one.user - F.rows.begin];
      if (knows_item) value += product_of(F.row(one.user), V, one.item);
    }
    answers.push_back(value);
  }
  return answers;
}

/// The products of E + F·Vᵀ: E sparse with the residuals, F and V from the model.
MatrixProducts completed(const KnownRatings& known, const RatingsModel& model,
                         const std::vector<double>& residuals, int threads) {
  const Rating* first = known.all().data();
  const auto residual_of = [&residuals, first](const Rating& rating) {
    return residuals[static_cast<std::size_t>(&rating - first)];
  };
  MatrixProducts products{model.user_factors.total_rows, model.item_factors.rows(), {}, {}};
  products.multiply = [&, threads, residual_of](const Matrix& B) {
    DistributedMatrix Y = multiply(model.user_factors, model.item_factors.transpose() * B, threads);
    const RowMajorMatrix rows_of_b = B;
    parallel_for(threads, Y.rows.size(), [&](Index i) {
      double* to = Y.row(Y.rows.begin + i);
      for (const Rating& rating : known.of(Y.rows.begin + i)) {
        const double residual = residual_of(rating);
        const double* from = rows_of_b.row(rating.item).data();
        for (Index c = 0; c < Y.columns; ++c) to[c] += residual * from[c];
      }
    });
    return Y;
  };
  products.transposed_multiply = [&, threads, residual_of](const DistributedMatrix& Y) -> Matrix {
    const Index items = model.item_factors.rows();
    const Index k = model.item_factors.cols();
    const Index width = Y.columns;
    // EᵀY, then FᵀY, row by row
    const std::vector<double> sums = known.sum((items + k) * width,
                                               [&](Index user, double* sum) {
                                                 const double* row = Y.row(user);
                                                 for (const Rating& rating : known.of(user)) {
                                                   const double residual = residual_of(rating);
                                                   double* to = sum + rating.item * width;
                                                   for (Index c = 0; c < width; ++c)
                                                     to[c] += residual * row[c];
                                                 }
                                                 for (Index f = 0; f < k; ++f) {
                                                   const double factor =
                                                       model.user_factors.row(user)[f];
                                                   double* to = sum + (items + f) * width;
                                                   for (Index c = 0; c < width; ++c)
                                                     to[c] += factor * row[c];
                                                 }
                                               },
                                               threads);
    const Eigen::Map<const RowMajorMatrix> of_known(sums.data(), items, width);
    const Eigen::Map<const RowMajorMatrix> of_factors(sums.data() + items * width, k, width);
    return of_known + model.item_factors * of_factors;
  };
  return products;
}

}  // namespace

RatingsModel fit_ratings(Team& team, const std::vector<Rating>& ratings,
                         const RatingsOptions& options, int threads) {
  check_options(options);
  const FloatingPointMode mode;
  const RowBlocks blocks =
      sketch_blocks(options.users, options.items, options.rank, options.randomized);
  KnownRatings known(team, blocks, ratings, options);
  const double scale = common_scale(known.largest_magnitude());
  known.scale(scale);
  const double shrinkage = options.shrinkage * scale;
  RatingsModel model;
  take_off_biases(known, model, options.items, threads);
  const Index k = options.rank;
  model.user_factors = {known.users(), options.users, k, {}};
  std::vector<double> residuals;
  guard(team, "making room for the factors", [&] {
    model.user_factors.values.resize(static_cast<std::size_t>(known.users().size() * k));
    model.item_factors = Matrix::Zero(options.items, k);
    residuals.resize(known.all().size());
  });
  double squares = find_residuals(known, model, residuals, threads);
  double objective = squares / 2;
  while (model.iterations < options.max_iterations && !model.converged) {
    DistributedSvd factors = randomized_svd(team, completed(known, model, residuals, threads), k,
                                            options.randomized, threads);
    model.singular_values = (factors.singular_values.array() - shrinkage).max(0);
    model.item_factors = factors.V;
    model.user_factors =
        multiply(factors.U, model.singular_values.asDiagonal().toDenseMatrix(), threads);
    squares = find_residuals(known, model, residuals, threads);
    const double next = squares / 2 + shrinkage * model.singular_values.sum();
    model.converged = objective - next <= options.tolerance * next;
    objective = next;
    ++model.iterations;
  }
  const auto count = sum_over(team, static_cast<std::int64_t>(known.all().size()));
  model.error = std::sqrt(squares / static_cast<double>(count));
  unscale(team, model, scale);
  return model;
}

std::vector<double> predict_ratings(Team& team, const RatingsModel& model,
                                    const std::vector<Rating>& asked) {
  using Questions = FoldCodec<std::vector<Rating>>;
  using Answers = FoldCodec<std::vector<double>>;
  const FloatingPointMode mode;
  const DistributedMatrix& F = model.user_factors;
  const auto ranks = static_cast<std::size_t>(team.size());
  std::vector<Index> ends;  // of the ranks' users
  ends.reserve(ranks);
  for (const Bytes& end : team.all_gather(std::as_bytes(std::span(&F.rows.end, 1)))) {
    ends.push_back(FoldCodec<Index>::decode(end));
  }
  // Any rank can answer for a user that the model does not know.
  const auto rank_of = [&](Index user) {
    const bool known = user >= 0 && user < F.total_rows;
    const auto end = std::upper_bound(ends.begin(), ends.end(), known ? user : 0);
    return static_cast<std::size_t>(end - ends.begin());
  };
  std::vector<Bytes> sent(ranks);
  guard(team, "asking for ratings", [&] {
    std::vector<std::vector<Rating>> questions(ranks);
    for (const Rating& one : asked) questions[rank_of(one.user)].push_back(one);
    for (std::size_t r = 0; r < ranks; ++r) sent[r] = Questions::encode(questions[r]);
  });
  std::vector<Bytes> received = team.exchange(std::move(sent));
  guard(team, "predicting ratings", [&] {
    for (Bytes& part : received) part = Answers::encode(answers_to(Questions::decode(part), model));
  });
  received = team.exchange(std::move(received));
  std::vector<double> values;
  guard(team, "taking the predictions", [&] {
    std::vector<std::vector<double>> answers(ranks);
    for (std::size_t r = 0; r < ranks; ++r) answers[r] = Answers::decode(received[r]);
    std::vector<std::size_t> next(ranks, 0);
    values.reserve(asked.size());
    for (const Rating& one : asked) {
      const std::size_t rank = rank_of(one.user);
      values.push_back(answers[rank][next[rank]++]);
    }
  });
  return values;
}

}  // namespace lockstep
