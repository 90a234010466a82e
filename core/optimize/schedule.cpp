#include "core/optimize/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

/// From `begin` to `end` by half a cosine, both exactly; `share` of the way.
double along_cosine(double begin, double end, double share) {
  const double turn = kernel::cos(std::numbers::pi * share);
  return begin * ((1 + turn) / 2) + end * ((1 - turn) / 2);
}

/// xᵖ for x ≥ 0, and 0⁰ = 1.
double power(double x, double p) {
  if (p == 0) return 1;
  return x == 0 ? 0 : kernel::exp(p * kernel::log(x));
}

double one_cycle(double t, double steps) {
  constexpr double kInitial = 1.0 / 25;
  constexpr double kFinal = kInitial / 1e4;
  constexpr double kRising = 0.3;
  const double peak = std::max(kRising * steps - 1, 0.0);
  const double last = std::max(steps - 1, peak);
  if (t < peak) return along_cosine(kInitial, 1, t / peak);
  return last > peak ? along_cosine(1, kFinal, (t - peak) / (last - peak)) : 1;
}

}  // namespace

const std::vector<ScheduleEntry>& schedule_entries() {
  static const std::vector<ScheduleEntry> kEntries{
      {"constant", false, "1"},
      {"cosine", true, "f + (1 − f)(1 + cos(πt/N))/2"},
      {"exponential", false, "γˣ"},
      {"inverse_sqrt", false, "√(k/(k + t))"},
      {"one_cycle", true, "1/25 → 1 → 1/250 000"},
      {"plateau", false, "γʳ after r plateaus of a metric"},
      {"polynomial", true, "f + (1 − f)(1 − t/N)ᵖ"},
      {"step", false, "γ^⌊x/every⌋"},
  };
  return kEntries;
}

Schedule::Schedule(const ScheduleOptions& options, Index steps_of_epoch, Index epochs)
    : options_(options), steps_of_epoch_(steps_of_epoch) {
  const std::vector<ScheduleEntry>& entries = schedule_entries();
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const ScheduleEntry& entry) {
    return entry.name == options.name;
  });
  if (found == entries.end()) throw ConfigError("unknown schedule " + quoted(options.name));
  kind_ = static_cast<Kind>(found - entries.begin());
  const Index total = steps_of_epoch * epochs;
  const double warmup = std::round(options.warmup_epochs * static_cast<double>(steps_of_epoch));
  warmup_ = static_cast<Index>(std::min(warmup, static_cast<double>(total)));
  rest_ = total - warmup_;
}

double Schedule::after_warmup(Index t) const {
  const auto at = static_cast<double>(t);
  const double epochs = at / static_cast<double>(steps_of_epoch_);
  const double share = rest_ > 0 ? std::min(at / static_cast<double>(rest_), 1.0) : 1;
  const double f = options_.final;
  switch (kind_) {
    case Kind::constant:
    case Kind::plateau:
      return 1;
    case Kind::step:
      return power(options_.factor, std::floor(epochs / options_.every_epochs));
    case Kind::exponential:
      return power(options_.factor, epochs);
    case Kind::polynomial:
      return f + (1 - f) * power(1 - share, options_.power);
    case Kind::cosine:
      return along_cosine(1, f, share);
    case Kind::one_cycle:
      return one_cycle(at, static_cast<double>(rest_));
    case Kind::inverse_sqrt:
      break;
  }
  const auto k = static_cast<double>(std::max<Index>(warmup_, 1));
  return std::sqrt(k / (k + at));
}

double Schedule::factor(Index step) const {
  if (warms_up(step)) return static_cast<double>(step) / static_cast<double>(warmup_);
  const Index t = step - 1 - warmup_;
  return after_warmup(options_.by_epoch ? t / steps_of_epoch_ * steps_of_epoch_ : t);
}

}  // namespace lockstep
