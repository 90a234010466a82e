#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/base/types.hpp"
#include "core/linalg/distributed_matrix.hpp"

namespace lockstep {

// What a metric refuses, in one wording. Rows are named by their global numbers, from 0: the first
// one here is `first_row`. Each throws a DataError about the first row that is wrong; rank-local,
// so they belong under guard().

/// There is one of `what` for each of `of`: "3 labels for 4 scores: expected one for each".
void check_one_for_each(std::string_view what, std::size_t found, std::string_view of,
                        std::size_t expected);
/// No score is NaN; infinite ones have an order and are welcome.
void check_scores(std::span<const double> scores, Index first_row);
/// Every score of every row; see above.
void check_scores(const DistributedMatrix& scores);
/// Labels of two classes: 0 or 1.
void check_labels(std::span<const double> labels, Index first_row);
/// Class indices: whole numbers from 0 to classes − 1. `what` is what they are called.
void check_classes(std::string_view what, std::span<const double> values, Index classes,
                   Index first_row);
/// Each probability is in [0, 1].
void check_probabilities(std::span<const double> probabilities, Index first_row);
/// Each row is a distribution: probabilities that sum to 1 within 10⁻⁶, which is what those
/// computed in single precision do.
void check_distributions(const DistributedMatrix& probabilities);

}  // namespace lockstep
