#pragma once

#include <span>

#include "core/model/embedding.hpp"
#include "core/model/layer.hpp"

namespace lockstep {

/// Adds to each of n features of each row a normal number with mean 0 and this standard deviation
/// [Bishop 1995]: a pure function of (seed, epoch, row, feature), the row by its number among all
/// training rows. Features that are indices of categories stay as they are.
template <class T>
void add_input_noise(double deviation, Index n, std::span<const EmbeddedFeature> embedded,
                     Range rows, const TrainingRows& training, Rows<T> x);

}  // namespace lockstep
