#include "tests/trainer/run/training_cases.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <regex>

#include "comm/communicator.hpp"
#include "comm/thread_transport.hpp"
#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/model/activations.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/support/ranks.hpp"
#include "trainer/run/training.hpp"

namespace lockstep::test {
namespace {

template <class V>
void append(std::string& bytes, const V* values, std::size_t count) {
  bytes.append(reinterpret_cast<const char*>(values), count * sizeof(V));
}

template <class V>
V one_of(RandomSequence& draws, const std::vector<V>& values) {
  return values[draws.below(values.size())];
}

double target_of(const TrainingCase& c, RandomSequence& draws) {
  const LossTraits traits = loss_traits(c.loss);
  if (traits.target == TargetKind::number) return draws.uniform(-2, 2);
  return static_cast<double>(draws.below(
      static_cast<std::uint64_t>(traits.scores == ClassScores::one_of_two ? 2 : c.classes)));
}

/// The first features; from none to two panels of numbers for each category.
std::vector<EmbeddedFeature> embedded_features(const TrainingCase& c) {
  std::vector<EmbeddedFeature> embedded;
  for (Index f = 0; f < c.embedded; ++f) {
    embedded.push_back({f, 1 + 7 * f % 40, 1 + 5 * f % 20});
  }
  return embedded;
}

template <class T>
Examples<T> make_rows(const TrainingCase& c, Range rows) {
  Examples<T> examples;
  examples.rows = rows;
  examples.total_rows = c.rows;
  examples.features = c.features;
  examples.is_sparse = c.sparse;
  examples.target_count = loss_traits(c.loss).target == TargetKind::number ? c.targets : 1;
  if (c.sparse) examples.begins.push_back(0);
  examples.stride = round_up(c.features, kPanel);
  if (!c.sparse) {
    examples.values.assign(static_cast<std::size_t>(rows.size() * examples.stride), T{0});
  }
  const std::vector<EmbeddedFeature> embedded = embedded_features(c);
  const RandomStream stream(7, Purpose::synthetic);
  for (Index r = rows.begin; r < rows.end; ++r) {
    RandomSequence draws(stream, static_cast<std::uint64_t>(r));
    for (const EmbeddedFeature& of : embedded) {
      const auto index = draws.below(static_cast<std::uint64_t>(of.categories) + 1);
      examples.values[static_cast<std::size_t>((r - rows.begin) * examples.stride + of.feature)] =
          static_cast<T>(index);
    }
    for (auto f = static_cast<Index>(embedded.size()); f < c.features; ++f) {
      if (c.density < 1 && draws.uniform() >= c.density) continue;
      const auto value = static_cast<T>(c.magnitude * draws.uniform(-1, 1));
      if (c.sparse) {
        examples.columns.push_back(static_cast<std::uint32_t>(f));
        examples.cells.push_back(value);
      } else {
        examples.values[static_cast<std::size_t>((r - rows.begin) * examples.stride + f)] = value;
      }
    }
    if (c.sparse) examples.begins.push_back(static_cast<Index>(examples.cells.size()));
    for (Index t = 0; t < examples.target_count; ++t) {
      examples.targets.push_back(target_of(c, draws));
    }
    if (c.weighted) examples.weights.push_back(std::max(0.0, draws.uniform(-0.5, 2)));
  }
  examples.actual_targets = examples.targets;
  return examples;
}

NetworkSpec spec_of(const TrainingCase& c) {
  NetworkSpec spec;
  spec.inputs = c.features;
  spec.hidden = c.hidden;
  spec.outputs = outputs_for(c.loss, c.classes, c.targets);
  spec.activation = c.activation;
  spec.loss = c.loss;
  spec.normalization = c.normalization;
  spec.residual = c.residual;
  spec.embedded = embedded_features(c);
  // The objective of L-BFGS must be a function.
  spec.dropout = c.optimizer == kLbfgsName ? 0 : c.dropout;
  return spec;
}

Scorer scorer_of(const TrainingCase& c, Index outputs) {
  const LossTraits traits = loss_traits(c.loss);
  std::vector<PredictedNumber> numbers;
  for (Index t = 0; t < c.targets && traits.target == TargetKind::number; ++t) {
    numbers.push_back({fmt::format("y{}", t), {}});
  }
  return {traits, outputs, std::move(numbers)};
}

trainer::TrainingOptions options_of(const TrainingCase& c) {
  trainer::TrainingOptions options;
  options.seed = c.seed;
  options.shuffle = c.shuffle;
  options.optimizer = c.optimizer;
  options.lbfgs.history = 3;
  if (options.is_full_batch()) options.shuffle = Shuffle::none;
  options.optimizer_options.momentum = c.momentum;
  options.optimizer_options.nesterov = c.nesterov;
  options.optimizer_options.bias_correction = c.bias_correction;
  options.optimizer_options.weight_decay = 0.01;
  options.learning_rate = c.learning_rate;
  options.schedule = Schedule(c.schedule, (c.rows + c.batch - 1) / c.batch, c.epochs);
  options.clip_value = c.clip_value;
  options.clip_norm = c.clip_norm;
  options.penalty = c.penalty;
  options.label_smoothing = loss_traits(c.loss).has_probabilities ? c.label_smoothing : 0;
  options.input_noise = options.is_full_batch() ? 0 : c.input_noise;
  options.micro_batch = c.normalization == kBatchNormalization ? 0 : c.micro_batch;
  return options;
}

/// Every rank's segment of one state, put together; where segments overlap they must agree.
template <class T>
AlignedVector<T> whole_state(comm::Communicator& team, const trainer::Training<T>& training,
                             const T* state) {
  const Range segment = training.segment();
  const std::span<const T> mine(state, static_cast<std::size_t>(segment.size()));
  const std::vector<Bytes> segments = team.all_gather(std::as_bytes(std::span(&segment, 1)));
  const std::vector<Bytes> values = team.all_gather(std::as_bytes(mine));
  AlignedVector<T> whole(training.theta().size());
  std::vector<char> seen(whole.size());
  for (std::size_t rank = 0; rank < segments.size(); ++rank) {
    Range range;
    std::memcpy(&range, segments[rank].data(), sizeof(range));
    for (Index e = range.begin; e < range.end; ++e) {
      const auto i = static_cast<std::size_t>(e);
      T value;
      std::memcpy(&value, values[rank].data() + (e - range.begin) * Index{sizeof(T)}, sizeof(T));
      EXPECT_TRUE(seen[i] == 0 || std::memcmp(&value, &whole[i], sizeof(T)) == 0)
          << "ranks disagree on element " << e << " of the optimizer's state";
      whole[i] = value;
      seen[i] = 1;
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0) << "elements that no rank updates";
  return whole;
}

}  // namespace

std::string describe(const TrainingCase& c) {
  return fmt::format(
      "{} {} {} hidden {} features {}×{:g} classes {} targets {} rows {} batch {} lanes {} epochs "
      "{} rate "
      "{:g} "
      "momentum {} nesterov {} corrected {} shuffle {} l1 {} l2 {} density {} sparse {} weighted "
      "{} biases {} proximal {} smoothing {} norm {} residual {} dropout {} noise {} micro {} "
      "embedded {}",
      c.loss, c.optimizer, c.activation, c.hidden, c.features, c.magnitude, c.classes, c.targets,
      c.rows, c.batch, c.lanes, c.epochs, c.learning_rate, c.momentum, c.nesterov,
      c.bias_correction, static_cast<int>(c.shuffle), c.penalty.l1, c.penalty.l2, c.density,
      c.sparse, c.weighted, c.penalty.biases, c.penalty.l1_method == L1Method::proximal,
      c.label_smoothing, c.normalization, c.residual, c.dropout, c.input_noise, c.micro_batch,
      c.embedded);
}

TrainingCase random_training_case(std::uint64_t seed, std::uint64_t number) {
  const RandomStream stream(seed, Purpose::synthetic);
  RandomSequence draws(stream, number);
  const auto up_to = [&](Index most) {
    return 1 + static_cast<Index>(draws.below(static_cast<std::uint64_t>(most)));
  };
  TrainingCase c;
  c.loss = one_of(draws, loss_names());
  c.activation = one_of(draws, activation_names());
  const OptimizerEntry optimizer = one_of(draws, optimizer_entries());
  c.optimizer = optimizer.name;
  if (optimizer.takes_momentum) {
    c.momentum = one_of<double>(draws, {0, 0.5, 0.9});
    c.nesterov = c.momentum > 0 && draws.below(2) == 0;
  }
  c.bias_correction = draws.below(4) != 0;
  c.shuffle = one_of<Shuffle>(draws, {Shuffle::none, Shuffle::rows, Shuffle::blocks});
  c.penalty = {one_of<double>(draws, {0, 1e-3}), one_of<double>(draws, {0, 1e-2})};
  // Denormal products and an occasional divergence must be equal too.
  c.magnitude = one_of<double>(draws, {1, 1, 1, 1e-19, 1e3});
  c.learning_rate = one_of<double>(draws, {0.01, 0.01, 0.3});
  c.hidden.clear();
  const Index widest = one_of<Index>(draws, {5, 20, 90});
  for (Index depth = static_cast<Index>(draws.below(4)); depth > 0; --depth) {
    c.hidden.push_back(up_to(widest));
  }
  c.features = up_to(widest);
  c.classes = 1 + up_to(20);
  c.lanes = Index{1} << draws.below(7);
  c.rows = up_to(one_of<Index>(draws, {12, 150, 1200}));
  c.batch = up_to(one_of<Index>(draws, {3, 70, 700}));
  // Enough steps for the state to tell, few enough for many cases.
  c.epochs = std::clamp<Index>(8 * c.batch / c.rows, 1, 5);
  c.seed = draws.next();
  c.sparse = draws.below(3) == 0;
  if (c.sparse) {
    c.density = one_of<double>(draws, {0.5, 0.1, 0.01});
    c.features *= one_of<Index>(draws, {1, 10, 100});
  }
  c.weighted = draws.below(3) == 0;
  c.targets = one_of<Index>(draws, {1, 1, 2, 9});
  c.penalty.biases = draws.below(2) == 0;
  c.penalty.l1_method = one_of<L1Method>(draws, {L1Method::proximal, L1Method::subgradient});
  c.label_smoothing = one_of<double>(draws, {0, 0, 0.1});
  c.normalization = one_of(draws, normalization_names());
  c.residual = draws.below(2) == 0;
  if (c.residual && !c.hidden.empty() && draws.below(2) == 0) {
    c.hidden.assign(c.hidden.size() + 1, c.hidden.front());
  }
  c.dropout = one_of<double>(draws, {0, 0, 0.3});
  c.input_noise = c.sparse ? 0 : one_of<double>(draws, {0, 0, 0.1});
  c.micro_batch = one_of<Index>(draws, {0, 0, 1, 7, 50});
  if (draws.below(3) == 0 && !c.sparse) {
    c.embedded = static_cast<Index>(draws.below(static_cast<std::uint64_t>(c.features) + 1));
  }
  return c;
}

/// An error but for who saw it and what to do, which sparse rows and dense ones differ in.
std::string finding_of(const std::string& message) {
  static const std::regex kRank("; rank [0-9]+ on [^)]*");
  return std::regex_replace(message.substr(0, message.find("; lower ")), kRank, "");
}

/// A run of a case on this rank.
template <class T>
class CaseRun {
 public:
  CaseRun(comm::Transport& transport, const TrainingCase& c, int threads)
      : case_(c),
        team_(transport, kTimeout),
        spec_(spec_of(c)),
        network_(spec_),
        lanes_(c.rows, c.lanes, c.batch),
        examples_(make_rows<T>(
            c, lanes_.rows_of(part_of(lane_boundaries(c.lanes, team_.size()), team_.rank())))),
        scorer_(scorer_of(c, spec_.outputs)),
        training_(team_, network_, lanes_, examples_, scorer_, options_of(c), threads,
                  initial_parameters()) {}

