#pragma once

#include <string>
#include <vector>

#include "core/data/table.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Refuses a data.quarantine that would replace a file that the command reads: data of any set, the
/// configuration, a model. Throws alike on all ranks. *Collective*.
void check_quarantine(Session& session);

/// Warns of the rows that were left out as a data set was read, and writes them to data.quarantine,
/// behind those of the sets before; a set without any leaves an empty file. Throws alike on all
/// ranks. *Collective*.
///
/// A line for each row, JSON: {"place": "a.csv:17:3", "problem": "…", "row": "the row, as it
/// stands there"}. Bytes of the row that are not UTF-8 become U+FFFD.
void report_bad_rows(Session& session, const Table& table);

}  // namespace lockstep::trainer
