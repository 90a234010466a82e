#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/randomized_svd.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// One known entry of a ratings matrix, users × items.
struct Rating {
  Index user = 0;  ///< from 0
  Index item = 0;  ///< from 0
  double value = 0;
};

struct RatingsOptions {
  Index users = 0;  ///< rows of the matrix, with or without ratings
  Index items = 0;  ///< columns
  Index rank = 2;   ///< k, from 1 to min(users, items)
  /// What is taken off each singular value, at least 0: more is smoother.
  double shrinkage = 0;
  int max_iterations = 100;  ///< at least 1; 1 is the truncated SVD of the known residuals
  double tolerance = 1e-6;   ///< stop when an iteration lowers the objective by this part or less
  RandomizedSvdOptions randomized;
  std::vector<std::string> user_names{};  ///< for messages; their numbers when empty
  std::vector<std::string> item_names{};
  /// Where a rating stands, by its number over all ranks, for messages; the number when empty.
  std::function<std::string(Index)> place_of{};
};

/// What predicts the entries that are missing:
///   r̂(u, i) = mean + b_u + b_i + f_u·v_i
struct RatingsModel {
  double mean = 0;                 ///< of all known ratings
  Vector user_bias;                ///< of this rank's users, the rows of user_factors
  DistributedMatrix user_factors;  ///< F = U·Σ, users × k
  Vector item_bias;                ///< of all items
  Matrix item_factors;             ///< V, items × k, VᵀV = I
  Vector singular_values;          ///< Σ, k, after shrinkage
  double error = 0;                ///< root mean square of r − r̂ over the known ratings
  int iterations = 0;
  bool converged = false;
};

/// Fits the model to known ratings. b_i is the mean of r − mean over the users who rated item i,
/// and b_u that of r − mean − b_i over the items that user u rated; what is left, c, is
/// approximated by a matrix Z = U·Σ·Vᵀ of rank k that lowers
///   ½·Σ_known (c − Z)² + shrinkage·Σⱼ σⱼ
/// by repeated truncated SVDs, in which Z itself stands in for the missing entries, 0 at first
/// [Mazumder, Hastie, Tibshirani 2010, Soft-Impute; Troyanskaya et al. 2001 without shrinkage]. The
/// sum of the sparse c − Z and of Z is never formed: randomized_svd takes its products.
/// Users and items without ratings have bias 0 and factors 0. Ratings of any magnitude are brought
/// to a safe scale by one exact power of two, so that squares neither overflow nor vanish.
/// @param ratings  this rank's part, in any order
/// Errors: DataError for options out of range, no ratings at all, and a second rating of an item by
/// a user; CollectiveError for a user or item out of range, a value that is not finite, and biases
/// or factors that are not.
/// *Collective*; a rank sends its ratings once, and for each product 2·log₂(blocks) nodes of
/// 8·(items + k)·(k + oversampling) bytes to P−1 ranks.
RatingsModel fit_ratings(Team& team, const std::vector<Rating>& ratings,
                         const RatingsOptions& options, int threads = 1);

/// r̂ for each user and item asked for (`value` is not looked at). A user or item that the model
/// does not know, because its number is out of range, counts as one without ratings: its bias and
/// factors are 0, so that the prediction falls back on the means.
/// *Collective*, though each rank asks for its own; a rank sends 24 bytes for each that is asked.
std::vector<double> predict_ratings(Team& team, const RatingsModel& model,
                                    const std::vector<Rating>& asked);

}  // namespace lockstep
