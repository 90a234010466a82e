#include "core/model/activations.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

template <class T>
struct Relu {
  T value(T x) const { return x <= T(0) ? T(0) : x; }
  T gradient(T y, T dy) const { return y <= T(0) ? T(0) : dy; }
};

template <class T>
struct LeakyRelu {
  T slope;
  T value(T x) const { return x <= T(0) ? slope * x : x; }
  T gradient(T y, T dy) const { return y <= T(0) ? slope * dy : dy; }
};

template <class T>
struct Sigmoid {
  T value(T x) const { return kernel::sigmoid(x); }
  T gradient(T y, T dy) const { return dy * (y * (T(1) - y)); }
};

template <class T>
struct Tanh {
  T value(T x) const { return kernel::tanh(x); }
  T gradient(T y, T dy) const { return dy * (T(1) - y * y); }
};

/// A layer without parameters from a scalar function and its derivative. Works on whole panels;
/// the next product reads none of the padding.
template <class T, class Function>
class Elementwise final : public Layer<T> {
 public:
  Elementwise(Index width, Function function) : width_(width), function_(function) {}

  Index inputs() const override { return width_; }
  Index outputs() const override { return width_; }
  bool in_place() const override { return true; }
  std::vector<Tensor> tensors() const override { return {}; }
  void initialize(Initialization, const RandomStream&, std::uint64_t, T*) const override {}
  Index prepared_size() const override { return 0; }
  Index prepared_parts() const override { return 0; }
  void prepare(const T*, T*, Index) const override {}
  std::vector<GradientTile> gradient_tiles(Index) const override { return {}; }
  void gradient(std::span<const Range>, const GradientTile&, Rows<const T>, Rows<const T>,
                T*) const override {}

  void forward(Index n, Rows<const T> x, const T*, Rows<T> y) const override {
    const Index columns = kernel::panel_count(width_) * kPanel;
    for (Index r = 0; r < n; ++r) {
      const T* from = x.row(r);
      T* to = y.row(r);
      for (Index c = 0; c < columns; ++c) to[c] = function_.value(from[c]);
    }
  }

  void backward(Index n, Rows<const T> y, Rows<const T> dy, const T*, Rows<T> dx) const override {
    const Index columns = kernel::panel_count(width_) * kPanel;
    for (Index r = 0; r < n; ++r) {
      const T* value = y.row(r);
      const T* from = dy.row(r);
      T* to = dx.row(r);
      for (Index c = 0; c < columns; ++c) to[c] = function_.gradient(value[c], from[c]);
    }
  }

 private:
  Index width_;
  Function function_;
};

template <class T, class Function>
std::unique_ptr<Layer<T>> elementwise(Index width, Function function) {
  return std::make_unique<Elementwise<T, Function>>(width, function);
}

}  // namespace

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> kNames{"leaky_relu", "relu", "sigmoid", "tanh"};
  return kNames;
}

template <class T>
std::unique_ptr<Layer<T>> make_activation(std::string_view name, Index width, double slope) {
  if (name == "relu") return elementwise<T>(width, Relu<T>{});
  if (name == "leaky_relu") return elementwise<T>(width, LeakyRelu<T>{static_cast<T>(slope)});
  if (name == "sigmoid") return elementwise<T>(width, Sigmoid<T>{});
  if (name == "tanh") return elementwise<T>(width, Tanh<T>{});
  throw ConfigError("unknown activation " + quoted(name));
}

Initialization initialization_for(std::string_view activation) {
  return activation == "sigmoid" || activation == "tanh" ? Initialization::xavier
                                                         : Initialization::he;
}

template std::unique_ptr<Layer<float>> make_activation(std::string_view, Index, double);
template std::unique_ptr<Layer<double>> make_activation(std::string_view, Index, double);

}  // namespace lockstep
