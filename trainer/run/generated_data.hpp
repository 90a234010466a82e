#pragma once

#include <optional>

#include "core/data/generators.hpp"
#include "core/data/schema.hpp"
#include "core/data/table.hpp"
#include "trainer/run/data_files.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The rows of this role are generated.
bool is_synthetic(const Settings& settings, DataRole role);

/// synthetic.kind.
SyntheticKind synthetic_kind(const Settings& settings);

/// Generates the rows of a role, as load_table gives them. Throws alike on all ranks. *Collective*.
Table load_generated(Session& session, DataRole role, TargetKind target,
                     const std::optional<TableSchema>& schema);

}  // namespace lockstep::trainer
