#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/types.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::trainer {

/// How bad it is: training would fail, or rows cannot be read; it is probably not meant; or it is
/// worth knowing.
enum class Severity { error, warning, note };

std::string_view name_of(Severity severity);

/// Something that a check has found.
struct Finding {
  Severity severity = Severity::note;
  std::string check;                   ///< what was looked for, a word: "missing"
  std::string message;                 ///< a sentence without a full stop
  std::vector<std::string> columns{};  ///< that it is about; the first of many
  std::vector<std::string> places{};   ///< of examples: "a.csv:17"
};

/// What is found in one column.
struct ColumnFinding {
  std::string column;
  std::string message;                ///< behind "column 'x': "
  std::vector<std::string> places{};  ///< of the first examples, or none
};

/// Columns and places that are named where there are many.
inline constexpr std::size_t kMostNamed = 20;

/// All that checks have found, in their order; the same on all ranks.
class Findings {
 public:
  void add(Finding finding) { all_.push_back(std::move(finding)); }
  /// A finding for each column, and one for all beyond kMostNamed.
  void add_columns(Severity severity, const std::string& check,
                   const std::vector<ColumnFinding>& columns);
  /// One finding about all of these columns, if there are any: "3 columns MESSAGE: 'a', 'b', 'c'".
  void add_group(Severity severity, const std::string& check, const std::string& message,
                 const std::vector<std::string>& columns);

  const std::vector<Finding>& all() const { return all_; }
  std::int64_t count(Severity severity) const;

 private:
  std::vector<Finding> all_;
};

/// What has ended a check: an error, without the rank that met it, which another number of ranks
/// would not have.
Finding finding_of(const std::string& check, const Error& error);

/// "'a', 'b', 'c' and 7 more".
std::string names_text(const std::vector<std::string>& names, std::size_t most = 5);

/// Where rows of a table stand, by their numbers in it, whoever holds them. *Collective*; sends a
/// number a row.
/// @param features  one for each row, whose cells are meant; none: the rows are
std::vector<std::string> places_of(Team& team, const Table& table, const std::vector<Index>& rows,
                                   const std::vector<Index>& features = {});

}  // namespace lockstep::trainer
