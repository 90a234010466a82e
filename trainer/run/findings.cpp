#include "trainer/run/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    default:
      return "note";
  }
}

void Findings::add_columns(Severity severity, const std::string& check,
                           const std::vector<ColumnFinding>& columns) {
  std::vector<std::string> rest;  // may be a million
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ColumnFinding& column = columns[i];
    if (i >= kMostNamed) {
      rest.push_back(column.column);
      continue;
    }
    Finding finding{severity,
                    check,
                    fmt::format("column {}: {}", lockstep::quoted(column.column), column.message),
                    {column.column}};
    finding.places = column.places;
    add(std::move(finding));
  }
  if (rest.empty()) return;
  Finding finding{severity, check,
                  fmt::format("the same of {} more: {}",
                              plural(static_cast<Index>(rest.size()), "column"), names_text(rest)),
                  rest};
  finding.columns.resize(std::min(rest.size(), kMostNamed));
  add(std::move(finding));
}

void Findings::add_group(Severity severity, const std::string& check, const std::string& message,
                         const std::vector<std::string>& columns) {
  if (columns.empty()) return;
  Finding finding{severity, check,
                  fmt::format("{} {}: {}", plural(static_cast<Index>(columns.size()), "column"),
                              message, names_text(columns))};
  finding.columns = columns;
  finding.columns.resize(std::min(columns.size(), kMostNamed));
  add(std::move(finding));
}

std::int64_t Findings::count(Severity severity) const {
  return std::count_if(all_.begin(), all_.end(),
                       [&](const Finding& finding) { return finding.severity == severity; });
}

Finding finding_of(const std::string& check, const Error& error) {
  const auto* of_rank = dynamic_cast<const CollectiveError*>(&error);
  return {Severity::error, check, of_rank != nullptr ? of_rank->problem() : error.what()};
}

std::string names_text(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
    text += (i > 0 ? ", " : "") + lockstep::quoted(names[i]);
  }
  return names.size() > most ? text + fmt::format(" and {} more", names.size() - most) : text;
}

std::vector<std::string> places_of(Team& team, const Table& table, const std::vector<Index>& rows,
                                   const std::vector<Index>& features) {
  std::vector<std::int64_t> numbers;
  numbers.reserve(rows.size());
  for (const Index row : rows) {
    numbers.push_back(table.rows.contains(row) ? table.number_read(row - table.rows.begin) : -1);
  }
  team.all_reduce(numbers, IntegerReduction::max);
  std::vector<std::string> places;
  places.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    places.push_back(features.empty() ? table.places.of(numbers[i])
                                      : table.place_of(numbers[i], features[i]));
  }
  return places;
}

}  // namespace lockstep::trainer
