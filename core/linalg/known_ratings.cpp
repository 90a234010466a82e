#include "core/linalg/known_ratings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep {

static_assert(std::is_trivially_copyable_v<Rating>);

namespace {

/// A rating and its number over all ranks.
struct NumberedRating {
  Rating rating;
  Index number = 0;
};

/// The items of all ranks, in rank order. *Collective*.
template <class T>
std::vector<T> gathered(Team& team, const std::vector<T>& mine) {
  std::vector<T> all;
  for (const Bytes& bytes : team.all_gather(FoldCodec<std::vector<T>>::encode(mine))) {
    const std::vector<T> theirs = FoldCodec<std::vector<T>>::decode(bytes);
    all.insert(all.end(), theirs.begin(), theirs.end());
  }
  return all;
}

std::string place_of(Index number, const RatingsOptions& options) {
  return options.place_of ? options.place_of(number)
                          : fmt::format("rating {}, counted from 0", number);
}

}  // namespace

KnownRatings::KnownRatings(Team& team, const RowBlocks& user_blocks,
                           const std::vector<Rating>& ratings, const RatingsOptions& options)
    : team_(team), blocks_(user_blocks) {
  const Index before = exclusive_scan(team_, static_cast<std::int64_t>(ratings.size()));
  guard(team_, "checking the ratings", [&] {
    for (std::size_t i = 0; i < ratings.size(); ++i) {
      check(ratings[i], before + static_cast<Index>(i), options);
    }
  });
  bring_to_owners(ratings);
  guard(team_, "sorting the ratings", [&] {
    first_.resize(static_cast<std::size_t>(users_.size()) + 1, 0);
    std::stable_sort(ratings_.begin(), ratings_.end(), [](const Rating& a, const Rating& b) {
      return a.user != b.user ? a.user < b.user : a.item < b.item;
    });
  });
  refuse_duplicates(ratings, before, options);
  for (const Rating& rating : ratings_) {
    ++first_[static_cast<std::size_t>(rating.user - users_.begin) + 1];
  }
  for (std::size_t u = 1; u < first_.size(); ++u) first_[u] += first_[u - 1];
}

double KnownRatings::largest_magnitude() const {
  double largest = 0;
  for (const Rating& rating : ratings_) largest = std::max(largest, std::fabs(rating.value));
  // The bits of numbers that are not negative ascend with them.
  return std::bit_cast<double>(max_over(team_, std::bit_cast<std::int64_t>(largest)));
}

void KnownRatings::scale(double factor) {
  for (Rating& rating : ratings_) rating.value *= factor;
}

std::span<const Rating> KnownRatings::of(Index user) const {
  const auto u = static_cast<std::size_t>(user - users_.begin);
  return std::span(ratings_).subspan(first_[u], first_[u + 1] - first_[u]);
}

std::span<Rating> KnownRatings::of(Index user) {
  const auto u = static_cast<std::size_t>(user - users_.begin);
  return std::span(ratings_).subspan(first_[u], first_[u + 1] - first_[u]);
}

void KnownRatings::check(const Rating& rating, Index number, const RatingsOptions& options) const {
  const Index items = options.items;
  const auto refuse = [&](const std::string& expected, const std::string& found) {
    throw DataError(
        fmt::format("{}: expected {}, found {}", place_of(number, options), expected, found));
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
  using Codec = FoldCodec<std::vector<Rating>>;
  std::vector<Bytes> sent;
  guard(team_, "sending the ratings", [&] {
    std::vector<std::vector<Rating>> to(static_cast<std::size_t>(team_.size()));
    for (const Rating& rating : ratings) {
      const auto end = std::upper_bound(boundaries.begin() + 1, boundaries.end(), rating.user);
      to[static_cast<std::size_t>(end - boundaries.begin()) - 1].push_back(rating);
    }
    for (const std::vector<Rating>& part : to) sent.push_back(Codec::encode(part));
  });
  const std::vector<Bytes> parts = team_.exchange(std::move(sent));
  guard(team_, "receiving the ratings", [&] {
    for (const Bytes& part : parts) {
      const std::vector<Rating> received = Codec::decode(part);
      ratings_.insert(ratings_.end(), received.begin(), received.end());
    }
  });
}

/// Throws alike on all ranks, about the first item that the lowest of such users rates twice: users
/// are in order over the ranks.
void KnownRatings::refuse_duplicates(const std::vector<Rating>& ratings, Index before,
                                     const RatingsOptions& options) const {
  const auto same = [](const Rating& a, const Rating& b) {
    return a.user == b.user && a.item == b.item;
  };
  const auto found = std::adjacent_find(ratings_.begin(), ratings_.end(), same);
  std::vector<Rating> twice;
  if (found != ratings_.end()) twice.push_back(*found);
  twice = gathered(team_, twice);
  if (twice.empty()) return;
  // Only who was given the ratings knows their numbers.
  std::vector<NumberedRating> both;
  for (std::size_t i = 0; i < ratings.size() && both.size() < 2; ++i) {
    if (same(ratings[i], twice.front()))
      both.push_back({ratings[i], before + static_cast<Index>(i)});
  }
  both = gathered(team_, both);
  const auto name = [](const std::vector<std::string>& names, Index number) {
    return names.empty() ? std::to_string(number) : quoted(names[static_cast<std::size_t>(number)]);
  };
  throw DataError(fmt::format(
      "{}: user {} rates item {} twice: {} here, {} in {}", place_of(both[1].number, options),
      name(options.user_names, twice.front().user), name(options.item_names, twice.front().item),
      both[1].rating.value, both[0].rating.value, place_of(both[0].number, options)));
}

}  // namespace lockstep
