#include "trainer/cli/reference.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/model/naive_bayes.hpp"
#include "core/optimize/schedule.hpp"
#include "trainer/cli/arguments.hpp"
#include "trainer/cli/command_specs.hpp"
#include "trainer/cli/help.hpp"
#include "trainer/cli/option_schema.hpp"
#include "trainer/cli/resolve.hpp"

namespace lockstep::trainer {
namespace {

using Line = std::vector<std::string>;

Settings resolve(const Line& keys, const std::optional<std::string>& file = {}) {
  Line line{"train"};
  line.insert(line.end(), keys.begin(), keys.end());
  return resolve_settings(parse_arguments(line), "a.ini", file);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  return lines;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Reading the resolved configuration gives the same values, and itself again but for the places.
void expect_round_trip(const Settings& settings) {
  const std::string text = resolved_config(settings);
  const Settings back = resolve({}, text);
  for (const Option& option : settings.options()) {
    EXPECT_EQ(back.text(option.name), settings.text(option.name)) << option.name << "\n" << text;
  }
  EXPECT_EQ(lines_of(resolved_config(back)).size(), lines_of(text).size());
}

TEST(ResolvedConfig, SaysWhereEachValueComesFrom) {
  const std::string text = resolved_config(resolve({"--train.epochs=7"}, "[train]\nseed = 03\n"));
  EXPECT_EQ(text.find("[data]\nroot =  # default\nformat = auto  # default\n"), 0U) << text;
  EXPECT_TRUE(contains(text, "\n\n[train]\nepochs = 7  # command line\n")) << text;
  EXPECT_TRUE(contains(text, "\nseed = 3  # a.ini:2\n")) << text;
  EXPECT_TRUE(contains(text, "\n# momentum = 0  # does not apply\n")) << text;
}

TEST(ResolvedConfig, ReadsBackTheSame) {
  expect_round_trip(resolve({}));
  expect_round_trip(resolve({"--model.type=svm", "--svm.C=0.30", "--model.loss=squared_hinge"}));
  expect_round_trip(resolve({"--model.type=linear", "--penalty.l2=1e-3", "--train.optimizer=sgd",
                             "--train.momentum=0.9", "--train.nesterov=true"}));
  expect_round_trip(resolve({"--train.optimizer=adamw", "--adam.weight_decay=0.3",
                             "--model.activation=leaky_relu", "--model.slope=0.2",
                             "--train.batch_size=all", "--train.lanes=8"}));
  expect_round_trip(
      resolve({"--model.hidden=9,9", "--model.residual=true", "--model.normalization=layer",
               "--model.dropout=0.25", "--train.input_noise=0.1"}));
  expect_round_trip(resolve({"--preprocess.x.y.scale=log1p", "--preprocess.b*.encode=hash",
                             "--preprocess.b*.buckets=8", "--preprocess.fixed acidity.fill= a ",
                             "--preprocess.fixed acidity.impute=constant", "--data.missing=?,,NA"},
                            "[preprocess.x.y]\nimpute = mean\n"));
  expect_round_trip(resolve({"--data.target= \"a\" # b;", "--data.ignore=#1, x y",
                             "--data.train=a.csv,b*.csv", "--output.dir=C:\\runs \\# 1"}));
}

TEST(GivenConfig, HasWhatWasGivenAndReadsBack) {
  Line line{"sweep", "--train.seed=7", "--sweep.train.momentum=0,0.5",
            "--sweep.preprocess.a.b.scale=none,log1p"};
  const Settings settings =
      resolve_settings(parse_arguments(line), "a.ini", "[sweep]\nmodel.hidden = 8 | 8,4\n");
  EXPECT_EQ(given_config(settings),
            "[train]\nseed = 7  # command line\n\n"
            "[sweep]\n"
            "model.hidden = 8 | 8,4  # a.ini:2\n"
            "preprocess.a.b.scale = none,log1p  # command line\n"
            "train.momentum = 0,0.5  # command line\n");
  const Settings back = resolve({}, given_config(settings));
  EXPECT_EQ(back.swept(), settings.swept());
  EXPECT_EQ(back.text("sweep.model.hidden"), "8 | 8,4");
  EXPECT_FALSE(contains(resolved_config(settings), "sweep")) << "a trial is no sweep";
}

TEST(ResolvedConfig, HasTheSectionsOfColumns) {
  const std::string text = resolved_config(
      resolve({"--preprocess.x.y.scale=log1p"}, "[preprocess.x.y]\nimpute = mean\n"));
  EXPECT_TRUE(contains(text,
                       "\ntarget_scale = none  # default\n\n[preprocess.x.y]\nimpute = mean  # "
                       "a.ini:2\nscale = log1p  # command line\n\n[model]\n"))
      << text;
}

TEST(ResolvedConfig, EveryTypeOfModelAndOptimizerReadsBack) {
  const Settings schema(option_schema());
  for (const std::string& type : schema.find("model.type")->choices) {
    if (type == kNaiveBayesName) {
      expect_round_trip(resolve({"--model.type=" + type, "--bayes.smoothing=0.5"}));
      continue;
    }
    for (const std::string& optimizer : schema.find("train.optimizer")->choices) {
      Line line{"--model.type=" + type, "--train.optimizer=" + optimizer};
      if (optimizer == "lbfgs") line.emplace_back("--train.batch_size=all");
      expect_round_trip(resolve(line));
    }
  }
}

/// A run is resumed with it.
TEST(ResolvedConfig, EveryWayToSplitAndToScheduleReadsBack) {
  for (const Line& line : {Line{"--data.folds=3", "--data.train=a.csv"},
                           Line{"--data.test_fraction=0.2", "--data.stratify=yes"},
                           Line{"--data.validation_fraction=0.2", "--synthetic.test_rows=7"},
                           Line{"--data.on_bad_row=skip", "--data.quarantine=bad.txt"},
                           Line{"--data.validation_fraction=0.2", "--train.monitor=accuracy",
                                "--train.patience=3", "--validation.every_steps=50"},
                           Line{"--train.max_hours=2", "--checkpoint.every_steps=9"}}) {
    expect_round_trip(resolve(line));
  }
  for (const ScheduleEntry& schedule : schedule_entries()) {
    Line line{"--train.schedule=" + schedule.name, "--train.warmup_epochs=0.5"};
    if (schedule.name == "plateau") {
      line.insert(line.end(), {"--train.monitor=loss", "--data.validation_fraction=0.2"});
    }
    expect_round_trip(resolve(line));
  }
}

TEST(ResolvedConfig, AFileNameWithALineBreakStaysInItsComment) {
  const Settings settings =
      resolve_settings(parse_arguments({"train"}), "a\nb.ini", "[train]\nseed = 3\n");
  EXPECT_TRUE(contains(resolved_config(settings), "\nseed = 3  # a?b.ini:2\n"));
}

TEST(KeyReference, HasARowForEveryKeyBetweenItsMarkers) {
  const auto lines = lines_of(key_reference_markdown());
  const auto schema = option_schema();
  ASSERT_EQ(lines.size(), schema.size() + 4);
  EXPECT_EQ(lines.front(), "<!-- keys: begin -->");
  EXPECT_EQ(lines.back(), "<!-- keys: end -->");
  for (std::size_t i = 0; i < schema.size(); ++i) {
    EXPECT_EQ(lines[i + 3].find("| `" + schema[i].name + "` | "), 0U) << lines[i + 3];
  }
  EXPECT_TRUE(contains(key_reference_markdown(),
                       "| `train.batch_size` | integer or all | ≥ 1 | `256` | Rows in a step"));
  EXPECT_TRUE(contains(key_reference_markdown(), "λ of the penalty λ·Σ\\|w\\|"));
}

TEST(KeyReference, IsWhatTheReadmeHas) {
  std::ifstream file(LOCKSTEP_SOURCE_DIR "/trainer/README.md");
  std::ostringstream readme;
  readme << file.rdbuf();
  EXPECT_TRUE(contains(readme.str(), key_reference_markdown())) << "trainer/README.md should have\n"
                                                                << key_reference_markdown();
}

std::size_t columns(const std::string& line) {
  std::size_t count = 0;
  for (const char c : line) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

TEST(Help, ListsCommandsAndExitCodes) {
  const std::string text = program_help();
  for (const CommandSpec& command : command_specs()) {
    EXPECT_TRUE(contains(text, "\n  " + command.name)) << command.name;
  }
  for (const char* code : {"\n   0  ", "\n   2  ", "\n  65  ", "\n  78  "}) {
    EXPECT_TRUE(contains(text, code)) << code << text;
  }
  for (const std::string& line : lines_of(text)) EXPECT_LE(columns(line), 100U) << line;
}

TEST(Help, OfACommandHasItsOptionsAndTheKeysThatItHeeds) {
  for (const CommandSpec& command : command_specs()) {
    const std::string text = command_help(command);
    EXPECT_TRUE(contains(text, "\nUsage: lockstep " + command.name)) << text;
    for (const CommandOption& option : command.options) {
      EXPECT_TRUE(contains(text, "\n  --" + option.name)) << option.name;
    }
    for (const Option& option : option_schema()) {
      EXPECT_EQ(contains(text, "\n  --" + option.name + " "), command.heeds(option.name))
          << command.name << ' ' << option.name;
    }
    for (const std::string& line : lines_of(text)) {
      EXPECT_LE(columns(line), 100U) << line;
      EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
    }
  }
}

TEST(Help, OfAKeyHasTypeRangeAndDefault) {
  const std::string text = command_help(*find_command("train"));
  EXPECT_TRUE(contains(text, "  --train.momentum           real, in [0, 1); default 0\n")) << text;
  EXPECT_TRUE(contains(text, "  --data.root                path; default empty\n")) << text;
  EXPECT_TRUE(contains(text,
                       "  --train.lanes              power of two or auto, in [1, 65536]; "
                       "default auto\n"));
}

TEST(Help, VersionIsOneLine) { EXPECT_EQ(version_text(), "lockstep " LOCKSTEP_VERSION "\n"); }

}  // namespace
}  // namespace lockstep::trainer
