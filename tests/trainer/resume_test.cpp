// A run that is stopped, or damaged, and resumed on other ranks and threads is the run that never
// was. scripts/interruption_campaign.py kills runs at random moments besides.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;
using test::ProgramRun;
using test::run_program;
using test::TestFolder;
using test::train_to;
using test::Words;
using test::operator+;

const Words kDigits{"--synthetic.rows=3000", "--synthetic.test_rows=500", "--model.type=mlp",
                    "--model.hidden=24",     "--train.batch_size=750",    "--train.epochs=3"};

Words resume(const std::string& folder, const Words& more = {}) {
  return Words{"train", "--resume", folder} + more;
}

/// Every time that the ranks settle, time is up.
const Words kAtOnce{"--train.max_hours=1e-12"};
const Words kToTheEnd{"--train.max_hours=none"};

/// Stops and resumes the run in `folder` on changing ranks until it ends. Returns how often.
int interrupt_again_and_again(const TestFolder& folder, const std::string& run,
                              const Words& arguments) {
  ProgramRun stopped = run_program(folder.path(), 2, train_to(run, arguments + kAtOnce));
  int stops = 0;
  for (; stopped.exit_code == 75 && stops < 40; ++stops) {
    EXPECT_NE(stopped.err.find("stopped by train.max_hours = 1e-12 in epoch "), std::string::npos)
        << stopped.err;
    EXPECT_NE(stopped.err.find("; the newest checkpoint is " + run + "/"), std::string::npos)
        << stopped.err;
    EXPECT_NE(stopped.err.find("; go on with: lockstep train --resume " + run + "\n"),
              std::string::npos)
        << stopped.err;
    stopped = run_program(folder.path(), stops % 4 + 1, resume(run), stops % 2 + 1);
  }
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
  return stops;
}

/// What must be the same: models and metrics.
void expect_same_results(const TestFolder& folder, const std::string& a, const std::string& b,
                         const std::string& fold = "") {
  for (const char* name : {"model.safetensors", "metrics.jsonl"}) {
    EXPECT_TRUE(folder.read(a + "/" + fold + name) == folder.read(b + "/" + fold + name))
        << fold << name;
  }
}

TEST(Resume, EndsAsTheRunThatWasNotInterrupted) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, train_to("whole", kDigits)).exit_code, 0);
  EXPECT_GE(interrupt_again_and_again(folder, "parts", kDigits), 4);
  expect_same_results(folder, "whole", "parts");
}

/// Rows with few features that are not 0, of two classes.
std::string sparse_rows() {
  std::string text;
  for (int i = 0; i < 600; ++i) {
    text += std::to_string(i % 3 == 0 ? 1 : -1);
    for (int j = 0; j < 3; ++j) {
      const int index = (i * 7919 + j * 104729) % 2000 + 1 + 2000 * j;
      text += " " + std::to_string(index) + ":" + std::to_string((i % 7) - 3) + "." + "5";
    }
    text += "\n";
  }
  return text;
}

TEST(Resume, EndsSoForSparseRowsFoldsAndDoubles) {
  const TestFolder folder;
  folder.write("a.svm", sparse_rows());
  const Words sparse{"--data.train=a.svm",      "--data.validation_fraction=0.2",
                     "--model.type=logistic",   "--train.batch_size=100",
                     "--train.epochs=2",        "--train.precision=double",
                     "--train.schedule=cosine", "--penalty.l2=0.001",
                     "--train.clip_norm=0.5"};
  ASSERT_EQ(run_program(folder.path(), 3, train_to("whole", sparse)).exit_code, 0);
  EXPECT_GE(interrupt_again_and_again(folder, "parts", sparse), 2);
  expect_same_results(folder, "whole", "parts");

  const Words folds{"--data.train=a.svm",     "--data.folds=3",   "--model.type=svm",
                    "--train.batch_size=100", "--train.epochs=2", "--train.optimizer=sgd",
                    "--train.momentum=0.9"};
  ASSERT_EQ(run_program(folder.path(), 2, train_to("folds", folds)).exit_code, 0);
  EXPECT_GE(interrupt_again_and_again(folder, "folded", folds), 3);
  for (const char* fold : {"fold-1/", "fold-2/", "fold-3/"}) {
    expect_same_results(folder, "folds", "folded", fold);
  }
}

