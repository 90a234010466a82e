#include "trainer/cli/arguments.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "trainer/cli/command_specs.hpp"

namespace lockstep::trainer {
namespace {

using Line = std::vector<std::string>;

std::string usage_error(const Line& line) {
  try {
    parse_arguments(line);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Arguments, TrainTakesAFileAndKeys) {
  const Arguments parsed = parse_arguments(
      {"train", "--config", "a.ini", "--train.epochs=3", "--model.hidden", "64,32", "--overwrite"});
  EXPECT_EQ(parsed.command, "train");
  EXPECT_EQ(parsed.config_file, "a.ini");
  EXPECT_TRUE(parsed.overwrite);
  EXPECT_FALSE(parsed.json);
  ASSERT_EQ(parsed.overrides.size(), 2U);
  EXPECT_EQ(parsed.overrides[0].key, "train.epochs");
  EXPECT_EQ(parsed.overrides[0].value, "3");
  EXPECT_EQ(parsed.overrides[1].key, "model.hidden");
  EXPECT_EQ(parsed.overrides[1].value, "64,32");
}

TEST(Arguments, TrainNeedsNothing) {
  const Arguments parsed = parse_arguments({"train"});
  EXPECT_EQ(parsed.command, "train");
  EXPECT_TRUE(parsed.config_file.empty());
  EXPECT_TRUE(parsed.overrides.empty());
}

TEST(Arguments, OtherCommandsTakeTheirOwn) {
  const Arguments evaluate = parse_arguments({"evaluate", "--model=m", "--json"});
  EXPECT_EQ(evaluate.model, "m");
  EXPECT_TRUE(evaluate.json);
  const Arguments predict =
      parse_arguments({"predict", "--output", "p.csv", "--data.test=t.csv", "--model", "m"});
  EXPECT_EQ(predict.output, "p.csv");
  EXPECT_EQ(predict.model, "m");
  EXPECT_EQ(predict.overrides.at(0).value, "t.csv");
  EXPECT_EQ(parse_arguments({"inspect", "m.safetensors"}).model, "m.safetensors");
  EXPECT_EQ(parse_arguments({"inspect", "--model=m"}).model, "m");
  const Arguments generate = parse_arguments({"generate", "--output=d", "--format", "idx"});
  EXPECT_EQ(generate.output, "d");
  EXPECT_EQ(generate.format, "idx");
  EXPECT_EQ(parse_arguments({"generate", "--output=d"}).format, "csv");
}

TEST(Arguments, AValueMayStartWithADashOrHoldAnything) {
  EXPECT_EQ(parse_arguments({"train", "--train.momentum", "-1"}).overrides.at(0).value, "-1");
  EXPECT_EQ(parse_arguments({"train", "--train.momentum=-1"}).overrides.at(0).value, "-1");
  EXPECT_EQ(parse_arguments({"train", "--data.target=a=b"}).overrides.at(0).value, "a=b");
  EXPECT_EQ(parse_arguments({"train", "--data.target=a # b"}).overrides.at(0).value, "a # b");
  EXPECT_EQ(parse_arguments({"train", "--data.target=--x"}).overrides.at(0).value, "--x");
  EXPECT_EQ(parse_arguments({"train", "--data.test", ""}).overrides.at(0).value, "");
  EXPECT_EQ(parse_arguments({"train", "--data.test="}).overrides.at(0).value, "");
  EXPECT_EQ(parse_arguments({"train", "--data.test=", "--train.seed=2"}).overrides.at(1).value,
            "2");
}

TEST(Arguments, KeysOfColumnsAreKeys) {
  const Arguments parsed =
      parse_arguments({"train", "--preprocess.total_rooms.scale=log1p",
                       "--preprocess.*_rooms.impute", "mean", "--preprocess.a, b.scale=none"});
  ASSERT_EQ(parsed.overrides.size(), 3U);
  EXPECT_EQ(parsed.overrides[0].key, "preprocess.total_rooms.scale");
  EXPECT_EQ(parsed.overrides[1].key, "preprocess.*_rooms.impute");
  EXPECT_EQ(parsed.overrides[1].value, "mean");
  EXPECT_EQ(parsed.overrides[2].key, "preprocess.a, b.scale");
  EXPECT_EQ(usage_error({"train", "--preprocess.x.scal=log1p"}),
            "unknown option '--preprocess.x.scal' (did you mean '--preprocess.x.scale'?); see "
            "'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--preprocess.x.scale=none", "--preprocess.x.scale=none"}),
            "option '--preprocess.x.scale' is given twice; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"evaluate", "--model=m", "--preprocess.x.scale=none"}),
            "option '--preprocess.x.scale' has no effect on evaluate; see 'lockstep evaluate "
            "--help'");
}

TEST(Arguments, HelpAndVersion) {
  for (const char* word : {"--help", "-h", "help"}) {
    EXPECT_TRUE(parse_arguments({word}).help) << word;
    EXPECT_EQ(parse_arguments({word}).command, "") << word;
    EXPECT_TRUE(parse_arguments({word, "predict"}).help) << word;
    EXPECT_EQ(parse_arguments({word, "predict"}).command, "predict") << word;
  }
  EXPECT_TRUE(parse_arguments({"train", "-h"}).help);
  EXPECT_TRUE(parse_arguments({"--version"}).version);
  for (const CommandSpec& command : command_specs()) {
    const Arguments parsed = parse_arguments({command.name, "--help"});
    EXPECT_TRUE(parsed.help);
    EXPECT_EQ(parsed.command, command.name);
  }
}

TEST(Arguments, NameTheRunThatACommandIsAbout) {
  EXPECT_EQ(parse_arguments({"train", "--resume", "runs/a"}).resume, "runs/a");
  const Arguments verify = parse_arguments({"verify", "runs/a", "--epoch=3"});
  EXPECT_EQ(verify.run, "runs/a");
  EXPECT_EQ(verify.epoch, 3);
  EXPECT_EQ(usage_error({"verify"}),
            "verify needs the directory of a run; see 'lockstep verify --help'");
  EXPECT_EQ(usage_error({"verify", "a", "b"}),
            "unexpected argument 'b'; see 'lockstep verify --help'");
  EXPECT_EQ(usage_error({"verify", "a", "--epoch=0"}),
            "--epoch: expected an integer ≥ 1, found '0'; see 'lockstep verify --help'");
  EXPECT_EQ(usage_error({"train", "--resume="}),
            "option '--resume' needs a value; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--resume=a", "--config=b"}),
            "option '--config' contradicts --resume, which goes on in the directory of a run with "
            "its configuration; see 'lockstep train --help'");
}