  /// All of it.
  std::string result() {
    training_.begin_epoch(1);
    return result_from({});
  }

  /// Until so many steps are done, of all epochs.
  Interruption<T> interrupt(Index steps) {
    Interruption<T> state;
    training_.begin_epoch(1);
    while (true) {
      const trainer::TrainingPosition& position = training_.position();
      const Index first = position.all_steps - position.step;
      run_steps(std::min(lanes_.steps(), steps - first));
      if (position.all_steps == steps) break;
      append_sums(state.bytes);
      training_.begin_epoch(position.epoch + 1);
    }
    state.position = training_.position();
    state.theta = training_.theta();
    training_.visit_states([&](const std::vector<const T*>& states) {
      for (const T* s : states) state.states.push_back(whole_state(team_, training_, s));
    });
    return state;
  }

  std::string resume(const Interruption<T>& from) {
    training_.restore(from.position, [&](T* theta, const std::vector<T*>& states) {
      const Range mine = training_.segment();
      std::copy_n(from.theta.data() + mine.begin, mine.size(), theta);
      for (std::size_t s = 0; s < states.size(); ++s) {
        std::copy_n(from.states[s].data() + mine.begin, mine.size(), states[s]);
      }
    });
    return result_from(from.bytes);
  }

 private:
  AlignedVector<T> initial_parameters() const {
    AlignedVector<T> theta(static_cast<std::size_t>(network_.arena_size()));
    network_.initialize(case_.seed, theta.data());
    return theta;
  }

