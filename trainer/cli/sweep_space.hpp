#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/options.hpp"
#include "core/base/types.hpp"
#include "trainer/cli/arguments.hpp"

namespace lockstep::trainer {

// What a sweep tries, from the keys of [sweep].
//
//     train.learning_rate = 0.1, 0.01          # one of these
//     model.hidden = 64 | 64,32                # where a value has commas itself
//     penalty.l2 = log_uniform(1e-6, 1e-2)     # any number of the range

/// Numbers to draw from.
struct SweptRange {
  double low = 0;
  double high = 0;
  bool is_logarithmic = false;  ///< uniform in the logarithm
  bool is_integer = false;      ///< `low` and `high` among them
};

/// What one key is tried with.
struct SweptKey {
  std::string key;
  std::vector<std::string> values{};  ///< in canonical spelling, none twice; or
  std::optional<SweptRange> range{};
};

/// All keys that are swept, sorted. Throws PlacedConfigError with every error, one a line: a value
/// or range that the key does not take, a key that changes nothing or the rows to compare by, and
/// when nothing is swept.
std::vector<SweptKey> swept_keys(const Settings& settings);

/// A value for each of the swept keys, in their order.
using Trial = std::vector<Override>;

/// No sweep has more.
inline constexpr Index kMostTrials = 10000;

/// The trials of a sweep, none twice. Of a grid every combination, of which the last key changes
/// fastest; else sweep.trials draws, each a pure function of train.seed, its number and the place
/// of its key among the swept ones, or fewer where there are no more combinations. Numbers that are
/// drawn have four digits, or more where the range is narrow.
/// Throws PlacedConfigError for a range in a grid, and for more than kMostTrials.
std::vector<Trial> trials_of(const Settings& settings, const std::vector<SweptKey>& keys);

/// "train.learning_rate=0.1 model.hidden=64,32"
std::string trial_text(const Trial& trial);

}  // namespace lockstep::trainer
