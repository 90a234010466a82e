#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/data/schema.hpp"
#include "core/data/table.hpp"
#include "core/linalg/ratings.hpp"
#include "trainer/run/factor_files.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// A ratings matrix that was read as user,item,value: the users and items are the distinct cells of
/// the first two columns, numbers ascending and texts in bytewise order.
struct RatingsData {
  TableSchema schema;
  std::vector<Rating> ratings;  ///< this rank's, in file order; value 0 where the file has none
  Index total = 0;              ///< over all ranks
  bool has_values = true;
  RowPlaces places{};  ///< of all ratings

  Index users() const { return static_cast<Index>(schema.feature_types[0].categories.size()); }
  Index items() const { return static_cast<Index>(schema.feature_types[1].categories.size()); }
};

/// Reads data.train. Throws DataError alike on all ranks for other columns and for missing cells.
/// *Collective*.
RatingsData load_ratings(Session& session);

/// Fits a model of `rank` components to data.train, predicts data.test where that is given, and
/// then opens the files and writes factors and predictions. Returns what the summary says.
/// *Collective*.
nlohmann::ordered_json decompose_ratings(Session& session, const RatingsData& train, Index rank,
                                         FactorFiles& files);

}  // namespace lockstep::trainer
