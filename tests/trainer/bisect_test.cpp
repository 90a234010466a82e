// `lockstep bisect` finds where two runs part.

#include <gtest/gtest.h>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using test::ProgramRun;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

const Words kBlobs{
    "--synthetic.kind=blobs",      "--synthetic.rows=400", "--synthetic.test_rows=40",
    "--train.batch_size=100",      "--model.type=mlp",     "--model.hidden=5",
    "--checkpoint.every_epochs=1", "--checkpoint.keep=9"};

void train_to(const TestFolder& folder, const std::string& run, const Words& more) {
  const ProgramRun done =
      run_program(folder.path(), 2, Words{"train", "--output.dir=" + run} + kBlobs + more);
  ASSERT_EQ(done.exit_code, 0) << done.err;
}

/// On any ranks.
std::string bisected(const TestFolder& folder, const std::string& a, const std::string& b) {
  const ProgramRun alone = run_program(folder.path(), 0, {"bisect", a, b});
  EXPECT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_EQ(run_program(folder.path(), 3, {"bisect", a, b}).out, alone.out);
  return alone.out;
}

TEST(Bisect, NamesTheStepAndTheTensorsInWhichRunsPart) {
  const TestFolder folder;
  train_to(folder, "a",
           {"--train.epochs=5", "--train.schedule=step", "--schedule.every_epochs=3",
            "--schedule.factor=0.5"});
  train_to(folder, "b",
           {"--train.epochs=5", "--train.schedule=step", "--schedule.every_epochs=3",
            "--schedule.factor=0.25"});
  // The rate is another from the first step of the fourth epoch on.
  EXPECT_EQ(bisected(folder, "a", "b"),
            "schedule.factor is 0.5 in a, 0.25 in b\n"
            "the parameters differ after epoch 4, not before\n"
            "they part in step 1 of epoch 4, in layers.0.weight, layers.0.bias, layers.1.weight, "
            "layers.1.bias\n");
  train_to(folder, "c",
           {"--train.epochs=3", "--train.schedule=step", "--schedule.every_epochs=3",
            "--schedule.factor=0.5"});
  EXPECT_EQ(bisected(folder, "a", "c"),
            "train.epochs is 5 in a, 3 in c\n"
            "the parameters are the same after each of the 3 epochs that both have\n");
  train_to(folder, "d", {"--train.epochs=2", "--train.seed=2"});
  const std::string seeds = bisected(folder, "a", "d");  // of the rows too, which are generated
  for (const char* line :
       {"train.schedule is step in a, constant in d\n", "train.seed is 1 in a, 2 in d\n",
        "the parameters differ after epoch 1, not before\n",
        "the fingerprint of rows: training is ",
        "they part before the first step of epoch 1, in layers.0.weight, layers.1.weight\n"}) {
    EXPECT_NE(seeds.find(line), std::string::npos) << line << seeds;
  }
}

TEST(Bisect, SaysWhoseLineIsNotWhatItComputes) {
  const TestFolder folder;
  train_to(folder, "a", {"--train.epochs=3"});
  train_to(folder, "b", {"--train.epochs=3"});
  std::string lines = folder.read("b/metrics.jsonl");
  const std::size_t hash = lines.find("\"parameters_sha256\":\"", lines.find('\n')) + 21;
  lines[hash] = lines[hash] == '0' ? '1' : '0';
  folder.write("b/metrics.jsonl", lines);
  const std::string text = bisected(folder, "a", "b");
  EXPECT_EQ(text.find("the parameters differ after epoch 2, not before\n"
                      "computed again, they do not part in epoch 2\n"
                      "epoch 2 of b is not what its line says: computed again, the SHA-256 of its "
                      "parameters is "),
            0U)
      << text;
  EXPECT_EQ(text.find("epoch 2 of a"), std::string::npos) << text;
}

TEST(Bisect, RefusesWhatItCannotCompare) {
  const TestFolder folder;
  train_to(folder, "a", {"--train.epochs=1"});
  train_to(folder, "b", {"--train.epochs=1", "--train.precision=double"});
  EXPECT_NE(bisected(folder, "a", "b")
                .find("their networks have other tensors, or another "
                      "precision\n"),
            std::string::npos);
  const Words deep{"--train.epochs=1"};
  train_to(folder, "plain", deep);
  train_to(folder, "batch", deep + Words{"--model.normalization=batch"});
  train_to(folder, "layer", deep + Words{"--model.normalization=layer"});
  for (const char* other : {"plain", "layer"}) {
    EXPECT_NE(bisected(folder, "batch", other).find("their networks have other tensors"),
              std::string::npos);
  }
  const ProgramRun one = run_program(folder.path(), 0, {"bisect", "a"});
  EXPECT_EQ(one.exit_code, 2);
  EXPECT_EQ(one.err,
            "lockstep: error: bisect needs the directories of two runs; see 'lockstep bisect "
            "--help'\n");
  EXPECT_EQ(run_program(folder.path(), 0, {"bisect", "a", "no"}).exit_code, 66);
}

}  // namespace
}  // namespace lockstep::trainer
