#include "core/model/activations.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"
#include "core/kernel/normal.hpp"

namespace lockstep {
namespace {

// A function of y alone is `in place`: gradient(y, dy); else gradient(x, dy).

template <class T>
struct Relu {
  static constexpr bool kInPlace = true;
  T value(T x) const { return x <= T(0) ? T(0) : x; }
  T gradient(T y, T dy) const { return y <= T(0) ? T(0) : dy; }
};

template <class T>
struct LeakyRelu {
  static constexpr bool kInPlace = true;
  T slope;
  T value(T x) const { return x <= T(0) ? slope * x : x; }
  T gradient(T y, T dy) const { return y <= T(0) ? slope * dy : dy; }
};

template <class T>
struct Elu {
  static constexpr bool kInPlace = true;
  T value(T x) const {
    const T below = kernel::expm1_nonpositive(x <= T(0) ? x : T(0));
    return x <= T(0) ? below : x;
  }
  T gradient(T y, T dy) const { return y <= T(0) ? (y + T(1)) * dy : dy; }
};

template <class T>
struct Sigmoid {
  static constexpr bool kInPlace = true;
  T value(T x) const { return kernel::sigmoid(x); }
  T gradient(T y, T dy) const { return dy * (y * (T(1) - y)); }
};

template <class T>
struct Softplus {
  static constexpr bool kInPlace = true;
  T value(T x) const { return kernel::softplus(x); }
  T gradient(T y, T dy) const { return dy * -kernel::expm1_nonpositive(-y); }
};

template <class T>
struct Tanh {
  static constexpr bool kInPlace = true;
  T value(T x) const { return kernel::tanh(x); }
  T gradient(T y, T dy) const { return dy * (T(1) - y * y); }
};

template <class T>
struct Gelu {
  static constexpr bool kInPlace = false;
  T value(T x) const { return x * kernel::normal(x).cumulative; }
  T gradient(T x, T dy) const {
    const kernel::Normal<T> at = kernel::normal(x);
    return dy * std::fma(x, at.density, at.cumulative);
  }
};

template <class T>
struct Silu {
  static constexpr bool kInPlace = false;
  T value(T x) const { return x * kernel::sigmoid(x); }
  T gradient(T x, T dy) const {
    const T sigma = kernel::sigmoid(x);
    return dy * (sigma * (T(1) + x * (T(1) - sigma)));
  }
};

/// A layer without parameters from a scalar function and its derivative. Works on whole panels;
/// the next product reads none of the padding.
template <class T, class Function>
class Elementwise final : public Layer<T> {
 public:
  Elementwise(Index width, Function function) : width_(width), function_(function) {}

  Index inputs() const override { return width_; }
  Index outputs() const override { return width_; }
  bool in_place() const override { return Function::kInPlace; }
  bool derives_in_place() const override { return true; }

  void forward(Index n, Rows<const T> x, const T*, Rows<T> y, Rows<T>,
               const TrainingRows*) const override {
    const Index columns = kernel::panel_count(width_) * kPanel;
    for (Index r = 0; r < n; ++r) {
      const T* from = x.row(r);
      T* to = y.row(r);
      for (Index c = 0; c < columns; ++c) to[c] = function_.value(from[c]);
    }
  }

  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T*,
                Rows<T> dx) const override {
    const Index columns = kernel::panel_count(width_) * kPanel;
    const Rows<const T> values = Function::kInPlace ? done.y : done.x;
    for (Index r = 0; r < n; ++r) {
      const T* value = values.row(r);
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
  static const std::vector<std::string> kNames{"elu",     "gelu", "leaky_relu", "relu",
                                               "sigmoid", "silu", "softplus",   "tanh"};
  return kNames;
}

template <class T>
std::unique_ptr<Layer<T>> make_activation(std::string_view name, Index width, double slope) {
  if (name == "elu") return elementwise<T>(width, Elu<T>{});
  if (name == "gelu") return elementwise<T>(width, Gelu<T>{});
  if (name == "relu") return elementwise<T>(width, Relu<T>{});
  if (name == "leaky_relu") return elementwise<T>(width, LeakyRelu<T>{static_cast<T>(slope)});
  if (name == "sigmoid") return elementwise<T>(width, Sigmoid<T>{});
  if (name == "silu") return elementwise<T>(width, Silu<T>{});
  if (name == "softplus") return elementwise<T>(width, Softplus<T>{});
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
