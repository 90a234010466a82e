// `lockstep rerun` trains a model again from what its file states.

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

const Words kBlobs{"--data.format=synthetic", "--synthetic.kind=blobs", "--synthetic.rows=300"};

Words train_to(const std::string& folder, const Words& more) {
  return Words{"train", "--output.dir=" + folder} + kBlobs + more;
}
Words rerun(const std::string& model, const std::string& folder, const Words& more = {}) {
  return Words{"rerun", model, "--output.dir=" + folder} + kBlobs + more;
}

TEST(Rerun, GivesTheSameModel) {
  const TestFolder folder;
  const std::vector<Words> all{
      {"--model.type=mlp", "--train.epochs=3", "--train.optimizer=rmsprop", "--train.momentum=0.5",
       "--data.validation_fraction=0.2", "--preprocess.scale=standard"},
      {"--model.type=softmax", "--train.precision=double", "--train.schedule=cosine"},
      {"--model.type=naive_bayes"}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string run = "run-" + std::to_string(i);
    const std::string again = "again-" + std::to_string(i);
    ASSERT_EQ(run_program(folder.path(), 2, train_to(run, all[i])).exit_code, 0);
    const ProgramRun same =
        run_program(folder.path(), 3, rerun(run + "/model.safetensors", again), 2);
    EXPECT_EQ(same.exit_code, 0) << same.err;
    EXPECT_EQ(same.out, run + "/model.safetensors: trained again in " + again + ": identical\n");
    EXPECT_TRUE(folder.read(run + "/model.safetensors") ==
                folder.read(again + "/model.safetensors"));
    EXPECT_TRUE(folder.read(run + "/metrics.jsonl") == folder.read(again + "/metrics.jsonl"));
  }
}

TEST(Rerun, TrainsTheModelOfAFold) {
  const TestFolder folder;
  ASSERT_EQ(
      run_program(folder.path(), 0, train_to("run", {"--data.folds=3", "--model.type=softmax"}))
          .exit_code,
      0);
  const ProgramRun second =
      run_program(folder.path(), 2, rerun("run/fold-2/model.safetensors", "again"));
  EXPECT_EQ(second.out, "run/fold-2/model.safetensors: trained again in again: identical\n")
      << second.err;
}

TEST(Rerun, NeedsTheRowsAndTheStartOfTheModel) {
  const TestFolder folder;
  const Words softmax{"--model.type=softmax", "--train.epochs=2"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("first", softmax)).exit_code, 0);
  const Words from{"--train.init_from=first/model.safetensors"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("run", softmax + from)).exit_code, 0);
  const std::string model = "run/model.safetensors";
  const std::vector<std::string> names = folder.names();

  const ProgramRun no_start = run_program(folder.path(), 2, rerun(model, "again"));
  EXPECT_EQ(no_start.exit_code, 78);
  EXPECT_NE(no_start.err.find("run/model.safetensors: started from the parameters of another "
                              "model, of the SHA-256 "),
            std::string::npos)
      << no_start.err;
  const ProgramRun other_rows = run_program(
      folder.path(), 2,
      {"rerun", model, "--output.dir=again", "--data.format=synthetic", "--synthetic.kind=blobs",
       "--synthetic.rows=301", "--train.init_from=first/model.safetensors"});
  EXPECT_EQ(other_rows.exit_code, 65);
  EXPECT_NE(other_rows.err.find("run/model.safetensors: was trained on other rows than these: "),
            std::string::npos)
      << other_rows.err;
  EXPECT_EQ(folder.names(), names) << "nothing was trained";

  EXPECT_EQ(run_program(folder.path(), 2, rerun(model, "again", from)).out,
            "run/model.safetensors: trained again in again: identical\n");
}

TEST(Rerun, NamesWhatDiffers) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, train_to("run", {"--model.type=softmax"})).exit_code, 0);
  const SafetensorsFile file = read_safetensors(folder.file("run/model.safetensors"));
  std::vector<TensorView> tensors = file.tensors();
  std::vector<std::byte> changed(tensors.back().data.begin(), tensors.back().data.end());
  changed.front() ^= std::byte{1};
  const std::string name = tensors.back().name;
  tensors.back().data = changed;
  write_model_file(folder.file("run/model.safetensors"), tensors, file.metadata());
  const ProgramRun other = run_program(folder.path(), 2, rerun("run/model.safetensors", "again"));
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_NE(other.err.find("lockstep: error: run/model.safetensors: trained again in again, "
                           "differs in the tensor " +
                           name + "\n"),
            std::string::npos)
      << other.err;
}

}  // namespace
}  // namespace lockstep::trainer
