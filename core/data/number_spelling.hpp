#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// How the numbers of a column were written: what gives their texts back, which classes and
/// categories may be told apart by.
struct NumberSpelling {
  enum class Kind {
    shortest,  ///< each as format_real writes it
    integer,   ///< each in plain decimal digits: 1000000
    listed,    ///< each number in one way, which `texts` has
    lost,      ///< in several ways, or too many of them
  };

  Kind kind = Kind::lost;
  std::map<std::uint64_t, std::string>
      texts{};  ///< by the bits of the numbers; empty unless listed

  /// The text of a number of the column; where it is lost, or not listed, the shortest one.
  std::string text_of(double number) const;

  friend bool operator==(const NumberSpelling&, const NumberSpelling&) = default;
};

/// Finds out how the numbers of a column are written, from their texts.
class SpellingCollector {
 public:
  /// More different texts are not kept; those of integers need not be.
  static constexpr std::size_t kMostTexts = 4096;

  void add(std::string_view text, double number);

  /// What holds for the numbers of all ranks. *Collective*; sends the distinct texts, at most
  /// kMostTexts a rank.
  NumberSpelling agree(Team& team) const;

 private:
  bool integers_ = true;
  bool too_many_ = false;
  std::unordered_map<std::string, double> texts_;
};

}  // namespace lockstep
