#include "core/linalg/known_ratings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep {

static_assert(std::is_trivially_copyable_v<Rating>);

KnownRatings::KnownRatings(Team& team, const RowBlocks& user_blocks,
                           const std::vector<Rating>& ratings, const RatingsOptions& options)
    : team_(team), blocks_(user_blocks) {
  const Index before = exclusive_scan(team_, static_cast<std::int64_t>(ratings.size()));
  guard(team_, "checking the ratings", [&] {
    for (std::size_t i = 0; i < ratings.size(); ++i) {
      check(ratings[i], before + static_cast<Index>(i), options.items);
    }
  });
  bring_to_owners(ratings);
  std::stable_sort(ratings_.begin(), ratings_.end(), [](const Rating& a, const Rating& b) {
    return a.user != b.user ? a.user < b.user : a.item < b.item;
  });
  refuse_duplicates(options);
  first_.resize(static_cast<std::size_t>(users_.size()) + 1, 0);
  for (const Rating& rating : ratings_) {
    ++first_[static_cast<std::size_t>(rating.user - users_.begin) + 1];
  }
  for (std::size_t u = 1; u < first_.size(); ++u) first_[u] += first_[u - 1];
}

std::span<const Rating> KnownRatings::of(Index user) const {
  const auto u = static_cast<std::size_t>(user - users_.begin);
  return std::span(ratings_).subspan(first_[u], first_[u + 1] - first_[u]);
}

std::span<Rating> KnownRatings::of(Index user) {
  const auto u = static_cast<std::size_t>(user - users_.begin);
  return std::span(ratings_).subspan(first_[u], first_[u + 1] - first_[u]);
}

void KnownRatings::check(const Rating& rating, Index number, Index items) const {
  const auto refuse = [&](const std::string& expected, const std::string& found) {
    throw DataError(
        fmt::format("rating {}, counted from 0: expected {}, found {}", number, expected, found));
  };
  const Index users = blocks_.total_rows();
  if (rating.user < 0 || rating.user >= users) {
    refuse(fmt::format("a user from 0 to {}", users - 1), std::to_string(rating.user));
  }
  if (rating.item < 0 || rating.item >= items) {
    refuse(fmt::format("an item from 0 to {}", items - 1), std::to_string(rating.item));
  }
  if (!std::isfinite(rating.value)) refuse("a finite value", fmt::format("{}", rating.value));
}

void KnownRatings::bring_to_owners(const std::vector<Rating>& ratings) {
  const std::vector<Index> boundaries = blocks_.row_boundaries(team_.size());
  const auto rank = static_cast<std::size_t>(team_.rank());
  users_ = {boundaries[rank], boundaries[rank + 1]};
  std::vector<std::vector<Rating>> to(static_cast<std::size_t>(team_.size()));
  for (const Rating& rating : ratings) {
    const auto end = std::upper_bound(boundaries.begin() + 1, boundaries.end(), rating.user);
    to[static_cast<std::size_t>(end - boundaries.begin()) - 1].push_back(rating);
  }
  using Codec = FoldCodec<std::vector<Rating>>;
  std::vector<Bytes> sent;
  sent.reserve(to.size());
  for (const std::vector<Rating>& part : to) sent.push_back(Codec::encode(part));
  for (const Bytes& part : team_.exchange(std::move(sent))) {
    const std::vector<Rating> received = Codec::decode(part);
    ratings_.insert(ratings_.end(), received.begin(), received.end());
  }
}

/// Throws alike on all ranks: users are in order over the ranks, so the first message is that of
/// the lowest user.
void KnownRatings::refuse_duplicates(const RatingsOptions& options) const {
  for (const std::string& message : all_gather_text(team_, duplicate(options))) {
    if (!message.empty()) throw DataError(message);
  }
}

/// About the first item that one of this rank's users rates twice, or "".
std::string KnownRatings::duplicate(const RatingsOptions& options) const {
  const auto twice = std::adjacent_find(
      ratings_.begin(), ratings_.end(),
      [](const Rating& a, const Rating& b) { return a.user == b.user && a.item == b.item; });
  if (twice == ratings_.end()) return "";
  const auto name = [](const std::vector<std::string>& names, Index number) {
    return names.empty() ? std::to_string(number) : quoted(names[static_cast<std::size_t>(number)]);
  };
  return fmt::format("user {} rates item {} twice: {} and {}",
                     name(options.user_names, twice->user), name(options.item_names, twice->item),
                     twice->value, std::next(twice)->value);
}

}  // namespace lockstep
