#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/data/split_categories.hpp"
#include "core/data/table.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

// The rows of data.train, as the keys of [data] split them: a part to train on, others to measure.

/// What a model is trained with and measured on.
struct TrainingData {
  Table train;
  std::optional<Table> validation{};
  std::optional<Table> test{};  ///< split off data.train
  /// Of the parts that were split off: categories that the rows to train on do not have.
  std::vector<UnknownCells> unknown{};
  Index fold = 0;  ///< its number, from 1, when the test rows are a fold
};

/// data.folds; 0 for none.
Index fold_count(const Settings& settings);

/// All rows of data.train, cut into data.folds parts.
class FoldedData {
 public:
  /// Reads or generates them. Throws, alike on all ranks, when there are fewer rows than folds, or
  /// a class has all of its rows in one fold. *Collective*.
  explicit FoldedData(Session& session);
  FoldedData(Session& session, Table all);

  const Table& all() const { return all_; }

  /// Fold `fold`, from 0, as test rows, and the others to train on. *Collective*.
  TrainingData fold(Index fold) const;

 private:
  Session& session_;
  Table all_;
  std::vector<std::size_t> parts_;
};

/// Splits off what data.test_fraction and data.validation_fraction say; what is left is to train
/// on. Throws DataError, alike on all ranks, where a part, or a class of the rows to train on, is
/// left without rows. *Collective*.
TrainingData split_rows(Session& session, Table all);

/// Reads or generates the rows of data.train and splits them. Throws alike on all ranks.
/// *Collective*.
TrainingData load_training_data(Session& session);
/// All rows that it is made of: data.train, as a training takes them. *Collective*.
Table load_training_rows(Session& session);

/// Warns of the unknown categories in rows that were split off. Rank 0 speaks.
/// @param features  names of all
/// @param hashed    by feature, whether nobody has to know its categories; empty: of none
void warn_of_unknown(const Session& session, const std::vector<UnknownCells>& unknown,
                     const std::vector<std::string>& features,
                     const std::vector<bool>& hashed = {});

}  // namespace lockstep::trainer
