#include "trainer/cli/option_schema.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/metrics/evaluation.hpp"
#include "core/model/activations.hpp"
#include "core/model/losses.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/model/network.hpp"
#include "core/optimize/lbfgs.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/optimize/schedule.hpp"
#include "core/transform/column_options.hpp"
#include "core/transform/column_transform.hpp"

namespace lockstep::trainer {
namespace {

using namespace std::string_view_literals;

// The words of the choices that no registry of core knows.
constexpr std::array kDataFormats{"auto"sv, "csv"sv, "idx"sv,      "libsvm"sv,
                                  "lsd"sv,  "npy"sv, "synthetic"sv};
constexpr std::array kDelimiters{"auto"sv, "comma"sv, "semicolon"sv, "tab"sv, "bar"sv};
constexpr std::array kHeaders{"auto"sv, "yes"sv, "no"sv};
constexpr std::array kCaches{"off"sv, "auto"sv};
constexpr std::array kIndexBases{"auto"sv, "0"sv, "1"sv};
constexpr std::array kL1Methods{"proximal"sv, "subgradient"sv};
constexpr std::array kSearches{"grid"sv, "random"sv};
constexpr std::array kScheduleUnits{"step"sv, "epoch"sv};
constexpr std::array kOnBadRow{"fail"sv, "skip"sv};
constexpr std::array kSyntheticKinds{"digits"sv, "blobs"sv, "moons"sv, "linear"sv};
constexpr std::array kTargetScales{"none"sv, "standard"sv};
constexpr std::array kNoYes{"no"sv, "yes"sv};
constexpr std::array kInitializations{"auto"sv, "he"sv, "xavier"sv, "zero"sv};
constexpr std::array kPrecisions{"float"sv, "double"sv};
constexpr std::array kShuffles{"rows"sv, "blocks"sv, "none"sv};

// The largest count of rows or epochs, and the largest seed: 2⁶³−1, rounded to a double.
constexpr double kBillion = 1e9;
constexpr double kLargestIndex = 0x1p63;

/// Names of a registry's entries.
template <class Entries>
std::vector<std::string> names_of(const Entries& entries) {
  std::vector<std::string> names(entries.size());
  std::transform(entries.begin(), entries.end(), names.begin(),
                 [](const auto& entry) { return entry.name; });
  return names;
}

std::vector<std::string> model_types() {
  std::vector<std::string> names = names_of(model_presets());
  names.emplace_back(kNaiveBayesName);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names = names_of(optimizer_entries());
  names.emplace_back(kLbfgsName);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> with_auto(std::vector<std::string> names) {
  names.insert(names.begin(), "auto");
  return names;
}

std::vector<std::string> with_none(std::vector<std::string> names) {
  names.insert(names.begin(), "none");
  return names;
}

/// An option under construction: `real("penalty.l1", "0", "…").at_least(0)`.
class Draft {
 public:
  Draft(OptionType type, std::string name, std::string default_value, std::string help) {
    option_.type = type;
    option_.name = std::move(name);
    option_.default_value = std::move(default_value);
    option_.help = std::move(help);
  }

  Draft& at_least(double min) {
    option_.min = min;
    return *this;
  }
  Draft& between(double min, double max) {
    option_.max = max;
    return at_least(min);
  }
  Draft& positive() {
    option_.min_excluded = true;
    return at_least(0);
  }
  /// In [0, 1).
  Draft& fraction() {
    option_.max_excluded = true;
    return between(0, 1);
  }
  Draft& power_of_two() {
    option_.power_of_two = true;
    return *this;
  }
  template <class Words>
  Draft& words(const Words& words) {
    option_.choices.assign(words.begin(), words.end());
    return *this;
  }
  /// Takes `word` beside numbers.
  Draft& or_word(const char* word) {
    option_.choices.emplace_back(word);
    return *this;
  }
  /// Of a list of texts: an element may be empty.
  Draft& or_empty() {
    option_.empty_elements = true;
    return *this;
  }
  /// A column may have a value of its own.
  Draft& per_column() {
    option_.per_column = true;
    return *this;
  }
  /// The model file is the same whatever this option says.
  Draft& without_effect() {
    option_.affects_result = false;
    return *this;
  }

  operator Option() const { return option_; }  // NOLINT(google-explicit-constructor)

 private:
  Option option_;
};

Draft text(std::string name, std::string default_value, std::string help) {
  return {OptionType::text, std::move(name), std::move(default_value), std::move(help)};
}
Draft path(std::string name, std::string default_value, std::string help) {
  return {OptionType::path, std::move(name), std::move(default_value), std::move(help)};
}
Draft texts(std::string name, std::string default_value, std::string help) {
  return {OptionType::texts, std::move(name), std::move(default_value), std::move(help)};
}
Draft flag(std::string name, std::string default_value, std::string help) {
  return {OptionType::flag, std::move(name), std::move(default_value), std::move(help)};
}
Draft integer(std::string name, std::string default_value, std::string help) {
  return {OptionType::integer, std::move(name), std::move(default_value), std::move(help)};
}
Draft integers(std::string name, std::string default_value, std::string help) {
  return {OptionType::integers, std::move(name), std::move(default_value), std::move(help)};
}
Draft real(std::string name, std::string default_value, std::string help) {
  return {OptionType::real, std::move(name), std::move(default_value), std::move(help)};
}
template <class Words>
Draft choice(std::string name, const Words& words, std::string default_value, std::string help) {
  return Draft(OptionType::choice, std::move(name), std::move(default_value), std::move(help))
      .words(words);
}

// Where the rows come from has no effect on a model: its data hash covers the rows themselves, so
// that the same rows from another file, format or generator give the same model.
void add_data(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {path("data.root", "",
            "Folder that relative data paths start from; empty is the environment variable "
            "LOCKSTEP_DATA, or the current directory where that is not set")
           .without_effect(),
       choice(
           "data.format", kDataFormats, "auto",
           "Format of the data files; auto looks into the first one, and takes synthetic when no "
           "file is given")
           .without_effect(),
       texts("data.train", "",
             "Files of the training rows, or globs, which stand for their matches in sorted order")
           .without_effect(),
       texts("data.train_labels", "",
             "IDX or .npy files of the training labels, one for each file of rows; .npy files do "
             "without where a column is the target")
           .without_effect(),
       texts("data.test", "", "Files of the test rows, or globs; empty for none").without_effect(),
       texts("data.test_labels", "",
             "IDX or .npy files of the test labels, one for each file of rows")
           .without_effect(),
       choice("data.delimiter", kDelimiters, "auto",
              "What separates the columns of CSV files; auto takes what cuts the first rows into "
              "equally many fields")
           .without_effect(),
       choice(
           "data.header", kHeaders, "auto",
           "Whether the first row of CSV files names the columns, which are c0, c1, … otherwise; "
           "auto says no where a column of numbers begins with a number")
           .without_effect(),
       texts("data.target", "",
             "Name of the column to predict of CSV, or cN for column N (from 0) of .npy and of a "
             "file without names; several are numbers that are predicted together; empty is the "
             "last column, but none for describe and decompose"),
       texts("data.ignore", "", "Names of columns of CSV and .npy to leave out"),
       texts(
           "data.categorical", "",
           "Names of columns of CSV and .npy that are categories, whatever their cells look like"),
       texts("data.numeric", "",
             "Names of columns of CSV that are numbers: text in them is an error"),
       text("data.weight", "",
            "Name of the column of CSV and .npy that says with how much the loss of a row counts "
            "in training, ≥ 0; empty is none"),
       texts("data.missing", "",
             "Texts of CSV cells that are missing, as ?,NA,nan; an empty cell is missing anyway, "
             "and so is nan in .npy")
           .or_empty(),
       choice(
           "data.on_bad_row", kOnBadRow, "fail",
           "What becomes of a row of CSV, LIBSVM or .npy files that cannot be read: fail makes it "
           "an error, skip leaves it out and tells of it"),
       path("data.quarantine", "",
            "File to write the rows to that data.on_bad_row = skip leaves out, a line of JSON "
            "each; empty for none")
           .without_effect(),
       choice("data.index_base", kIndexBases, "auto",
              "Index of the first feature in LIBSVM files; auto is the model's, and of training "
              "rows 0 where any of them has that index, otherwise 1"),
       choice("data.cache", kCaches, "off",
              "Whether CSV and LIBSVM files are read from a binary file beside the first of them, "
              ".NAME.lsd, which is made when it is not there, is damaged, or a file has changed")
           .without_effect(),
       choice(
           "data.stream", kNoYes, "no",
           "Whether the training rows stay in their .lsd file, or that of data.cache, and are "
           "read again in each epoch: for sets larger than memory. Not with train.shuffle = rows")
           .without_effect()});
}

void add_splits(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {real("data.test_fraction", "0",
            "Share of the rows of data.train that is left out of training and measured as test "
            "rows, drawn by a hash of train.seed and the row number")
           .fraction(),
       real("data.validation_fraction", "0",
            "Share of the rows of data.train that is left out of training and measured as "
            "validation rows, drawn after the test rows")
           .fraction(),
       choice("data.stratify", kNoYes, "no",
              "Whether the rows that are split off, and each fold, have the classes in the "
              "proportions of all rows"),
       integer("data.folds", "none",
               "Number of parts that the rows of data.train are cut into, each to be measured with "
               "a model of the others")
           .between(2, 100)
           .or_word("none")});
}

void add_preprocessing(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {choice("preprocess.scale", kScalingNames, "none",
              "Scaling of columns of numbers and of ordinal categories, fitted on the training "
              "rows, as everything here, and stored in the model: standard gives mean 0 and "
              "variance 1, minmax gives [0, 1], robust takes the median for 0 and the distance of "
              "the quartiles for 1, log1p is ln(1 + x)")
           .per_column(),
       choice("preprocess.impute", kImputationNames, "none",
              "What stands for a missing cell: of numbers the mean or the median, of any column "
              "its most frequent value (of equals the smallest, or the first category) or the "
              "constant preprocess.fill; none makes a missing cell an error")
           .per_column(),
       text("preprocess.fill", "",
            "What a constant imputation puts in: a number, or a category, which need not occur in "
            "the data")
           .per_column(),
       choice("preprocess.indicator", kNoYes, "no",
              "Whether a column that has missing cells in the training rows gets one more feature, "
              "NAME_missing, which is 1 where a cell is missing and else 0")
           .per_column(),
       choice("preprocess.encode", kEncodingNames, "none",
              "What columns of categories become: onehot a feature NAME=CATEGORY for each "
              "category, ordinal the index in the sorted categories, hash one of "
              "preprocess.buckets features by the XXH3 hash of the category, embedding "
              "preprocess.embedding_dim numbers that an mlp learns for each category; none makes "
              "text an error")
           .per_column(),
       integer("preprocess.buckets", "256", "Number of features of a column that is hashed")
           .between(1, static_cast<double>(ColumnTransform::kMostFeatures))
           .per_column(),
       integer("preprocess.embedding_dim", "auto",
               "Numbers that an embedding learns for each category; auto is half as many as there "
               "are categories, and at most 50")
           .between(1, static_cast<double>(ColumnTransform::kMostDimensions))
           .or_word("auto")
           .per_column(),
       choice("preprocess.unknown", kUnknownCategoryNames, "zero",
              "What becomes of a category that the training rows do not have: zero is 0 in all "
              "features of onehot and numbers of embedding, and a missing cell of ordinal, and is "
              "counted; error refuses it")
           .per_column(),
       choice("preprocess.target_scale", kTargetScales, "none",
              "Scaling of a numeric target; undone in predictions and metrics")});
}

