#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/linalg/ratings.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A sparse matrix of ratings whose rows, the users, are spread over the ranks in whole blocks:
/// what fit_ratings computes on.
class KnownRatings {
 public:
  /// Brings the ratings to the ranks that have their users.
  /// Errors and what is sent: see fit_ratings. *Collective*.
  KnownRatings(Team& team, const RowBlocks& user_blocks, const std::vector<Rating>& ratings,
               const RatingsOptions& options);

  Range users() const { return users_; }  ///< of this rank

  /// Those of this rank, by user, then by item.
  const std::vector<Rating>& all() const { return ratings_; }

  /// The largest |value| of all ranks. *Collective*.
  double largest_magnitude() const;
  /// Multiplies the values. Rank-local.
  void scale(double factor);

  /// Those of one of this rank's users.
  std::span<const Rating> of(Index user) const;
  std::span<Rating> of(Index user);

  /// Σ over all users of `size` numbers: add_user(user, double* sums) adds those of one. Users in
  /// order inside blocks, blocks along the tree.
  /// *Collective*; a rank sends 2·log₂(blocks) times 8·size bytes at most to P−1 ranks.
  template <class AddUser>
  std::vector<double> sum(Index size, const AddUser& add_user, int threads) const {
    const auto of_block = [&](Index block) {
      std::vector<double> sums(static_cast<std::size_t>(size), 0.0);
      const Range users = blocks_.rows(block);
      for (Index user = users.begin; user < users.end; ++user) add_user(user, sums.data());
      return sums;
    };
    const auto add = [](std::vector<double> left, const std::vector<double>& right) {
      for (std::size_t e = 0; e < left.size(); ++e) left[e] += right[e];
      return left;
    };
    return tree_fold<std::vector<double>>(team_, block_boundaries(team_, blocks_, users_), of_block,
                                          add, threads);
  }

 private:
  void check(const Rating& rating, Index number, const RatingsOptions& options) const;
  void bring_to_owners(const std::vector<Rating>& ratings);
  void refuse_duplicates(const std::vector<Rating>& ratings, Index before,
                         const RatingsOptions& options) const;

  Team& team_;
  RowBlocks blocks_;
  Range users_;
  std::vector<Rating> ratings_;
  std::vector<std::size_t> first_;  // of each user, among ratings_; and their end
};

}  // namespace lockstep
