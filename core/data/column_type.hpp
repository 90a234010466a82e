#pragma once

#include <string>
#include <vector>

namespace lockstep {

enum class ColumnKind { number, category };

/// What the cells of a feature column are. In a Table a category stands as its index in
/// `categories`, and a missing cell as NaN, which no reader takes from a file.
struct ColumnType {
  ColumnKind kind = ColumnKind::number;
  std::vector<std::string> categories{};  ///< distinct texts in bytewise order; empty for numbers

  friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

}  // namespace lockstep
