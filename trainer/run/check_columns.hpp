#pragma once

#include <string>
#include <vector>

#include "core/data/table.hpp"
#include "core/profile/column_profile.hpp"
#include "core/profile/drift.hpp"
#include "core/profile/duplicates.hpp"
#include "trainer/run/findings.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

// What is found in the columns and rows of data that has been read. All are *Collective*.

/// A column of which one value is so large a part is called nearly constant.
inline constexpr double kNearlyConstant = 0.999;
/// Typical sizes (root mean squares) of columns that differ by so much are called different.
inline constexpr double kDifferentScales = 1000;
/// PSI from which columns are called shifted, and from which that is worth a note.
inline constexpr double kShift = 0.25;
inline constexpr double kSlightShift = 0.1;

/// Columns that are missing, constant or nearly so, never named, equal to others or to the target;
/// cells that stand apart; scales that differ. Returns the profile.
TableProfile check_columns(Session& session, const Table& train, Findings& findings);

/// Columns of sparse test rows that no training row names.
void check_named(Session& session, const TableProfile& train, const Table& test,
                 Findings& findings);

/// Columns that are distributed otherwise in the test rows. Nothing of sparse rows.
std::vector<ColumnDrift> check_drift(Session& session, const Table& train, const Table& test,
                                     Findings& findings);

/// A set of rows and what it is called: "train".
struct NamedRows {
  std::string name;
  const Table* rows;
};

/// Rows that are alike; the first set is the one that is trained on.
std::vector<Duplicates> check_duplicates(Session& session, const std::vector<NamedRows>& sets,
                                         Findings& findings);

/// How many rows of each class a set has; nothing where it has no classes.
std::vector<Index> class_rows(Session& session, const Table& table);

/// Classes of training rows that other rows do not have.
void check_classes(Session& session, const std::vector<NamedRows>& sets, Findings& findings);

}  // namespace lockstep::trainer
