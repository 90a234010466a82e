#pragma once

#include <optional>
#include <string>

#include "core/data/columns.hpp"
#include "core/data/csv_columns.hpp"
#include "core/data/schema.hpp"
#include "core/data/table.hpp"
#include "trainer/run/data_files.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The settings name data for this role: files, or a generator with rows. Rows that are split off
/// the training data stand for test rows of the generator.
bool has_data(const Settings& settings, DataRole role);

/// Data that a command was told of: files, or generated rows that some key asks for. The embedded
/// default is for training alone: nobody means it by leaving data.train or data.test out.
bool names_data(const Settings& settings, DataRole role);

/// Throws OutputError, alike on all ranks, when the file `output` is one that a data set is read
/// from. *Collective*.
void check_spares_data(Session& session, DataRole role, const std::string& output);

/// Reads or generates a data set; each rank gets an even part, in file order.
/// @param target  what the model predicts; none reads features alone
/// @param schema  of the training data, for a set that must fit it
/// @param features  what the features of a CSV file without a schema may be
/// @param rules  what their cells may be, and those of a schema with types
/// Throws alike on all ranks. *Collective*.
Table load_table(Session& session, DataRole role, TargetKind target,
                 const std::optional<TableSchema>& schema,
                 CsvFeatures features = CsvFeatures::numbers, const CsvRules& rules = {});

/// All columns of the training data: numbers, categories, missing cells. Each rank gets an even
/// part, in file order.
/// @param with_target  the target is among them (data.target of CSV, labels, what a generator
///                     makes); otherwise it is left out
/// Throws alike on all ranks. *Collective*.
Columns load_columns(Session& session, bool with_target);

/// Throws PlacedConfigError where data.target names several columns, for a command that takes one.
void check_one_target(const Session& session);

/// What the model of these settings predicts: as predicted_target says, but numbers on the
/// generator `linear`, which makes them, where it takes any target.
TargetKind wanted_target(const Settings& settings);

}  // namespace lockstep::trainer