TEST(Resume, TakesMoreEpochs) {
  const TestFolder folder;
  Words longer = kDigits;
  longer.back() = "--train.epochs=5";
  ASSERT_EQ(run_program(folder.path(), 0, train_to("whole", longer)).exit_code, 0);
  ASSERT_EQ(run_program(folder.path(), 2, train_to("more", kDigits)).exit_code, 0);
  const ProgramRun more = run_program(folder.path(), 3, resume("more", {"--train.epochs=5"}));
  EXPECT_EQ(more.exit_code, 0) << more.err;
  expect_same_results(folder, "whole", "more");
  EXPECT_NE(folder.read("more/config.ini").find("epochs = 5"), std::string::npos);
  EXPECT_NE(folder.read("more/provenance.json").find("\"resumed\""), std::string::npos);
}

TEST(Resume, BeginsAnewBeforeTheFirstCheckpoint) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, train_to("whole", kDigits)).exit_code, 0);
  fs::copy(folder.path() / "whole", folder.path() / "killed");
  fs::remove(folder.path() / "killed" / "model.safetensors");
  const ProgramRun anew = run_program(folder.path(), 2, resume("killed"));
  EXPECT_EQ(anew.exit_code, 0) << anew.err;
  EXPECT_NE(anew.err.find("killed: no checkpoint yet; begun anew\n"), std::string::npos)
      << anew.err;
  expect_same_results(folder, "whole", "killed");

  const Words bayes{"--model.type=naive_bayes", "--synthetic.kind=blobs"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("bayes", bayes)).exit_code, 0);
  const std::string model = folder.read("bayes/model.safetensors");
  EXPECT_EQ(run_program(folder.path(), 2, resume("bayes")).exit_code, 0);
  EXPECT_EQ(folder.read("bayes/model.safetensors"), model);
}

/// Changes one byte in the middle.
void damage(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(fs::file_size(path) / 2);
  file.seekg(middle);
  const int byte = file.get();
  file.seekp(middle);
  file.put(static_cast<char>(byte ^ 4));
}

TEST(Resume, NamesADamagedCheckpointAndUsesTheOneBefore) {
  const TestFolder folder;
  const Words saving = kDigits + Words{"--checkpoint.every_steps=5"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("whole", saving)).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder.path() / "whole/checkpoints/step-10"));
  for (const char* file : {"arrays.bin", "manifest.json"}) {
    const std::string run = std::string("damaged-") + file;
    fs::copy(folder.path() / "whole", folder.path() / run, fs::copy_options::recursive);
    damage(folder.path() / run / "checkpoints/step-12" / file);
    const ProgramRun resumed = run_program(folder.path(), 2, resume(run));
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_NE(resumed.err.find("warning: damaged checkpoint: " + run + "/checkpoints/step-12"),
              std::string::npos)
        << resumed.err;
    EXPECT_NE(resumed.err.find("going on from " + run +
                               "/checkpoints/step-10: epoch 3, after step 2 of 4\n"),
              std::string::npos)
        << resumed.err;
    expect_same_results(folder, "whole", run);
    EXPECT_TRUE(fs::exists(folder.path() / run / "checkpoints/step-12.damaged"));

    damage(folder.path() / run / "checkpoints/step-12" / file);
    damage(folder.path() / run / "checkpoints/step-10" / file);
    const ProgramRun none = run_program(folder.path(), 2, resume(run));
    EXPECT_EQ(none.exit_code, 65) << none.err;
    EXPECT_NE(none.err.find("lockstep: error: " + run + ": no checkpoint is whole; remove " + run +
                            "/checkpoints to begin the run anew, or restore one\n"),
              std::string::npos)
        << none.err;
  }
}