void add_synthetic(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {choice("synthetic.kind", kSyntheticKinds, "digits",
              "What is generated: digits are 28×28 images of ten classes, blobs are Gaussian "
              "clusters, moons are two interleaved half circles, linear is a noisy linear function")
           .without_effect(),
       integer("synthetic.rows", "20000", "Number of training rows")
           .between(1, kBillion)
           .without_effect(),
       integer("synthetic.test_rows", "4000", "Number of test rows, drawn independently")
           .between(0, kBillion)
           .without_effect(),
       integer("synthetic.features", "20", "Number of features of a row of blobs or linear")
           .between(1, 1e6)
           .without_effect(),
       integer("synthetic.classes", "3", "Number of classes of blobs")
           .between(2, 1000)
           .without_effect(),
       real(
           "synthetic.noise", "auto",
           "Standard deviation of the noise, in units of the generated values; auto suits the kind")
           .at_least(0)
           .or_word("auto")
           .without_effect()});
}

/// The last ones: values to try with keys stand behind them.
void add_sweep(std::vector<Option>& all) {
  std::vector<std::string> metrics{"auto"};
  for (const EvaluationMetric& metric : evaluation_metrics()) metrics.push_back(metric.name);
  all.insert(
      all.end(),
      {choice("sweep.search", kSearches, "grid",
              "What a sweep tries of the values that sweep.KEY gives for keys: grid is all "
              "combinations, random draws some")
           .without_effect(),
       integer("sweep.trials", "20", "Combinations that a random search draws")
           .between(1, 10000)
           .without_effect(),
       choice("sweep.metric", metrics, "auto",
              "Metric of the validation rows, or of the folds, that trials are compared by; auto "
              "is train.monitor where that is set, else accuracy of classes and rmse of numbers")
           .without_effect(),
       integer("sweep.halving", "none",
               "Successive halving: trials have sweep.min_epochs at first, and the best of this "
               "many go on with this many times as many epochs, until train.epochs")
           .between(2, 1000)
           .or_word("none")
           .without_effect(),
       integer("sweep.min_epochs", "1", "Epochs of every trial under sweep.halving")
           .between(1, kBillion)
           .without_effect()});
}

