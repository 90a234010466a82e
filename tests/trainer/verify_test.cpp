// `lockstep verify` says "identical" of what training wrote, and where it is not.

#include <gtest/gtest.h>

#include <filesystem>

#include "core/format/safetensors.hpp"
#include "tests/trainer/program_runner.hpp"
#include "trainer/run/model.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;
using test::ProgramRun;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

const Words kDigits{"train",
                    "--output.dir=run",
                    "--synthetic.rows=1500",
                    "--synthetic.test_rows=300",
                    "--model.type=mlp",
                    "--model.hidden=16",
                    "--train.batch_size=300",
                    "--train.epochs=4",
                    "--checkpoint.every_epochs=2",
                    "--checkpoint.keep=5"};

TEST(Verify, RecomputesEpochsFromTheCheckpointBeforeThem) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 2, kDigits).exit_code, 0);
  const std::vector<std::string> names = folder.names();
  for (const int ranks : {0, 1, 3, 4}) {
    const ProgramRun last = run_program(folder.path(), ranks, {"verify", "run"}, ranks % 2 + 1);
    EXPECT_EQ(last.exit_code, 0) << last.err;
    EXPECT_EQ(last.out,
              "epochs 3 to 4 of run, recomputed from run/checkpoints/step-10: identical\n");
  }
  EXPECT_EQ(run_program(folder.path(), 2, {"verify", "--run=run", "--epoch=3"}).out,
            "epoch 3 of run, recomputed from run/checkpoints/step-10: identical\n");
  EXPECT_EQ(run_program(folder.path(), 2, {"verify", "run", "--epoch", "2"}).out,
            "epochs 1 to 2 of run, recomputed from the beginning: identical\n");
  const ProgramRun none = run_program(folder.path(), 0, {"verify", "run", "--epoch=5"});
  EXPECT_EQ(none.exit_code, 65);
  EXPECT_EQ(none.err,
            "lockstep: error: run: has 4 finished epochs; there is no epoch 5 to verify\n");
  EXPECT_EQ(folder.names(), names) << "nothing is written";
}

/// Changes the last digit of a number, or of a hash, in a line.
std::string with_another_digit(std::string text, std::size_t line, const std::string& before) {
  std::size_t at = 0;
  for (std::size_t i = 1; i < line; ++i) at = text.find('\n', at) + 1;
  at = text.find(before, at) + before.size();
  text[at] = static_cast<char>(text[at] ^ 1);
  return text;
}

TEST(Verify, NamesOneFlippedBit) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 2, kDigits).exit_code, 0);
  const std::string metrics = folder.read("run/metrics.jsonl");
  folder.write("run/metrics.jsonl", with_another_digit(metrics, 3, "\"parameters_sha256\":\""));
  for (const int ranks : {0, 3}) {
    const ProgramRun wrong = run_program(folder.path(), ranks, {"verify", "run"});
    EXPECT_EQ(wrong.exit_code, 65);
    EXPECT_EQ(wrong.out, "");
    EXPECT_NE(wrong.err.find("lockstep: error: run/metrics.jsonl:3: epoch 3 is not what it says: "
                             "parameters_sha256 is \""),
              std::string::npos)
        << wrong.err;
  }
  EXPECT_EQ(run_program(folder.path(), 0, {"verify", "run", "--epoch=2"}).exit_code, 0);
  folder.write("run/metrics.jsonl", with_another_digit(metrics, 4, "\"test\":{\"rows\":30"));
  const ProgramRun wrong = run_program(folder.path(), 2, {"verify", "run"});
  EXPECT_NE(wrong.err.find("epoch 3  identical\n"), std::string::npos) << wrong.err;
  EXPECT_NE(wrong.err.find("run/metrics.jsonl:4: epoch 4 is not what it says: test.rows is 301, "
                           "recomputed 300"),
            std::string::npos)
      << wrong.err;
  folder.write("run/metrics.jsonl", metrics);

  const SafetensorsFile file = read_safetensors(folder.file("run/model.safetensors"));
  std::vector<TensorView> tensors = file.tensors();
  std::vector<std::byte> changed(tensors.back().data.begin(), tensors.back().data.end());
  changed.front() ^= std::byte{1};
  tensors.back().data = changed;
  write_model_file(folder.file("run/model.safetensors"), tensors, file.metadata());
  const ProgramRun other = run_program(folder.path(), 2, {"verify", "run"});
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_NE(other.err.find("run/model.safetensors: its parameters have the SHA-256 "),
            std::string::npos)
      << other.err;
}

TEST(Verify, TakesFoldsAndGoesBackBehindADamagedCheckpoint) {
  const TestFolder folder;
  const Words folds{"train",
                    "--output.dir=run",
                    "--synthetic.kind=blobs",
                    "--data.folds=2",
                    "--train.epochs=3",
                    "--model.type=softmax",
                    "--train.precision=double",
                    "--checkpoint.every_epochs=1",
                    "--synthetic.rows=400"};
  ASSERT_EQ(run_program(folder.path(), 3, folds).exit_code, 0);
  const ProgramRun both = run_program(folder.path(), 2, {"verify", "run"});
  EXPECT_EQ(both.exit_code, 0) << both.err;
  EXPECT_EQ(both.out,
            "epoch 3 of run/fold-1, recomputed from run/fold-1/checkpoints/step-2: identical\n"
            "epoch 3 of run/fold-2, recomputed from run/fold-2/checkpoints/step-2: identical\n");
  folder.write("run/fold-2/checkpoints/step-2/arrays.bin", "no arrays");
  const ProgramRun damaged = run_program(folder.path(), 2, {"verify", "run"});
  EXPECT_EQ(damaged.exit_code, 0) << damaged.err;
  EXPECT_NE(
      damaged.out.find("epochs 1 to 3 of run/fold-2, recomputed from the beginning: identical"),
      std::string::npos)
      << damaged.out;
  EXPECT_NE(
      damaged.err.find("warning: damaged checkpoint: run/fold-2/checkpoints/step-2/arrays.bin: "
                       "has 9 bytes of "),
      std::string::npos)
      << damaged.err;
  EXPECT_TRUE(fs::exists(folder.path() / "run/fold-2/checkpoints/step-2")) << "left where it is";
}

}  // namespace
}  // namespace lockstep::trainer
