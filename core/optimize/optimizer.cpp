#include "core/optimize/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/optimize/adam.hpp"
#include "core/optimize/sgd.hpp"

namespace lockstep {

const std::vector<OptimizerEntry>& optimizer_entries() {
  static const std::vector<OptimizerEntry> kEntries{
      {"adam", 1e-3, false, true, "θ ← θ − α·m̂/(√v̂ + ε)"},
      {"adamw", 1e-3, false, true, "θ ← θ − α·λ·θ − α·m̂/(√v̂ + ε)"},
      {"sgd", 0.1, true, false, "u ← μ·u + g, θ ← θ − α·u"},
  };
  return kEntries;
}

double automatic_rate(std::string_view name, const OptimizerOptions& options, bool hidden_layers,
                      Index steps) {
  constexpr double kFullBatchRate = 0.05;
  for (const OptimizerEntry& entry : optimizer_entries()) {
    if (entry.name != name) continue;
    if (entry.takes_momentum) return entry.default_rate * (1 - options.momentum);
    if (!entry.adaptive || hidden_layers) return entry.default_rate;
    return std::max(entry.default_rate, kFullBatchRate / std::sqrt(static_cast<double>(steps)));
  }
  throw ConfigError("unknown optimizer " + quoted(name));
}

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(std::string_view name,
                                             const OptimizerOptions& options) {
  if (name == "sgd") return std::make_unique<Sgd<T>>(options);
  if (name == "adam") return std::make_unique<Adam<T>>(options, 0.0);
  if (name == "adamw") return std::make_unique<Adam<T>>(options, options.weight_decay);
  throw ConfigError("unknown optimizer " + quoted(name));
}

template std::unique_ptr<Optimizer<float>> make_optimizer(std::string_view,
                                                          const OptimizerOptions&);
template std::unique_ptr<Optimizer<double>> make_optimizer(std::string_view,
                                                           const OptimizerOptions&);

}  // namespace lockstep