void add_model(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {choice("model.type", model_types(), "mlp",
              "The model: a preset of layers and loss of a network, or naive_bayes, which takes "
              "text columns and missing cells too"),
       integers("model.hidden", "512,256", "Widths of the hidden layers of an mlp, in units")
           .between(1, 1 << 20),
       choice("model.activation", activation_names(), "relu", "Activation after each hidden layer"),
       real("model.slope", "0.01", "Slope of leaky_relu for negative inputs").fraction(),
       choice("model.normalization", normalization_names(), "none",
              "What stands before each activation: layer normalises the units of each row, batch "
              "each unit over the rows of a step"),
       flag("model.residual", "false",
            "Whether each hidden layer as wide as the one before it adds that one's output to its "
            "own"),
       real("model.dropout", "0",
            "Probability that a unit of a hidden layer is left out of a training step")
           .fraction(),
       choice("model.loss", with_auto(loss_names()), "auto",
              "Loss of a row; auto is squared for linear, logistic for logistic, cross_entropy for "
              "softmax, hinge for svm, and for an mlp cross_entropy with classes and squared with "
              "a numeric target"),
       choice("model.init", kInitializations, "auto",
              "Distribution of the first weights; auto suits the model and its activation"),
       real("penalty.l1", "0", "λ of the penalty λ·Σ|w| of the weights").at_least(0),
       real("penalty.l2", "0", "λ of the penalty λ·Σw² of the weights").at_least(0),
       flag("penalty.bias", "false", "Whether biases are penalised as weights are"),
       choice(
           "penalty.l1_method", kL1Methods, "proximal",
           "How steps take penalty.l1: proximal shrinks the weights after each, which makes exact "
           "zeros; subgradient adds λ·sign(w) to the gradient"),
       real("svm.C", "1",
            "C of the SVM objective ½‖w‖² + C·Σξ, which is trained divided by C and the number of "
            "rows")
           .positive(),
       real("bayes.smoothing", "1",
            "Number added to the count of every category in every class by naive_bayes")
           .between(1e-10, 1e10),
       real("bayes.variance_smoothing", "1e-9",
            "Share of the largest variance of a column that naive_bayes adds to every variance")
           .between(1e-15, 1)});
}

