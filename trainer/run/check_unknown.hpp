#pragma once

#include <vector>

#include "core/data/split_categories.hpp"
#include "core/data/table.hpp"
#include "core/profile/drift.hpp"
#include "trainer/run/findings.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

// Categories that the rows to train on do not have, and what the training makes of them. A column
// that is hashed has none: there is a place for each.

/// Of the rows of data.test.
/// @param drifts  of each column, from the training rows to them; or none
/// *Collective*.
void check_unknown_of_test(Session& session, const Table& train, const Table& test,
                           const std::vector<ColumnDrift>& drifts, Findings& findings);

/// Of rows that were split off to validate or test on.
void check_unknown_of_split(const Session& session, const Table& train,
                            const std::vector<UnknownCells>& unknown, Findings& findings);

}  // namespace lockstep::trainer