  void run_steps(Index last) {
    training_.run_steps(
        last, [] { return trainer::Wishes(0); }, [](Index) {});
  }

  void append_sums(std::string& bytes) const {
    const ScoreSums& sums = training_.position().sums;
    const double loss = sums.loss();
    append(bytes, &loss, 1);
    append(bytes, &sums.classes.correct, 1);
    for (const RegressionSums& of_target : sums.numbers) {
      append(bytes, &of_target.squared_error, 1);
    }
    EXPECT_EQ(sums.rows(), case_.rows) << "every row once an epoch";
  }

  /// From the position on; `bytes` are of the epochs before.
  std::string result_from(std::string bytes) {
    while (true) {
      const Index epoch = training_.position().epoch;
      try {
        run_steps(lanes_.steps());
      } catch (const NumericalError& error) {
        return bytes + finding_of(error.what());
      }
      append_sums(bytes);
      if (epoch == case_.epochs) break;
      training_.begin_epoch(epoch + 1);
    }
    append(bytes, training_.theta().data(), training_.theta().size());
    training_.visit_states([&](const std::vector<const T*>& states) {
      for (const T* state : states) {
        const AlignedVector<T> whole = whole_state(team_, training_, state);
        append(bytes, whole.data(), whole.size());
      }
    });
    return bytes;
  }

