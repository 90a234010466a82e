#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Two rows by their numbers, each in the set that it is of.
struct RowPair {
  Index first = 0;
  Index second = 0;

  friend bool operator==(const RowPair&, const RowPair&) = default;
};

/// Rows of a set that are as rows of another set, or as earlier rows of their own.
struct Duplicates {
  std::size_t first_set = 0;
  std::size_t second_set = 0;  ///< ≥ first_set; its rows are counted

  /// Rows whose features and target are those of a row of the first set.
  std::int64_t equal = 0;
  /// Rows whose features are those of a row of the first set that has another target. A row may be
  /// of both kinds.
  std::int64_t contradicting = 0;
  /// The first of them, each with the earliest row that it is like.
  std::vector<RowPair> equal_examples{};
  std::vector<RowPair> contradicting_examples{};

  friend bool operator==(const Duplicates&, const Duplicates&) = default;
};

/// Pairs that are kept as examples of each kind.
inline constexpr std::size_t kDuplicateExamples = 5;

/// Compares all rows of several sets with one another, by a hash of 128 bits (RowWords) of their
/// features: −0 is 0, a missing cell is like any other, a row is the same dense and sparse. Targets
/// are compared where all sets have them, otherwise none contradicts. Rows that differ have equal
/// hashes with a probability of n²/2¹²⁹.
///
/// Each hash has one rank, by its range; there the rows of equal hashes meet and are counted, so
/// the result is exact and the same for any number of ranks.
/// @param sets  of equally many features; categories and classes of one set are numbered as in the
///              others
/// @return of each pair of sets: (0, 0), (0, 1), …, (1, 1), …
/// @throws DataError, on all ranks, for sets of different widths
/// *Collective*; a rank sends 32 bytes a row, once.
std::vector<Duplicates> find_duplicates(Team& team, std::span<const Table* const> sets,
                                        int threads);

}  // namespace lockstep
