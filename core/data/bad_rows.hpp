#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

struct Table;

/// What becomes of a row that cannot be read.
enum class OnBadRow {
  fail,  ///< the first in file order is an error on all ranks
  skip,  ///< it is left out, and told of
};

/// A row that cannot be read, and is left out.
struct BadRow {
  Index number = 0;     ///< from 0: of the row among all that were read, it and others included
  std::string place;    ///< "data/a.csv:17:3"
  std::string problem;  ///< "expected a number in column 'pH', found 'n/a'"
  std::string bytes;    ///< as they stand in the file, without the end of the line
};

/// What a rank does about rows that cannot be read, numbered among its own rows from 0.
///
/// Where they are left out, a part is read until no bad rows are met that were not known: they
/// leave traces, in labels and types, so what was read with them is good for nothing but to know
/// them.
class BadRowRules {
 public:
  explicit BadRowRules(OnBadRow on_bad_row = OnBadRow::fail) : on_bad_row_(on_bad_row) {}

  bool leaves_out() const { return on_bad_row_ == OnBadRow::skip; }
  /// Those that are left out unread, ascending.
  const std::vector<BadRow>& known() const { return known_; }
  /// Adds some; returns whether there are any.
  bool add(std::vector<BadRow> bad_rows);
  /// Where the known ones stand, by their numbers, if it was not known when they were added.
  void set_places(const std::function<std::string(Index number)>& place);
  /// The number of this rank's row `row` of those that are kept among all of its rows.
  Index number_of_kept(Index row) const;

 private:
  OnBadRow on_bad_row_;
  std::vector<BadRow> known_;
};

/// Passes the known bad rows by, as a rank walks over its rows.
class BadRowWalk {
 public:
  explicit BadRowWalk(const BadRowRules& rules) : rules_(rules) {}

  /// Goes on to the next row. Returns whether it is known to be bad.
  bool next_is_bad() {
    ++number_;
    const std::vector<BadRow>& known = rules_.known();
    const bool is_bad = passed_ < known.size() && known[passed_].number == number_;
    passed_ += is_bad ? 1U : 0U;
    return is_bad;
  }
  /// Of the row that it is at.
  Index number() const { return number_; }

 private:
  const BadRowRules& rules_;
  Index number_ = -1;
  std::size_t passed_ = 0;
};

/// The rows of a data set that were left out.
struct BadRows {
  /// So many are told of in full.
  static constexpr std::size_t kShown = 20;

  Index count = 0;  ///< over all ranks
  std::vector<BadRow>
      first;  ///< the first of them in file order, kShown at most; the same everywhere
  std::vector<BadRow> here;  ///< those that this rank has met, in file order
};

/// No row of a data set is left to read, for all are left out.
class NoRowsLeft : public DataError {
 public:
  /// @param bad_rows  one or more
  explicit NoRowsLeft(const BadRows& bad_rows);
  /// All of them; not what this rank has met.
  const BadRows& bad_rows() const { return bad_rows_; }

 private:
  BadRows bad_rows_;
};

/// Notes in a table, of which `rows` rows are held here, that this rank has left out others:
/// numbers them all as they were read. Where no rank has left out any, nothing is noted.
/// @param bad_rows  of this rank
/// Throws NoRowsLeft, alike on all ranks, when no row is left anywhere. *Collective*; sends the
/// first bad rows.
void note_bad_rows(Team& team, const BadRowRules& bad_rows, Table& table);

}  // namespace lockstep
