#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/file_list.hpp"

namespace lockstep {

/// Where the rows of a data set stand, for messages: of CSV files the lines, a row a line below one
/// line of header. The same on all ranks.
class RowPlaces {
 public:
  /// Of rows that come from no lines.
  RowPlaces() = default;
  /// @param rows  of each file
  RowPlaces(const std::vector<InputFile>& files, const std::vector<Index>& rows);

  /// "data/a.csv:17" for a row of the whole data set; without lines "row 16", counted from 1.
  std::string of(Index row) const;

 private:
  std::vector<std::string> paths_;
  std::vector<Index> ends_;  ///< of each file: the rows up to its end
};

}  // namespace lockstep
