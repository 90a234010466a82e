#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Finds the columns of numbers that are the target by other names: one number in all rows of a
/// class, and another one in each class.
///
/// Of each column, a rank keeps the number of each class that its rows have, until a row has
/// another one: of most columns, until the second row of some class. So it never keeps more numbers
/// than it has cells. Nothing is looked for where classes have less than two rows on average:
/// there, numbers that are all different would be found too.
class ClassValues {
 public:
  /// @param table  which outlives this; dense
  explicit ClassValues(const Table& table);

  /// Looks at a cell. Of different columns on different threads.
  /// @param row  of this rank, from 0
  void add(Index column, Index row, double cell) {
    Column& of = columns_[static_cast<std::size_t>(column)];
    if (!of.is_refuted) compare(of, row, cell);
  }

  /// By column, whether it is one, when all cells of numbers have been added. Of one class alone, a
  /// column of one number is. *Collective*; sends 8 bytes a column, and 16 bytes a class of those
  /// that no rank has refuted, summed.
  std::vector<bool> agree(Team& team) const;

 private:
  struct Column {
    bool is_refuted = false;
    std::vector<double> numbers{};  ///< of each of this rank's classes; NaN: not seen
  };

  void compare(Column& of, Index row, double cell) const;
  void refute(Column& of) const;
  std::vector<std::int64_t> bits_of(const Column& of) const;
  bool tells_apart(const std::int64_t* bits) const;

  std::size_t all_classes_ = 0;          ///< 0: nothing is looked for
  std::vector<std::size_t> classes_{};   ///< of this rank's rows, each once
  std::vector<std::size_t> class_of_{};  ///< each row's, as its index in classes_
  std::vector<Column> columns_;
};

}  // namespace lockstep