TEST(Resume, RefusesWhatWouldGiveAnotherResult) {
  const TestFolder folder;
  folder.write("a.csv", "x,y\n1,a\n2,b\n3,a\n4,b\n5,b\n");
  folder.write("t.csv", "x,y\n1,a\n2,b\n");
  folder.write("c.ini",
               "[data]\ntrain = a.csv\ntest = t.csv\n[model]\ntype = logistic\n[train]\n"
               "schedule = polynomial\nepochs = 4\n");
  const Words fresh{"train", "--config", "c.ini", "--output.dir=run"};
  ASSERT_EQ(run_program(folder.path(), 0, fresh).exit_code, 0);
  const std::string config = folder.read("run/config.ini");
  const auto expect = [&](const Words& more, int exit_code, const std::string& message) {
    const ProgramRun refused = run_program(folder.path(), 2, resume("run", more));
    EXPECT_EQ(refused.exit_code, exit_code) << refused.err;
    EXPECT_NE(refused.err.find(message), std::string::npos) << refused.err;
    EXPECT_EQ(folder.read("run/config.ini"), config);
  };
  expect({"--train.seed=2", "--train.optimizer=sgd", "--run.threads=1"}, 78,
         "command line: error: train.optimizer: the run in run was begun with adam, and cannot go "
         "on with sgd\n"
         "command line: error: train.seed: the run in run was begun with 1, and cannot go on with "
         "2\n");
  expect({"--train.epochs=9"}, 78,
         "command line: error: train.epochs: the run in run was begun with 4, on which "
         "train.schedule = polynomial depends, and cannot go on with 9\n");
  expect({"--train.epochs=2"}, 78,
         "train.epochs: the run in run has come to epoch 4 already; ask for as many or more\n");
  expect({"--config=c.ini"}, 2,
         "option '--config' contradicts --resume, which goes on in the directory of a run with its "
         "configuration; see 'lockstep train --help'\n");
  expect({"--overwrite"}, 2, "option '--overwrite' contradicts --resume, ");
  expect({"--output.dir=other"}, 2, "option '--output.dir' contradicts --resume, ");

  folder.write("t.csv", "x,y\n1,a\n2,a\n");
  expect({}, 65,
         "lockstep: error: run: the test rows are not those that the run was begun with; give it "
         "the same data, or start a new run\n");
  folder.write("t.csv", "x,y\n1,a\n2,b\n");
  folder.write("a.csv", "x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n");
  expect({}, 65, "lockstep: error: run: the training rows are not those that ");
  folder.write("a.csv", "x,y\n1,a\n2,b\n3,a\n4,b\n5,b\n");
  const std::string metrics = folder.read("run/metrics.jsonl");
  folder.write("run/metrics.jsonl", "x" + metrics.substr(1));
  expect({}, 65, "lockstep: error: run/metrics.jsonl: its first ");
  folder.write("run/metrics.jsonl", metrics);
  const std::string model = folder.read("run/model.safetensors");
  EXPECT_EQ(run_program(folder.path(), 3, resume("run")).exit_code, 0);
  EXPECT_EQ(folder.read("run/model.safetensors"), model);
  EXPECT_EQ(folder.read("run/metrics.jsonl"), metrics);

  const ProgramRun none = run_program(folder.path(), 2, resume("no-run"));
  EXPECT_EQ(none.exit_code, 66);
  EXPECT_NE(none.err.find("lockstep: error: no-run: no directory of a run: there is no config.ini"),
            std::string::npos)
      << none.err;
}

/// Whatever is refused leaves the run as it is.
TEST(Resume, RefusesARunWhoseCheckpointsCannotBeUsed) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, train_to("run", kDigits)).exit_code, 0);
  const std::string metrics = folder.read("run/metrics.jsonl");
  const auto expect = [&](const Words& more, int exit_code, const std::string& message) {
    const ProgramRun refused = run_program(folder.path(), 2, resume("run", more));
    EXPECT_EQ(refused.exit_code, exit_code) << refused.err;
    EXPECT_NE(refused.err.find(message), std::string::npos) << refused.err;
    EXPECT_EQ(folder.read("run/metrics.jsonl"), metrics);
  };
  expect({"--train.init_from=other.safetensors"}, 78, "train.init_from");
  fs::create_directory(folder.path() / "run/checkpoints/step-0999");  // no name of ours
  EXPECT_EQ(run_program(folder.path(), 2, resume("run")).exit_code, 0);

  folder.write("run/checkpoints/step-12/arrays.bin", "no arrays");
  const std::string none = "lockstep: error: run: no checkpoint is whole; remove run/checkpoints ";
  expect({}, 65, none);
  expect({}, 65, none);  // not begun anew, either

  fs::remove_all(folder.path() / "run/checkpoints");
  folder.write("run/checkpoints", "a file");
  expect({}, 74, "run/checkpoints: cannot look into it: Not a directory");
  fs::remove(folder.path() / "run/checkpoints");
  expect({"--train.seed=2"}, 78,
         "train.seed: the run in run was begun with 1, and cannot go on with 2\n");
  expect({"--synthetic.rows=2999"}, 65, "run: the training rows are not those that ");
  EXPECT_EQ(run_program(folder.path(), 2, resume("run")).exit_code, 0);
  EXPECT_EQ(folder.read("run/metrics.jsonl"), metrics);

  const Words bayes{"--model.type=naive_bayes", "--synthetic.kind=blobs"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("bayes", bayes)).exit_code, 0);
  const std::string model = folder.read("bayes/model.safetensors");
  EXPECT_EQ(run_program(folder.path(), 2, resume("bayes", {"--bayes.smoothing=5"})).exit_code, 78);
  EXPECT_EQ(run_program(folder.path(), 2, resume("bayes", {"--synthetic.rows=99"})).exit_code, 65);
  EXPECT_EQ(folder.read("bayes/model.safetensors"), model);
}

