#include "core/optimize/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/optimize/adagrad.hpp"
#include "core/optimize/adam.hpp"
#include "core/optimize/lamb.hpp"
#include "core/optimize/lars.hpp"
#include "core/optimize/rmsprop.hpp"
#include "core/optimize/sgd.hpp"

namespace lockstep {

const std::vector<OptimizerEntry>& optimizer_entries() {
  static const std::vector<OptimizerEntry> kEntries{
      {"adagrad", 0.05, 0.7, false, false, "s ← s + g², θ ← θ − α·g/(√s + ε)"},
      {"adam", 1e-3, 0.05, true, false, "θ ← θ − α·m̂/(√v̂ + ε)"},
      {"adamw", 1e-3, 0.05, true, false, "θ ← θ − α·λ·θ − α·m̂/(√v̂ + ε)"},
      {"amsgrad", 1e-3, 0.05, true, false, "w ← max(w, v), θ ← θ − α·m̂/(√ŵ + ε)"},
      {"lamb", 0.005, 0.05, true, false, "r = m̂/(√v̂ + ε) + λθ, θ ← θ − α·(‖θ‖/‖r‖)·r"},
      {"lars", 10, 100, false, true, "u ← μ·u + α·(η‖θ‖/(‖g‖ + λ‖θ‖))·(g + λθ), θ ← θ − u"},
      {"rmsprop", 1e-3, 0.05, true, true, "u ← μ·u + g/(√v + ε), θ ← θ − α·u"},
      {"sgd", 0.1, 0.1, false, true, "u ← μ·u + g, θ ← θ − α·u"},
  };
  return kEntries;
}

double automatic_rate(std::string_view name, const OptimizerOptions& options, bool hidden_layers,
                      Index steps) {
  for (const OptimizerEntry& entry : optimizer_entries()) {
    if (entry.name != name) continue;
    double rate = entry.default_rate;
    if (!hidden_layers) {
      const double shortened = entry.by_steps ? std::sqrt(static_cast<double>(steps)) : 1;
      rate = std::max(rate, entry.convex_rate / shortened);
    }
    return entry.takes_momentum ? rate * (1 - options.momentum) : rate;
  }
  throw ConfigError("unknown optimizer " + quoted(name));
}

template <class T>
TensorSquares Optimizer<T>::measure(const OptimizerStep&, Index, const T*, const T*,
                                    T* const*) const {
  return {};
}

template <class T>
double Optimizer<T>::trust_ratio(const TensorSquares&, bool) const {
  return 1;
}

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(std::string_view name,
                                             const OptimizerOptions& options) {
  if (name == "adagrad") return std::make_unique<Adagrad<T>>(options);
  if (name == "adam") return std::make_unique<Adam<T>>(options);
  if (name == "adamw") return std::make_unique<Adam<T>>(options, options.weight_decay);
  if (name == "amsgrad") return std::make_unique<Adam<T>>(options, 0, Adam<T>::Second::largest);
  if (name == "lamb") return std::make_unique<Lamb<T>>(options);
  if (name == "lars") return std::make_unique<Lars<T>>(options);
  if (name == "rmsprop") return std::make_unique<RmsProp<T>>(options);
  if (name == "sgd") return std::make_unique<Sgd<T>>(options);
  throw ConfigError("unknown optimizer " + quoted(name));
}

template class Optimizer<float>;
template class Optimizer<double>;
template std::unique_ptr<Optimizer<float>> make_optimizer(std::string_view,
                                                          const OptimizerOptions&);
template std::unique_ptr<Optimizer<double>> make_optimizer(std::string_view,
                                                           const OptimizerOptions&);

}  // namespace lockstep