void add_training(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {integer("train.epochs", "10", "Number of passes over the training rows")
           .between(1, kBillion),
       integer("train.batch_size", "256",
               "Rows in a step, over all ranks; all is one step an epoch")
           .at_least(1)
           .or_word("all"),
       integer("train.micro_batch", "none",
               "Most rows of a step that a rank takes through the network at once, lane by lane, "
               "which bounds its memory; none is all of them")
           .at_least(1)
           .or_word("none"),
       path("train.init_from", "",
            "Model file whose parameters training starts from; empty is none. The model keeps "
            "their hash, "
            "not this path")
           .without_effect(),
       integer("train.lanes", "auto",
               "Units of summation, which bound how many ranks can help; auto is the largest power "
               "of two, at most 64, that leaves a lane at least 32 rows of a batch")
           .between(1, 65536)
           .power_of_two()
           .or_word("auto"),
       choice("train.optimizer", optimizer_names(), "adam",
              "How gradients change the parameters: sgd is gradient descent, with momentum where "
              "that is set, lbfgs takes all rows in each step; core/optimize/README.md has the "
              "equations of all"),
       real("train.learning_rate", "auto",
            "Step length of the optimizer; auto is 0.1 for sgd, 0.05 for adagrad, 10 for lars, "
            "0.005 for lamb and 0.001 for the others, but without hidden layers 0.7 for adagrad, "
            "100 "
            "for lars and 0.05/√(steps an epoch), at least 0.001, for adam and its kin; with "
            "momentum (1 − "
            "momentum) times as much")
           .positive()
           .or_word("auto"),
       integer("train.base_batch", "none",
               "Rows of a batch that the rate is for: it is multiplied by the batch over these; "
               "none leaves it as it is")
           .between(1, kBillion)
           .or_word("none"),
       choice("train.schedule", names_of(schedule_entries()), "constant",
              "How the rate changes after the warm-up; core/optimize/README.md has the equations"),
       real("train.warmup_epochs", "0",
            "Epochs, or a fraction of one, in which the rate goes up in a line, step by step")
           .at_least(0),
       real("train.momentum", "0", "Share of the last step that sgd, rmsprop or lars keeps")
           .fraction(),
       flag("train.nesterov", "false", "Nesterov's variant of the momentum of sgd")});
}

