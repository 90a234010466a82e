#include "core/data/bad_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

#include "core/data/table.hpp"

namespace lockstep {
namespace {

/// A bad row as a text, which from_text makes a row again.
std::string to_text(const BadRow& row) {
  return fmt::format("{} {} {} {}\n{}{}{}", row.number, row.place.size(), row.problem.size(),
                     row.bytes.size(), row.place, row.problem, row.bytes);
}

BadRow from_text(std::istringstream& text) {
  BadRow row;
  std::size_t place = 0;
  std::size_t problem = 0;
  std::size_t bytes = 0;
  text >> row.number >> place >> problem >> bytes;
  text.get();
  const auto take = [&](std::string& part, std::size_t size) {
    part.resize(size);
    text.read(part.data(), static_cast<std::streamsize>(size));
  };
  take(row.place, place);
  take(row.problem, problem);
  take(row.bytes, bytes);
  return row;
}

/// The first bad rows of all ranks. *Collective*.
std::vector<BadRow> first_of_all(Team& team, const std::vector<BadRow>& mine) {
  std::string text;
  for (std::size_t i = 0; i < std::min(mine.size(), BadRows::kShown); ++i) text += to_text(mine[i]);
  std::vector<BadRow> first;
  for (const std::string& theirs : all_gather_text(team, text)) {
    std::istringstream rows(theirs);
    while (first.size() < BadRows::kShown &&
           rows.peek() != std::istringstream::traits_type::eof()) {
      first.push_back(from_text(rows));
    }
  }
  return first;
}

/// The numbers of `kept` rows, between which those of the bad rows are left out.
std::vector<Index> kept_numbers(Index first, Index kept, const std::vector<BadRow>& bad_rows) {
  std::vector<Index> numbers;
  numbers.reserve(static_cast<std::size_t>(kept));
  auto bad = bad_rows.begin();
  for (Index number = first; static_cast<Index>(numbers.size()) < kept; ++number) {
    if (bad != bad_rows.end() && bad->number == number) {
      ++bad;
    } else {
      numbers.push_back(number);
    }
  }
  return numbers;
}

}  // namespace

bool BadRowRules::add(std::vector<BadRow> bad_rows) {
  const auto old_end = static_cast<std::ptrdiff_t>(known_.size());
  std::move(bad_rows.begin(), bad_rows.end(), std::back_inserter(known_));
  std::inplace_merge(known_.begin(), known_.begin() + old_end, known_.end(),
                     [](const BadRow& a, const BadRow& b) { return a.number < b.number; });
  return !bad_rows.empty();
}

void BadRowRules::set_places(const std::function<std::string(Index number)>& place) {
  for (BadRow& row : known_) row.place = place(row.number);
}

Index BadRowRules::number_of_kept(Index row) const {
  Index number = row;
  for (const BadRow& bad : known_) number += bad.number <= number ? 1 : 0;
  return number;
}

NoRowsLeft::NoRowsLeft(const BadRows& bad_rows)
    : DataError(fmt::format("{}: {}; all {} rows are left out (data.on_bad_row = skip)",
                            bad_rows.first.front().place, bad_rows.first.front().problem,
                            bad_rows.count)),
      bad_rows_(bad_rows) {}

void note_bad_rows(Team& team, const BadRowRules& rules, Table& table) {
  std::vector<BadRow> bad_rows = rules.known();
  const auto mine = static_cast<Index>(bad_rows.size());
  BadRows& all = table.bad_rows;
  all.count = sum_over(team, mine);
  if (all.count == 0) return;
  const Index first = exclusive_scan(team, table.rows.size() + mine);
  for (BadRow& row : bad_rows) row.number += first;
  all.first = first_of_all(team, bad_rows);
  guard(team, "numbering rows",
        [&] { table.numbers_read = kept_numbers(first, table.rows.size(), bad_rows); });
  if (table.total_rows == 0) throw NoRowsLeft(all);
  all.here = std::move(bad_rows);
}

}  // namespace lockstep
