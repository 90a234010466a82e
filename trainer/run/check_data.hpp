#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/split_categories.hpp"
#include "core/data/table.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/findings.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The data of a training as `check` takes it: read although training may refuse it. What training
/// would refuse is a finding.
///
/// Cells may be missing, and a column with text, or text among its numbers, is categories, whatever
/// preprocess.encode says.
class CheckedData {
 public:
  /// Reads data.train, and gives each rank whole row blocks. Throws what is not about the content
  /// of data (a file that is not there, a wrong configuration), alike on all ranks. *Collective*.
  CheckedData(Session& session, Findings& findings);

  /// Nothing of data.train can be read.
  bool is_unreadable() const { return !all_; }
  /// The rows of data.train; they are gone after `split`.
  const Table& all() const { return *all_; }

  /// Splits them as the training would, and reads data.test. *Collective*.
  void split(Session& session, Findings& findings);

  /// What is trained on, validated and tested; after `split`. Nothing where rows cannot be split.
  /// Of folds, the first one.
  const std::optional<TrainingData>& parts() const { return parts_; }
  /// The same, to be used up.
  TrainingData take_parts() { return std::move(*parts_); }
  /// The test rows are a file of their own, or generated.
  bool has_own_test() const { return has_own_test_; }
  /// Of data.test something cannot be read.
  bool has_unreadable_test() const { return has_unreadable_test_; }

 private:
  void read_test(Session& session, Findings& findings);
  void split_into_folds(Session& session, Findings& findings);

  std::optional<Table> all_;
  std::optional<TrainingData> parts_;
  bool has_own_test_ = false;
  bool has_unreadable_test_ = false;
};

/// Text and missing cells that the training would refuse in the features of its rows, and columns
/// that mix numbers and text. *Collective*.
void check_cells(Session& session, const Table& train, Findings& findings);

/// Missing cells of other rows, in columns where the training does without.
/// @param set  "data.test"
/// *Collective*.
void check_missing(Session& session, const Table& table, const std::string& set,
                   Findings& findings);

}  // namespace lockstep::trainer