  const TrainingCase& case_;
  comm::Communicator team_;
  NetworkSpec spec_;
  Network<T> network_;
  Lanes lanes_;
  Examples<T> examples_;
  Scorer scorer_;
  trainer::Training<T> training_;
};

template <class T>
std::string train(comm::Transport& transport, const TrainingCase& c, int threads) {
  return CaseRun<T>(transport, c, threads).result();
}

template <class T>
Interruption<T> interrupt_on_threads(const TrainingCase& c, int ranks, Index steps) {
  Interruption<T> state;
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    Interruption<T> mine = CaseRun<T>(transport, c, 1).interrupt(steps);
    if (transport.rank() == 0) state = std::move(mine);
  });
  return state;
}

template <class T>
std::set<std::string> resume_on_threads(const TrainingCase& c, int ranks, int threads,
                                        const Interruption<T>& from) {
  std::mutex mutex;
  std::set<std::string> all;
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    std::string bytes = CaseRun<T>(transport, c, threads).resume(from);
    const std::lock_guard lock(mutex);
    all.insert(std::move(bytes));
  });
  return all;
}

template Interruption<float> interrupt_on_threads(const TrainingCase&, int, Index);
template Interruption<double> interrupt_on_threads(const TrainingCase&, int, Index);
template std::set<std::string> resume_on_threads(const TrainingCase&, int, int,
                                                 const Interruption<float>&);
template std::set<std::string> resume_on_threads(const TrainingCase&, int, int,
                                                 const Interruption<double>&);

template <class T>
std::set<std::string> train_on_threads(const TrainingCase& c, int ranks, int threads) {
  std::mutex mutex;
  std::set<std::string> all;
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    std::string bytes = train<T>(transport, c, threads);
    const std::lock_guard lock(mutex);
    all.insert(std::move(bytes));
  });
  return all;
}

template std::string train<float>(comm::Transport&, const TrainingCase&, int);
template std::string train<double>(comm::Transport&, const TrainingCase&, int);
template std::set<std::string> train_on_threads<float>(const TrainingCase&, int, int);
template std::set<std::string> train_on_threads<double>(const TrainingCase&, int, int);

}  // namespace lockstep::test
