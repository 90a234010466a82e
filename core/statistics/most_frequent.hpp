#pragma once

#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The most frequent value of every column of X over all ranks, the smallest of equally frequent
/// ones: the mode. NaN is a missing cell and is skipped; −0 counts as +0; NaN of no values.
///
/// Each distinct value has one rank, which its bits choose, and which adds up how often the others
/// have met it. Counts are exact, so the result is the same for any number of ranks.
/// *Collective*; a rank sends its distinct values of a column, 16 bytes each, once.
std::vector<double> most_frequent(Team& team, const DistributedMatrix& X);

}  // namespace lockstep
