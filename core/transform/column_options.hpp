#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/types.hpp"

namespace lockstep {

/// How numbers are brought to a common scale; see ColumnScaling.
enum class Scaling { none, standard, minmax, robust, log1p };
inline constexpr std::array<std::string_view, 5> kScalingNames{"none", "standard", "minmax",
                                                               "robust", "log1p"};

/// What stands for a missing cell, found in the cells of the training rows that are present.
enum class Imputation {
  none,           ///< nothing: a missing cell is an error
  mean,           ///< of numbers
  median,         ///< of numbers; exact, the mean of the middle two of an even number
  constant,       ///< ColumnOptions::fill
  most_frequent,  ///< of equally frequent ones the smallest number, or the first category
};
inline constexpr std::array<std::string_view, 5> kImputationNames{"none", "mean", "median",
                                                                  "constant", "most_frequent"};

/// What a category becomes.
enum class Encoding {
  none,       ///< nothing: the column holds numbers
  onehot,     ///< a feature for each category: 1 for that of the cell, 0 for all others
  ordinal,    ///< its index in the sorted categories, from 0
  hash,       ///< one of `buckets` features, that which category_bucket says, is 1
  embedding,  ///< its index, for which a network learns `dimension` numbers
};
inline constexpr std::array<std::string_view, 5> kEncodingNames{"none", "onehot", "ordinal", "hash",
                                                                "embedding"};

/// What becomes of a category that the training rows do not have. A hash has a place for it.
enum class UnknownCategory {
  zero,   ///< onehot, embedding: zeros stand for it; ordinal: it counts as missing
  error,  ///< the row is refused
};
inline constexpr std::array<std::string_view, 2> kUnknownCategoryNames{"zero", "error"};

template <class Enum, std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

/// The value of this name; the name is one of `names` (asserted).
template <class Enum, std::size_t N>
Enum value_named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  assert(found != names.end());
  return static_cast<Enum>(found - names.begin());
}

/// Numbers that an embedding learns for each category, unless a user says how many.
constexpr Index automatic_dimension(Index categories) {
  return std::min<Index>(50, (categories + 1) / 2);
}

/// What a user asks for one column.
struct ColumnOptions {
  Scaling scale = Scaling::none;  ///< of numbers and of ordinal categories
  Imputation impute = Imputation::none;
  std::string fill{};      ///< of Imputation::constant: a number, or a category, new ones included
  bool indicator = false;  ///< one more feature: whether the cell was missing
  Encoding encode = Encoding::none;  ///< of categories
  UnknownCategory unknown = UnknownCategory::zero;
  Index buckets = 256;  ///< of Encoding::hash
  Index dimension = 0;  ///< of Encoding::embedding; 0: automatic_dimension
};

}  // namespace lockstep