TEST(Arguments, RefusesWhatIsNoCommand) {
  EXPECT_EQ(
      usage_error({}),
      "no command; known: train, cv, sweep, verify, rerun, bisect, evaluate, predict, inspect, "
      "generate, check, "
      "convert, describe, "
      "decompose; see 'lockstep --help'");
  EXPECT_EQ(usage_error({"trian"}),
            "unknown command 'trian'; known: train, cv, sweep, verify, rerun, bisect, evaluate, "
            "predict, inspect, "
            "generate, check, "
            "convert, describe, decompose (did you mean 'train'?); see 'lockstep --help'");
  EXPECT_EQ(usage_error({""}),
            "unknown command ''; known: train, cv, sweep, verify, rerun, bisect, evaluate, "
            "predict, inspect, "
            "generate, check, "
            "convert, describe, decompose; see 'lockstep --help'");
  EXPECT_EQ(usage_error({"--config", "a.ini", "train"}),
            "expected a command before '--config'; known: train, cv, sweep, verify, rerun, bisect, "
            "evaluate, "
            "predict, "
            "inspect, "
            "generate, check, convert, describe, decompose; see 'lockstep --help'");
  EXPECT_EQ(usage_error({"--version", "train"}),
            "unexpected argument 'train'; see 'lockstep --help'");
}

TEST(Arguments, RefusesUnknownOptionsWithASuggestion) {
  EXPECT_EQ(usage_error({"train", "--train.epoch=3"}),
            "unknown option '--train.epoch' (did you mean '--train.epochs'?); see 'lockstep train "
            "--help'");
  EXPECT_EQ(usage_error({"train", "--train.epoch", "3"}),
            "unknown option '--train.epoch' (did you mean '--train.epochs'?); see 'lockstep train "
            "--help'");
  EXPECT_EQ(usage_error({"train", "--confg=a.ini"}),
            "unknown option '--confg' (did you mean '--config'?); see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--epochs=3"}),
            "unknown option '--epochs' (did you mean '--train.epochs'?); see 'lockstep train "
            "--help'");
  EXPECT_EQ(usage_error({"train", "--train.epoch="}),
            "unknown option '--train.epoch' (did you mean '--train.epochs'?); see 'lockstep train "
            "--help'");
  EXPECT_EQ(usage_error({"train", "--json"}),
            "unknown option '--json'; see 'lockstep train --help'");
}