/// What the rows of a step are taken for, and what is made of their gradient.
void add_steps(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {real("train.clip_norm", "none",
            "Largest Euclidean norm of the gradient of a step, of all parameters together; a "
            "larger one is scaled down to it")
           .positive()
           .or_word("none"),
       real("train.clip_value", "none",
            "Largest magnitude of each element of the gradient of a step, before its norm")
           .positive()
           .or_word("none"),
       real("train.label_smoothing", "0",
            "Share of the label of a training row that is spread over all classes alike")
           .fraction(),
       real("train.input_noise", "0",
            "Standard deviation of the normal noise on each feature of a row in each epoch, in "
            "units of the transformed features; not of sparse rows")
           .at_least(0),
       texts("train.class_weight", "none",
             "With how much the rows of a class count: none, balanced (n/(K·n_k) of a class with "
             "n_k of n rows, of K classes), or a list of CLASS:WEIGHT, where others count 1"),
       integer("train.seed", "1", "Seed of everything random").between(0, kLargestIndex),
       choice("train.precision", kPrecisions, "float",
              "Type of parameters and arithmetic: float has 32 bits, double 64"),
       choice("train.shuffle", kShuffles, "rows",
              "Order of the rows in an epoch: rows permutes each lane; blocks permutes blocks of "
              "1024 rows, then rows within 16 blocks; none keeps file order"),
       choice("train.monitor", with_none(names_of(evaluation_metrics())), "none",
              "Metric of the validation rows that training goes by: the parameters for which it is "
              "best are kept in best.safetensors"),
       integer("train.patience", "none",
               "Validations in a row without a better train.monitor, after which training ends")
           .between(1, kBillion)
           .or_word("none"),
       real("train.min_delta", "0",
            "By more than this a train.monitor has to be better to count as better")
           .at_least(0),
       real("train.max_hours", "none",
            "Hours after which training stops with a checkpoint, to be resumed; none is never")
           .positive()
           .or_word("none")
           .without_effect()});
}

