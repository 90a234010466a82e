#pragma once

#include "core/model/layer.hpp"

namespace lockstep {

/// In training, y = x/(1 − p) with probability 1 − p and else 0, each unit of each row by itself
/// [Srivastava et al. 2014, scaled in training, as PyTorch's]. ∂L/∂x is ∂L/∂y likewise.
///
/// Whether a unit is kept is a pure function of (seed, epoch, row, layer, unit): the row by its
/// number among all training rows, the layer by `number`. A unit that is dropped is 0 whatever it
/// was.
template <class T>
class Dropout final : public Layer<T> {
 public:
  /// @param number  tells the dropouts of a network apart
  /// @param rate    p, 0 < p < 1
  Dropout(Index width, std::uint64_t number, double rate);

  Index inputs() const override { return width_; }
  Index outputs() const override { return width_; }
  bool in_place() const override { return false; }
  bool derives_in_place() const override { return true; }
  /// What each unit was multiplied by.
  Index kept() const override { return width_; }
  bool only_trains() const override { return true; }
  void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
               const TrainingRows* rows) const override;
  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                Rows<T> dx) const override;

 private:
  void draw_factors(const RandomStream& stream, Index epoch, Index row, T* factors) const;

  Index width_;
  std::uint64_t number_;
  std::uint64_t dropped_;  // of 2³² numbers
  T factor_;
};

}  // namespace lockstep
