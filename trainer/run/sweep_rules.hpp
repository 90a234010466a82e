#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/options.hpp"
#include "core/base/types.hpp"
#include "trainer/cli/sweep_space.hpp"

namespace lockstep::trainer {

// What the settings of a sweep mean for its trials, before any is trained.

bool is_swept(const std::vector<SweptKey>& keys, std::string_view name);

/// Refuses a sweep whose trials could not be compared: without rows to measure them by, by metrics
/// that mean another thing for each, or that cannot be halved. Throws PlacedConfigError.
void check_sweep(const Settings& settings, const std::vector<SweptKey>& keys);

/// Epochs of each rung of successive halving, ascending; of one without it, where 0 is what is
/// configured.
std::vector<Index> rungs_of(const Settings& settings);

/// validation.metrics of trials, for sweep.metric; "" where they are measured by it in any case.
std::string wanted_metrics(const Settings& settings);

/// As many of `ranks` as one trial with these settings can use.
int most_ranks(const Settings& settings, int ranks);

}  // namespace lockstep::trainer
