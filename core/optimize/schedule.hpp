#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// What the registry knows of a schedule.
struct ScheduleEntry {
  std::string name;
  bool depends_on_total;  ///< on how many epochs there are: a run cannot go on for more
  std::string equation;
};
const std::vector<ScheduleEntry>& schedule_entries();

/// Everything that schedules are configured with; each reads its own.
struct ScheduleOptions {
  std::string name = "constant";
  bool by_epoch = false;     ///< the rate changes between epochs, otherwise with every step
  double warmup_epochs = 0;  ///< before the schedule begins; a fraction too
  double factor = 0.1;       ///< γ of step and exponential
  double every_epochs = 10;  ///< of step
  double power = 1;          ///< p of polynomial
  double final = 0;          ///< what polynomial and cosine end with, as a share of the rate
};

/// How the rate of an optimizer changes over a run: what it is multiplied by in each step.
///
/// The first w steps, as many as the warm-up has epochs, rounded, go up in a line: s/w in step s
/// [Goyal et al. 2017]. Behind them, t steps or t/n epochs x of n steps, of N steps that are left:
///   constant       1
///   step           γ^⌊x/every⌋
///   exponential    γˣ
///   polynomial     f + (1 − f)(1 − t/N)ᵖ
///   cosine         f + (1 − f)(1 + cos(πt/N))/2                     [Loshchilov, Hutter 2017]
///   one_cycle      from 1/25 to 1 by half a cosine in 0.3·N − 1 steps, then down to 1/250 000 in
///                  the last one                     [Smith, Topin 2018; as PyTorch's OneCycleLR]
///   plateau        1, times what whoever watches a metric makes of it
///   inverse_sqrt   √(k/(k + t)), k the steps of the warm-up, at least 1    [Vaswani et al. 2017]
/// t counts from 0; by epoch, it is that of the first step of the epoch.
class Schedule {
 public:
  Schedule() = default;
  /// Throws ConfigError for an unknown name.
  Schedule(const ScheduleOptions& options, Index steps_of_epoch, Index epochs);

  /// In step `step` of all, from 1. A pure function of it, with the same bits on every machine.
  double factor(Index step) const;
  /// The step belongs to the warm-up.
  bool warms_up(Index step) const { return step <= warmup_; }

 private:
  /// In the order of schedule_entries().
  enum class Kind {
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    one_cycle,
    plateau,
    polynomial,
    step
  };

  double after_warmup(Index t) const;

  Kind kind_ = Kind::constant;
  ScheduleOptions options_;
  Index steps_of_epoch_ = 1;
  Index warmup_ = 0;  ///< steps
  Index rest_ = 0;    ///< steps behind them
};

}  // namespace lockstep
