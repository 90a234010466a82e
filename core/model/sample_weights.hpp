#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// With how much the rows of each class count.
struct ClassWeights {
  enum class Kind {
    none,      ///< all alike
    balanced,  ///< class k with n/(K·n_k), n_k of the n rows being of it [King, Zeng 2001]
    given,     ///< as `of_class` says, 1 of the others
  };
  Kind kind = Kind::none;
  std::vector<std::pair<std::string, double>> of_class{};

  /// From "none", "balanced", or a list of NAME:WEIGHT; a name may hold colons. Throws ConfigError
  /// without a key in front.
  static ClassWeights from_texts(const std::vector<std::string>& texts);
};

/// The weights of the rows to train on: those of the table times those of their classes, scaled so
/// that their mean over all rows is 1; weights of 1 stay what they are. A table without weights,
/// with no class weights, gets none.
/// Requires whole RowBlocks(total_rows) on every rank, and a target of classes for class weights.
/// Throws, alike on all ranks, ConfigError without a key in front for a class that the table does
/// not have, DataError for weights that are all 0, or whose sum is not a normal number.
/// *Collective*; sends an integer a class, and nodes of 8 bytes.
void weight_rows(Team& team, Table& table, const ClassWeights& classes);

}  // namespace lockstep
