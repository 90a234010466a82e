#include "trainer/run/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/data/data_hash.hpp"
#include "core/data/partition.hpp"
#include "core/model/sample_weights.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/statistics/moments.hpp"
#include "trainer/cli/key_rules.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/preprocessing.hpp"

namespace lockstep::trainer {
namespace {

std::string some_classes(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i > 0 ? ", " : "") + lockstep::quoted(names[i]);
  }
  return names.size() > kShown ? text + ", …" : text;
}

void check_classes(const Settings& settings, const std::string& loss, const Table& train) {
  check_several_classes(train);
  const auto classes = train.class_names.size();
  if (loss_traits(loss).scores == ClassScores::one_of_two && classes != 2) {
    throw DataError(fmt::format(
        "target '{}': model.type = {} with model.loss = {} takes two classes, found {}: {}; "
        "model.type = softmax takes any number",
        train.target_name(), settings.text("model.type"), loss, classes,
        some_classes(train.class_names)));
  }
}

Initialization initialization_named(const std::string& name) {
  if (name == "he") return Initialization::he;
  if (name == "xavier") return Initialization::xavier;
  if (name == "zero") return Initialization::zero;
  return Initialization::automatic;
}

/// The columns whose categories a model does not know.
std::vector<bool> hashed_features(const FeatureTransform& transform) {
  std::vector<bool> hashed;
  for (const ColumnTransform& column : transform.columns()) {
    hashed.push_back(column.encoding == Encoding::hash);
  }
  return hashed;
}

FeatureTransform fit_features(Session& session, const Table& train) {
  const ColumnChoices choices = choose_columns(session.settings, train.feature_names);
  check_kinds(session.settings, choices, train);
  return FeatureTransform::fit(session.team, train, choices.options, session.threads);
}

/// Of each target; none of classes.
std::vector<ColumnScaling> fit_targets(Team& team, const Table& train, Scaling kind) {
  const bool are_numbers = train.target_kind == TargetKind::number;
  if (kind == Scaling::none) {
    return std::vector<ColumnScaling>(are_numbers ? train.target_names.size() : 0);
  }
  if (!are_numbers) {
    throw ConfigError(fmt::format(
        "preprocess.target_scale: the target '{}' is a class, which has no scale; remove the key",
        train.target_name()));
  }
  const std::vector<ColumnMoments> moments = target_moments(team, train);
  std::vector<ColumnScaling> scalings;
  for (std::size_t t = 0; t < moments.size(); ++t) {
    scalings.push_back(ColumnScaling::fit(kind, moments[t], train.target_names[t]));
  }
  return scalings;
}

void weight_training_rows(Session& session, Table& train) {
  constexpr const char* kKey = "train.class_weight";
  const Settings& settings = session.settings;
  const ClassWeights classes = ClassWeights::from_texts(settings.texts(kKey));
  if (classes.kind != ClassWeights::Kind::none && train.target_kind != TargetKind::classes) {
    throw PlacedConfigError(
        fmt::format("{}: error: {}: the target {} is a number, and has no classes; remove the key",
                    settings.place(kKey), kKey, lockstep::quoted(train.target_name())));
  }
  try {
    weight_rows(session.team, train, classes);
  } catch (const ConfigError& error) {
    throw PlacedConfigError(
        fmt::format("{}: error: {}: {}", settings.place(kKey), kKey, error.what()));
  }
}

std::optional<MonitorOptions> monitor_of(const Settings& settings) {
  constexpr const char* kKey = "train.monitor";
  if (settings.is_word(kKey, "none")) return std::nullopt;
  MonitorOptions options;
  options.metric = settings.text(kKey);
  options.min_delta = settings.real("train.min_delta");
  if (!settings.is_word("train.patience", "none")) {
    options.patience = settings.integer("train.patience");
  }
  if (settings.is_word("train.schedule", "plateau")) {
    options.rate_patience = settings.integer("schedule.patience");
    options.rate_factor = settings.real("schedule.factor");
  }
  return options;
}