/// What the ways to take steps are configured with.
void add_optimizers(std::vector<Option>& all) {
  all.insert(
      all.end(),
      {choice("schedule.unit", kScheduleUnits, "step",
              "Whether a schedule changes the rate with every step or between epochs"),
       real("schedule.factor", "0.1",
            "What step, exponential and plateau multiply the rate by each time")
           .between(0, 1),
       integer(
           "schedule.patience", "5",
           "Validations in a row without a better train.monitor, after which plateau changes the "
           "rate")
           .between(1, kBillion),
       real("schedule.every_epochs", "10", "Epochs between two changes of the rate by step")
           .positive(),
       real("schedule.power", "1", "Exponent of polynomial: 1 is a line").at_least(0),
       real("schedule.final", "0", "Share of the rate that polynomial and cosine end with")
           .between(0, 1),
       real("adagrad.epsilon", "1e-10", "Number added to the root of the sum of squares")
           .at_least(1e-30),
       real("adam.beta1", "0.9", "Decay of the first moment in a step").fraction(),
       real("adam.beta2", "0.999", "Decay of the second moment in a step").fraction(),
       real("adam.epsilon", "1e-8", "Number added to the root of the second moment")
           .at_least(1e-30),
       flag("adam.bias_correction", "true", "Whether the moments are corrected for starting at 0"),
       real("adam.weight_decay", "0.01",
            "Share of the weights that adamw and lamb take away in a step, times the learning rate")
           .at_least(0),
       real("lars.trust", "0.001",
            "Length of a step of lars over that of the weights, at a rate of 1")
           .positive(),
       real("lars.weight_decay", "0",
            "Share of the weights that lars adds to their gradient, and to its norm")
           .at_least(0),
       integer("lbfgs.history", "20", "Steps of lbfgs that it knows the curvature from")
           .between(1, 1000),
       real(
           "lbfgs.tolerance", "1e-9",
           "lbfgs ends when a step made the objective smaller by no more than this part of it, and "
           "the next one promises no more")
           .between(0, 1),
       real("rmsprop.rho", "0.99", "Decay of the mean square in a step").fraction(),
       real("rmsprop.epsilon", "1e-8", "Number added to the root of the mean square")
           .at_least(1e-30)});
}

void add_validation(std::vector<Option>& all) {
  all.insert(all.end(),
             {integer("validation.every_epochs", "1",
                      "Epochs between two validations, at which validation and test rows are "
                      "measured; none is none at the end of epochs")
                  .between(1, kBillion)
                  .or_word("none"),
              integer("validation.every_steps", "none",
                      "Steps between two validations within epochs, besides those at their ends")
                  .between(1, kLargestIndex)
                  .or_word("none"),
              texts("validation.metrics", "none",
                    "Metrics of validation and test rows, and of evaluate, besides the usual ones; "
                    "trainer/README.md lists them")
                  .or_word("none")});
}

void add_checkpoints(std::vector<Option>& all) {
  all.insert(all.end(),
             {integer("checkpoint.every_epochs", "none",
                      "Epochs between checkpoints; none counts none, and there is always one at "
                      "the end")
                  .between(1, kBillion)
                  .or_word("none")
                  .without_effect(),
              integer("checkpoint.every_steps", "none", "Steps between checkpoints")
                  .between(1, kLargestIndex)
                  .or_word("none")
                  .without_effect(),
              real("checkpoint.every_minutes", "10", "Minutes between checkpoints")
                  .positive()
                  .or_word("none")
                  .without_effect(),
              integer("checkpoint.keep", "2", "Checkpoints that are kept, the newest")
                  .between(1, kBillion)
                  .without_effect()});
}

void add_running(std::vector<Option>& all) {
  all.insert(all.end(),
             {path("output.dir", "",
                   "Run directory to write; empty is runs/ and the name of the configuration, "
                   "numbered on")
                  .without_effect(),
              integer("run.threads", "auto",
                      "Threads of a rank; auto is OMP_NUM_THREADS, else the rank's share of the "
                      "cores that it may use")
                  .between(1, 4096)
                  .or_word("auto")
                  .without_effect(),
              integer("comm.timeout", "300",
                      "Seconds that a rank waits without a sign of life from another one before it "
                      "ends the run; more where a rank may read or compute alone for longer")
                  .between(1, 1e6)
                  .without_effect()});
}

}  // namespace

std::vector<Option> option_schema() {
  std::vector<Option> all;
  add_data(all);
  add_splits(all);
  add_synthetic(all);
  add_preprocessing(all);
  add_model(all);
  add_training(all);
  add_steps(all);
  add_optimizers(all);
  add_validation(all);
  add_checkpoints(all);
  add_running(all);
  add_sweep(all);
  return all;
}

}  // namespace lockstep::trainer
