#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::trainer {

// Numbers and names for people.

/// A table whose columns are as wide as their cells; the first is aligned left, the others right.
/// Requires a row, and as many cells in each.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

/// Names may be any text of a header: one line of a table holds the beginning.
std::string name_text(const std::string& name);

/// "1 rank", "3 ranks".
std::string plural(std::int64_t n, const std::string& noun);

/// "17 MiB", "1.5 GiB"; less than a mebibyte is one.
std::string memory_text(std::int64_t bytes);

}  // namespace lockstep::trainer