/// Refuses to smooth labels for a loss without probabilities.
void check_smoothing(const Settings& settings, const std::string& loss) {
  constexpr const char* kKey = "train.label_smoothing";
  if (settings.real(kKey) == 0 || loss_traits(loss).has_probabilities) return;
  throw PlacedConfigError(fmt::format(
      "{}: error: {}: applies to the losses with probabilities, cross_entropy and logistic, not to "
      "model.loss = {}; remove it",
      settings.place(kKey), kKey, loss));
}

/// Refuses an optimizer that needs derivatives for a loss that has a kink.
void check_smooth(const Settings& settings, const std::string& loss) {
  constexpr const char* kKey = "train.optimizer";
  const bool has_kink = loss == "hinge" || loss == "absolute";
  if (settings.text(kKey) != kLbfgsName || !has_kink) return;
  throw PlacedConfigError(fmt::format(
      "{}: error: {}: {} needs a loss without a kink, and model.loss = {} has one{}",
      settings.place(kKey), kKey, kLbfgsName, loss,
      loss == "hinge" ? "; set model.loss = squared_hinge" : "; take another optimizer"));
}

/// Refuses noise on the zeros of sparse rows, which are not there.
void check_noise(const Settings& settings, const Experiment& e) {
  constexpr const char* kKey = "train.input_noise";
  if (settings.real(kKey) == 0 || !is_sparse(e)) return;
  throw PlacedConfigError(fmt::format(
      "{}: error: {}: the rows are sparse, and noise would make all their zeros numbers; remove "
      "it, or give data that is not sparse",
      settings.place(kKey), kKey));
}

Penalty penalty_of(const Settings& settings, Index rows) {
  const bool is_svm = settings.text("model.type") == "svm";
  Penalty penalty = is_svm ? Penalty::of_svm(settings.real("svm.C"), rows)
                           : Penalty{.l2 = settings.real("penalty.l2")};
  penalty.l1 = settings.real("penalty.l1");
  penalty.biases = settings.flag("penalty.bias");
  penalty.l1_method = settings.is_word("penalty.l1_method", "subgradient") ? L1Method::subgradient
                                                                           : L1Method::proximal;
  return penalty;
}

Schedule schedule_of(const Settings& settings, Index steps_of_epoch) {
  ScheduleOptions options;
  options.name = settings.text("train.schedule");
  options.by_epoch = settings.is_word("schedule.unit", "epoch");
  options.warmup_epochs = settings.real("train.warmup_epochs");
  options.factor = settings.real("schedule.factor");
  options.every_epochs = settings.real("schedule.every_epochs");
  options.power = settings.real("schedule.power");
  options.final = settings.real("schedule.final");
  return {options, steps_of_epoch, settings.integer("train.epochs")};
}

