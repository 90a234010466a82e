#pragma once

#include "core/model/layer.hpp"

namespace lockstep {

/// y = x, to which the pass adds what an earlier layer has read, so that a group of layers learns
/// what is to be added to its input [He et al. 2016]. Both have memory of their own: the sum takes
/// no place of what layers need to go back.
template <class T>
class Shortcut final : public Layer<T> {
 public:
  explicit Shortcut(Index width) : width_(width) {}

  Index inputs() const override { return width_; }
  Index outputs() const override { return width_; }
  bool in_place() const override { return false; }
  bool derives_in_place() const override { return false; }
  void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
               const TrainingRows* rows) const override;
  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                Rows<T> dx) const override;

 private:
  Index width_;
};

}  // namespace lockstep
