#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/file_list.hpp"

namespace lockstep {

/// Where the rows of a data set stand, for messages. The same on all ranks.
class RowPlaces {
 public:
  /// Of rows that come from no lines.
  RowPlaces() = default;
  /// @param rows         of each file
  /// @param first_lines  of the first row of each file, if each of its rows is a line; otherwise 0
  RowPlaces(const std::vector<InputFile>& files, const std::vector<Index>& rows,
            const std::vector<Index>& first_lines);
  /// Of rows of arrays.
  static RowPlaces of_arrays(const std::vector<InputFile>& files, const std::vector<Index>& rows);

  /// "data/a.csv:17" for a row of the whole data set; "data/a.csv, row 16" where rows are no lines,
  /// and "row 16" without files, counted from 1; "data/a.npy[15]", as Python counts, in arrays.
  std::string of(Index row) const;
  /// "data/a.csv:17:3", "data/a.csv, row 16, column 3", "row 16, column 3", or "data/a.npy[15, 2]";
  /// `column` from 0.
  std::string of(Index row, Index column) const;

  bool are_arrays() const { return are_arrays_; }
  /// Of each file, as the constructor takes them.
  std::vector<Index> rows_of_files() const;
  std::vector<Index> first_lines() const;

 private:
  struct File {
    std::string path;
    Index end;         ///< the rows of all files up to its end
    Index first_line;  ///< or 0
  };
  struct Place {
    std::string text;  ///< without the bracket that closes in arrays
    bool is_line;
  };
  Place place(Index row) const;

  std::vector<File> files_;
  bool are_arrays_ = false;
};

}  // namespace lockstep
