#include "trainer/cli/command_specs.hpp"

#include <algorithm>
#include <utility>

#include "core/base/options.hpp"

namespace lockstep::trainer {
namespace {

CommandOption help_option() { return {"help", "", "Print this help and exit"}; }

CommandOption config_option() {
  return {"config", "FILE", "Configuration file; keys given here beat its values"};
}

CommandOption overwrite_option() {
  return {"overwrite", "", "Replace the run directory if it is not empty"};
}

/// Commands that train models by all keys.
std::vector<CommandSpec> training_commands() {
  CommandSpec sweep{
      "sweep",
      "[--config FILE] [--sweep.KEY=VALUES ...] [--json] [--overwrite | --resume RUN] "
      "[--section.key=value ...]",
      "Train a model for each combination of the values that sweep.KEY has for some keys, and "
      "compare them",
      {config_option(),
       {"resume", "RUN", "Go on with the sweep in this directory"},
       overwrite_option(),
       {"json", "", "Print the result as JSON instead of a table"},
       help_option()}};
  sweep.sweeps = true;
  return {
      {"train",
       "[--config FILE] [--overwrite | --resume RUN] [--section.key=value ...]",
       "Train a model and write it with its metrics to a run directory",
       {config_option(),
        {"resume", "RUN", "Go on with the run in this directory, from its newest checkpoint"},
        overwrite_option(),
        help_option()}},
      {"cv",
       "[--config FILE] [--json] [--overwrite | --resume RUN] [--section.key=value ...]",
       "Cross-validate: train a model for each of data.folds folds, 5 where that is not set, on "
       "the others, and measure it on its own",
       {config_option(),
        {"resume", "RUN", "Go on with the run in this directory, from its newest checkpoint"},
        overwrite_option(),
        {"json", "", "Print the result as JSON instead of a table"},
        help_option()}},
      sweep,
  };
}

/// Commands that take a model, or a run.
std::vector<CommandSpec> model_commands() {
  const std::vector<std::string> test_data{"data.root",        "data.format",    "data.test",
                                           "data.test_labels", "data.delimiter", "data.header",
                                           "data.target",      "data.ignore",    "data.missing",
                                           "data.index_base",  "data.cache",     "synthetic.",
                                           "train.seed",       "run.",           "comm."};
  std::vector<std::string> measured_data = test_data;
  measured_data.insert(measured_data.end(), {"data.train", "data.train_labels", "data.on_bad_row",
                                             "data.quarantine", "validation.metrics"});
  return {
      {"verify",
       "RUN [--epoch K] [--section.key=value ...]",
       "Compute the last epoch of a run again, or epoch K, from the checkpoint before it, and "
       "compare",
       {{"run", "RUN", "The directory of the run; the same as the argument RUN", true},
        {"epoch", "K", "The epoch to verify; the last one when not given"},
        help_option()},
       {"run"},
       {"data.root", "data.format", "data.train", "data.train_labels", "data.test",
        "data.test_labels", "data.cache", "data.stream", "train.init_from", "run.", "comm."}},
      {"rerun",
       "MODEL [--data.train=FILES] [--data.test=FILES] [--overwrite] [--config FILE] "
       "[--section.key=value ...]",
       "Train a model again from what its file states, and compare the files",
       {{"model", "FILE", "The model; the same as the argument MODEL", true},
        overwrite_option(),
        config_option(),
        help_option()},
       {"model"},
       {"data.root", "data.format", "data.train", "data.train_labels", "data.test",
        "data.test_labels", "data.delimiter", "data.header", "data.cache", "data.stream",
        "data.quarantine", "synthetic.", "train.init_from", "train.max_hours", "checkpoint.",
        "output.", "run.", "comm."}},
      {"bisect",
       "RUN_A RUN_B [--section.key=value ...]",
       "Find the first epoch, step and tensor in which two runs part, and what their "
       "configurations "
       "differ in",
       {{"run", "RUN_A", "The directory of a run; the same as the argument RUN_A", true},
        {"other", "RUN_B", "That of the other; the same as the argument RUN_B", true},
        help_option()},
       {"run", "other"},
       {"data.root", "train.init_from", "run.", "comm."}},
      {"evaluate",
       "--model FILE [--data.test=FILES | --data.train=FILES] [--json] [--section.key=value ...]",
       "Measure a model on test rows: those of data.test, or those that its training has split off "
       "data.train",
       {{"model", "FILE", "The model, a model.safetensors that train wrote", true},
        config_option(),
        {"json", "", "Print one JSON object instead of text"},
        help_option()},
       {},
       measured_data},
      {"predict",
       "--model FILE --output FILE [--format csv|npy] [--data.test=FILES] [--section.key=value "
       "...]",
       "Write the predictions of a model, a row a row, in file order",
       {{"model", "FILE", "The model, a model.safetensors that train wrote", true},
        {"output", "FILE", "File to write: predictions, and probabilities of classes", true},
        {"format",
         "FORMAT",
         "Format of the file, csv or npy; by its ending when not given, csv unless that is .npy",
         false,
         {"csv", "npy"}},
        config_option(),
        help_option()},
       {},
       test_data},
      {"inspect",
       "MODEL [--json] [--section.key=value ...]",
       "Print architecture, sizes, configuration and SHA-256 of a model",
       {{"model", "FILE", "The model; the same as the argument MODEL", true},
        {"json", "", "Print one JSON object instead of text"},
        help_option()},
       {"model"},
       {"run.", "comm."}},
  };
}

/// The keys of commands that look at rows as training would read them.
std::vector<std::string> training_data_keys() {
  return {"data.root",
          "data.format",
          "data.train",
          "data.train_labels",
          "data.delimiter",
          "data.header",
          "data.target",
          "data.ignore",
          "data.categorical",
          "data.numeric",
          "data.missing",
          "data.index_base",
          "data.on_bad_row",
          "data.quarantine",
          "data.cache",
          "synthetic.kind",
          "synthetic.rows",
          "synthetic.features",
          "synthetic.classes",
          "synthetic.noise",
          "train.seed",
          "run.",
          "comm."};
}

CommandSpec convert_command() {
  CommandSpec convert{
      "convert",
      "IN... OUT.lsd [--data.train_labels=FILES] [--overwrite] [--config FILE] "
      "[--section.key=value ...]",
      "Write data files as one binary file that is read at the speed of the disk, as "
      "--data.train=OUT.lsd",
      {{"output", "FILE", "File to write; the same as the last argument OUT.lsd", true},
       {"overwrite", "", "Replace a file of this name"},
       config_option(),
       help_option()},
      {},
      {"data.root", "data.format", "data.train", "data.train_labels", "data.delimiter",
       "data.header", "data.ignore", "data.missing", "run.", "comm."}};
  convert.takes_file_operands = true;
  return convert;
}

/// Commands that make data or look at it.
std::vector<CommandSpec> data_commands() {
  const std::vector<std::string> training_data = training_data_keys();
  std::vector<std::string> decomposition = training_data;
  decomposition.insert(decomposition.end(), {"data.test", "output."});
  return {
      {"generate",
       "--output FOLDER [--format csv|idx] [--overwrite] [--config FILE] [--section.key=value ...]",
       "Write the synthetic data that the keys of [synthetic] describe to files",
       {{"output", "FOLDER", "Folder to write train.csv and test.csv to, or their IDX files", true},
        {"format", "FORMAT", "csv or idx; csv when not given", false, {"csv", "idx"}, "csv"},
        {"overwrite", "", "Replace files of these names"},
        config_option(),
        help_option()},
       {},
       {"synthetic.", "train.seed", "run.", "comm."}},
      {"check",
       "[--config FILE] [--json] [--section.key=value ...]",
       "Look for what is wrong with the data and the configuration of a training, before it is "
       "started",
       {{"json", "", "Print one JSON object on standard output besides"},
        config_option(),
        help_option()}},
      convert_command(),
      {"describe",
       "--data.train=FILES [--data.target=COLUMN] [--json] [--config FILE] [--section.key=value "
       "...]",
       "Print what the columns of a data set hold: moments, quantiles, correlations, and how much "
       "each says of the target",
       {{"json", "", "Print one JSON object instead of text"}, config_option(), help_option()},
       {},
       training_data},
      {"decompose",
       "--method METHOD [--components K] [--data.train=FILES] [--output.dir=FOLDER] "
       "[--section.key=value ...]",
       "Decompose the matrix of the features and write its factors",
       {{"method",
         "METHOD",
         "pca, svd, qr, eigen (of the covariance matrix), kmeans, or ratings (of users and items, "
         "from rows of user, item and value)",
         true,
         {"pca", "svd", "qr", "eigen", "kmeans", "ratings"}},
        {"components", "K",
         "Components, or clusters of kmeans, which needs it; all components when not given, 2 of "
         "ratings"},
        {"solver",
         "SOLVER",
         "exact or randomized, which is faster for few components of many columns; of pca and svd; "
         "exact when not given",
         false,
         {"exact", "randomized"},
         "exact"},
        {"format",
         "FORMAT",
         "Format of the factors, npy or csv; npy when not given",
         false,
         {"npy", "csv"},
         "npy"},
        {"overwrite", "", "Replace the factors in a folder that is not empty"},
        config_option(),
        help_option()},
       {},
       decomposition},
  };
}

}  // namespace

bool CommandSpec::heeds(std::string_view key) const {
  if (key_parts(key).section == kSweepSection) return sweeps;
  return keys.empty() || std::any_of(keys.begin(), keys.end(), [&](const std::string& heeded) {
           return heeded.back() == '.' ? key.starts_with(heeded) : key == heeded;
         });
}

const std::vector<CommandSpec>& command_specs() {
  static const std::vector<CommandSpec> kSpecs = [] {
    std::vector<CommandSpec> specs = training_commands();
    for (CommandSpec& spec : model_commands()) specs.push_back(std::move(spec));
    for (CommandSpec& spec : data_commands()) specs.push_back(std::move(spec));
    return specs;
  }();
  return kSpecs;
}

const CommandSpec* find_command(const std::string& name) {
  const auto& specs = command_specs();
  const auto found = std::find_if(specs.begin(), specs.end(),
                                  [&](const CommandSpec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace lockstep::trainer