TEST(Resume, ChecksEveryFold) {
  const TestFolder folder;
  const Words folds{"--synthetic.kind=blobs", "--synthetic.rows=300",
                    "--data.folds=3",         "--model.type=softmax",
                    "--train.epochs=3",       "--checkpoint.every_epochs=1"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("run", folds)).exit_code, 0);
  fs::remove_all(folder.path() / "run/fold-1/checkpoints");
  fs::remove_all(folder.path() / "run/fold-2/checkpoints/step-6");
  const ProgramRun fewer = run_program(folder.path(), 2, resume("run", {"--train.epochs=1"}));
  EXPECT_EQ(fewer.exit_code, 78) << fewer.err;
  EXPECT_NE(fewer.err.find("train.epochs: the run in run has come to epoch "), std::string::npos)
      << fewer.err;
  EXPECT_EQ(run_program(folder.path(), 2, resume("run")).exit_code, 0);
}

/// A descriptor that holds the lock of a running run.
int locked(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  EXPECT_EQ(::fcntl(file, F_OFD_SETLK, &lock), 0);
  return file;
}

TEST(Resume, OverwriteSparesARunThatIsRunningAndWhatIsNotOurs) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, train_to("run", kDigits)).exit_code, 0);
  const int file = locked(folder.file("run/config.ini"));
  const Words overwrite = kDigits + Words{"--overwrite"};
  const std::vector<std::string> names = folder.names();
  const ProgramRun refused = run_program(folder.path(), 2, train_to("run", overwrite));
  EXPECT_EQ(refused.exit_code, 73);
  EXPECT_NE(refused.err.find("run: another run is writing to this output directory; choose "),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(folder.names(), names);
  ::close(file);

  fs::rename(folder.path() / "run/checkpoints", folder.path() / "scratch");
  fs::create_directory_symlink("../scratch", folder.path() / "run/checkpoints");
  fs::create_directory(folder.path() / "scratch/step-77");
  folder.write("scratch/step-77/notes.txt", "mine");
  EXPECT_EQ(run_program(folder.path(), 2, train_to("run", overwrite)).exit_code, 0);
  EXPECT_EQ(folder.read("scratch/step-77/notes.txt"), "mine");
}

TEST(Resume, RefusesARunThatIsRunning) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, train_to("run", kDigits)).exit_code, 0);
  const int file = locked(folder.file("run/config.ini"));
  const ProgramRun refused = run_program(folder.path(), 2, resume("run"));
  ::close(file);
  EXPECT_EQ(refused.exit_code, 73);
  EXPECT_NE(refused.err.find("lockstep: error: run: this run is still running"), std::string::npos)
      << refused.err;
  EXPECT_EQ(run_program(folder.path(), 2, resume("run")).exit_code, 0);
}

TEST(Resume, LeavesNoCheckpointsOfARunThatIsReplaced) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, train_to("run", kDigits)).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder.path() / "run/checkpoints/step-12"));
  const Words shorter{"--synthetic.rows=300", "--model.type=softmax", "--train.epochs=1",
                      "--overwrite"};
  ASSERT_EQ(run_program(folder.path(), 2, train_to("run", shorter)).exit_code, 0);
  std::vector<std::string> checkpoints;
  for (const auto& entry : fs::directory_iterator(folder.path() / "run/checkpoints")) {
    checkpoints.push_back(entry.path().filename().string());
  }
  EXPECT_EQ(checkpoints, std::vector<std::string>{"step-2"});
}

}  // namespace
}  // namespace lockstep::trainer
