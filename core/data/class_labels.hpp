#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Reads a number as options.hpp's parse_real does, and one leading plus as well, which data files
/// have. Returns false, and leaves `out` untouched, when `text` is no finite number.
bool parse_csv_number(std::string_view text, double& out);

/// What a label is compared by, alone: a number of size below 2⁵³ in its shortest form, any other
/// text as it is.
std::string canonical_label(std::string_view label);

/// All are numbers of size below 2⁵³.
bool are_numbers(const std::vector<std::string>& labels);

/// The classes of a target column, from the labels in its cells.
///
/// When every label is a number, of size below 2⁵³, classes are numbers: they ascend, labels of
/// equal value (1 and 1.0) are one class, and its name is the number's shortest form. Otherwise
/// classes are texts in bytewise order.
class ClassLabels {
 public:
  /// More would not be classes but numbers that somebody took for them.
  static constexpr std::size_t kMostClasses = 65536;

  /// Classes that are yet to be found.
  ClassLabels() = default;
  /// Classes that are known, in the order of their indices.
  explicit ClassLabels(std::vector<std::string> known);

  /// The code of a label: its index when classes are known (nothing for one that does not occur
  /// among them), otherwise a number of this rank.
  std::optional<Index> code(std::string_view label);

  /// More labels on this rank than any reading of them could make kMostClasses of: a bound of
  /// memory. Whether there are too many classes is known after `agree`.
  bool too_many() const { return labels_.size() > 16 * kMostClasses; }

  /// Distinct labels on this rank so far; 0 when classes were known.
  std::size_t distinct() const { return labels_.size(); }

  /// Agrees on the names of all classes. *Collective*; sends the distinct labels of this rank to
  /// every other one.
  void agree(Team& team);

  /// After `agree`, or when classes were known.
  const std::vector<std::string>& names() const { return names_; }
  Index index_of_code(Index code) const { return index_of_code_[static_cast<std::size_t>(code)]; }

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name
  };

  bool known_ = false;
  bool numeric_ = false;             ///< of known classes
  std::vector<std::string> labels_;  ///< by code
  std::unordered_map<std::string, Index, TextHash, std::equal_to<>> codes_;
  std::vector<std::string> names_;
  std::vector<Index> index_of_code_;
};

/// Agrees on the classes of the target column `name` and makes the codes in `target` indices of
/// the classes that are returned. Throws DataError about too many: `data`, and what
/// too_many_classes says. *Collective*, as ClassLabels::agree.
std::vector<std::string> agree_on_classes(Team& team, ClassLabels& labels, const std::string& name,
                                          const std::string& data, std::vector<double>& target);

/// What is said, after a place, of a target column with more than ClassLabels::kMostClasses labels.
std::string too_many_classes(const std::string& column);

}  // namespace lockstep