TrainingOptions training_options(const Settings& settings, Index rows, Index batch,
                                 bool hidden_layers) {
  TrainingOptions options;
  options.seed = static_cast<std::uint64_t>(settings.integer("train.seed"));
  const std::string& shuffle = settings.text("train.shuffle");
  options.shuffle = shuffle == "rows"     ? Shuffle::rows
                    : shuffle == "blocks" ? Shuffle::blocks
                                          : Shuffle::none;
  options.optimizer = settings.text("train.optimizer");
  OptimizerOptions& o = options.optimizer_options;
  o.momentum = settings.real("train.momentum");
  o.nesterov = settings.flag("train.nesterov");
  o.beta1 = settings.real("adam.beta1");
  o.beta2 = settings.real("adam.beta2");
  o.rho = settings.real("rmsprop.rho");
  const bool has_own = options.optimizer == "adagrad" || options.optimizer == "rmsprop";
  o.epsilon = settings.real((has_own ? options.optimizer : "adam") + ".epsilon");
  o.bias_correction = settings.flag("adam.bias_correction");
  o.weight_decay =
      settings.real(options.optimizer == "lars" ? "lars.weight_decay" : "adam.weight_decay");
  o.trust = settings.real("lars.trust");
  options.lbfgs.history = settings.integer("lbfgs.history");
  options.lbfgs.tolerance = settings.real("lbfgs.tolerance");
  if (options.is_full_batch()) options.shuffle = Shuffle::none;  // one sum in every step
  const Index steps = Lanes(rows, 1, batch).steps();
  if (!settings.is_word("train.learning_rate", "auto")) {
    options.learning_rate = settings.real("train.learning_rate");
  } else if (!options.is_full_batch()) {
    options.learning_rate = automatic_rate(options.optimizer, o, hidden_layers, steps);
  }
  if (!settings.is_word("train.base_batch", "none")) {
    options.learning_rate *=
        static_cast<double>(batch) / static_cast<double>(settings.integer("train.base_batch"));
  }
  options.schedule = schedule_of(settings, steps);
  const auto bound = [&](const std::string& name) {
    return settings.is_word(name, "none") ? std::nullopt : std::optional(settings.real(name));
  };
  options.clip_value = bound("train.clip_value");
  options.clip_norm = bound("train.clip_norm");
  options.penalty = penalty_of(settings, rows);
  options.label_smoothing = settings.real("train.label_smoothing");
  options.input_noise = settings.real("train.input_noise");
  if (!settings.is_word("train.micro_batch", "none")) {
    options.micro_batch = settings.integer("train.micro_batch");
  }
  return options;
}

}  // namespace

void check_several_classes(const Table& train) {
  if (train.class_names.size() >= 2) return;
  throw DataError(fmt::format("target '{}': only one class, {}: there is nothing to learn",
                              train.target_name(), some_classes(train.class_names)));
}

void check_metric(const Settings& settings, const char* key, const std::string& name,
                  const Table& train, bool has_probabilities) {
  const auto classes = static_cast<Index>(train.class_names.size());
  std::string known;
  bool fits = false;
  for (const EvaluationMetric& metric : evaluation_metrics()) {
    if (!metric.applies_to(classes, has_probabilities)) continue;
    known += (known.empty() ? "" : ", ") + metric.name;
    fits = fits || metric.name == name;
  }
  if (fits) return;
  throw PlacedConfigError(fmt::format(
      "{}: error: {}: {} is no metric of the target {}, which is {}; its metrics: {}",
      settings.place(key), key, name, lockstep::quoted(train.target_name()),
      classes == 0        ? "a number"
      : has_probabilities ? fmt::format("one of {} classes", classes)
                          : fmt::format("one of {} classes without probabilities", classes),
      known));
}

std::vector<std::string> requested_metrics(const Settings& settings, const Table& train,
                                           bool has_probabilities) {
  constexpr const char* kKey = "validation.metrics";
  std::vector<std::string> names;
  if (!settings.is_word(kKey, "none")) names = settings.texts(kKey);
  for (const std::string& name : names) {
    check_metric(settings, kKey, name, train, has_probabilities);
  }
  constexpr const char* kMonitor = "train.monitor";
  if (!settings.is_word(kMonitor, "none")) {
    names.push_back(settings.text(kMonitor));
    check_metric(settings, kMonitor, names.back(), train, has_probabilities);
  }
  return names;
}

bool is_sparse(const Experiment& e) {
  return e.train.is_sparse() && e.model.features.keeps_zeros();
}

bool is_independent_of_epochs(const Settings& settings) {
  const std::string& name = settings.text("train.schedule");
  const auto& entries = schedule_entries();
  return std::none_of(entries.begin(), entries.end(), [&](const ScheduleEntry& entry) {
    return entry.name == name && entry.depends_on_total;
  });
}

Table in_row_blocks(Team& team, Table table) {
  const auto boundaries = RowBlocks(table.total_rows).row_boundaries(team.size());
  return move_rows(team, std::move(table), boundaries);
}