TEST(Arguments, KnowsNoAbbreviations) {
  EXPECT_EQ(usage_error({"train", "--conf=a.ini"}),
            "unknown option '--conf' (did you mean '--config'?); see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--train.epo=3"}),
            "unknown option '--train.epo' (did you mean '--train.epochs'?); see 'lockstep train "
            "--help'");
  EXPECT_EQ(usage_error({"train", "--TRAIN.EPOCHS=3"}),
            "unknown option '--TRAIN.EPOCHS'; see 'lockstep train --help'");
}

TEST(Arguments, RefusesAnOptionGivenTwice) {
  EXPECT_EQ(usage_error({"train", "--train.epochs=3", "--train.epochs", "3"}),
            "option '--train.epochs' is given twice; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--train.epochs=", "--train.epochs="}),
            "option '--train.epochs' is given twice; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--config=a", "--config=a"}),
            "option '--config' is given twice; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--overwrite", "--overwrite"}),
            "option '--overwrite' is given twice; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"inspect", "a", "--model=b"}),
            "option '--model' is given twice; see 'lockstep inspect --help'");
}

TEST(Arguments, RefusesStrayArguments) {
  EXPECT_EQ(usage_error({"train", "a.ini"}),
            "unexpected argument 'a.ini'; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--overwrite", "yes"}),
            "unexpected argument 'yes'; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--train.epochs=3", "4"}),
            "unexpected argument '4'; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--", "x"}),
            "unexpected argument 'x'; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"evaluate", "--model=m", "--train.epochs=3"}),
            "option '--train.epochs' has no effect on evaluate; see 'lockstep evaluate --help'");
  EXPECT_EQ(usage_error({"predict", "--model=m", "--output=p", "--data.train=a.csv"}),
            "option '--data.train' has no effect on predict; see 'lockstep predict --help'");
  EXPECT_EQ(usage_error({"inspect", "a", "b"}),
            "unexpected argument 'b'; see 'lockstep inspect --help'");
}

TEST(Arguments, RefusesMissingAndSuperfluousValues) {
  EXPECT_EQ(usage_error({"train", "--train.epochs"}),
            "option '--train.epochs' needs a value; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--config", "--overwrite"}),
            "option '--config' needs a value, found the option '--overwrite'; see 'lockstep train "
            "--help'");
  EXPECT_EQ(usage_error({"train", "--train.epochs", "--train.seed=1"}),
            "option '--train.epochs' needs a value, found the option '--train.seed=1'; see "
            "'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--config="}),
            "option '--config' needs a value; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--overwrite=yes"}),
            "option '--overwrite' takes no value; see 'lockstep train --help'");
  EXPECT_EQ(usage_error({"train", "--overwrite="}),
            "option '--overwrite' takes no value; see 'lockstep train --help'");
}

TEST(Arguments, RefusesACommandWithoutWhatItNeeds) {
  EXPECT_EQ(usage_error({"evaluate"}),
            "evaluate needs --model=FILE; see 'lockstep evaluate --help'");
  EXPECT_EQ(usage_error({"predict", "--model=m"}),
            "predict needs --output=FILE; see 'lockstep predict --help'");
  EXPECT_EQ(usage_error({"inspect"}), "inspect needs a model file; see 'lockstep inspect --help'");
  EXPECT_EQ(usage_error({"inspect", ""}),
            "inspect needs a model file; see 'lockstep inspect --help'");
  EXPECT_EQ(usage_error({"generate"}),
            "generate needs --output=FOLDER; see 'lockstep generate --help'");
  EXPECT_EQ(usage_error({"generate", "--output=d", "--format=json"}),
            "--format: unknown value 'json'; known: csv, idx; see 'lockstep generate --help'");
}

}  // namespace
}  // namespace lockstep::trainer