NetworkSpec network_spec(const Settings& settings, const Table& train) {
  const ModelPreset& preset = model_preset(settings.text("model.type"));
  NetworkSpec spec;
  spec.inputs = train.features;
  spec.loss = settings.text("model.loss");
  if (spec.loss == "auto") spec.loss = automatic_loss(preset, train.target_kind);
  if (train.target_kind == TargetKind::classes) check_classes(settings, spec.loss, train);
  if (preset.hidden_layers) {
    spec.hidden = settings.integers("model.hidden");
    spec.activation = settings.text("model.activation");
    spec.slope = settings.real("model.slope");
    spec.normalization = settings.text("model.normalization");
    spec.residual = settings.flag("model.residual");
    spec.dropout = settings.real("model.dropout");
  }
  spec.outputs =
      outputs_for(spec.loss, static_cast<Index>(train.class_names.size()), train.targets());
  spec.initialization = initialization_named(settings.text("model.init"));
  return spec;
}

Experiment prepare_experiment(Session& session, TrainingData data) {
  const Settings& settings = session.settings;
  // The fold before may have picked its batches from the same file.
  if (const MappedFile* file = data.train.file()) file->will_go_through();
  Experiment e;
  e.train = in_row_blocks(session.team, std::move(data.train));
  if (e.train.features == 0) throw DataError("the training data has no feature columns");
  e.model.network = network_spec(settings, e.train);
  e.model.precision = settings.text("train.precision");
  e.model.features = fit_features(session, e.train);
  e.model.network.inputs = e.model.features.width();
  e.model.network.embedded = embedded_features(e.model.features);
  e.model.schema = schema_of_model(schema_of(e.train), e.model.features);
  warn_of_unknown(session, data.unknown, e.train.feature_names, hashed_features(e.model.features));
  if (data.validation) e.validation = in_row_blocks(session.team, std::move(*data.validation));
  if (data.test) {
    e.test = in_row_blocks(session.team, std::move(*data.test));
  } else if (has_data(settings, DataRole::test)) {
    e.test = in_row_blocks(
        session.team, load_table(session, DataRole::test, wanted_target(settings), e.model.schema,
                                 CsvFeatures::numbers, fixed_rules(rules_of(e.model.features))));
  }
  e.streams = settings.text("data.stream") == "yes";
  e.model.data_hash = data_hash(session.team, e.train);
  e.data_hashes["training"] = e.model.data_hash;
  if (e.validation) e.data_hashes["validation"] = data_hash(session.team, *e.validation);
  if (e.test) e.data_hashes["test"] = data_hash(session.team, *e.test);
  e.model.fold = data.fold;
  weight_training_rows(session, e.train);
  e.model.target_scalings =
      fit_targets(session.team, e.train,
                  value_named<Scaling>(kScalingNames, settings.text("preprocess.target_scale")));

  const Index rows = e.train.total_rows;
  e.batch =
      settings.is_word("train.batch_size", "all") ? rows : settings.integer("train.batch_size");
  e.batch = std::min(e.batch, rows);
  e.lanes = settings.is_word("train.lanes", "auto") ? automatic_lanes(e.batch)
                                                    : settings.integer("train.lanes");
  e.epochs = settings.integer("train.epochs");
  const auto count_of = [&](const char* key) {
    return settings.is_word(key, "none") ? 0 : settings.integer(key);
  };
  e.validate_epochs = count_of("validation.every_epochs");
  e.validate_steps = count_of("validation.every_steps");
  e.monitor = monitor_of(settings);
  e.metrics =
      requested_metrics(settings, e.train, loss_traits(e.model.network.loss).has_probabilities);
  check_smoothing(settings, e.model.network.loss);
  check_smooth(settings, e.model.network.loss);
  check_noise(settings, e);
  e.options = training_options(settings, rows, e.batch, !e.model.network.hidden.empty());
  e.model.penalty = e.options.penalty;
  e.model.options = options_of_model(settings);
  return e;
}

}  // namespace lockstep::trainer
