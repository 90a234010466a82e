// Whatever is wrong, on any number of ranks: one line that says where and what, the right exit
// code, and nothing left behind.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <ostream>
#include <regex>

#include "tests/core/format/npy_files.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using test::run_program;
using test::TestFolder;

struct BadInput {
  std::string name;
  std::function<void(const TestFolder&)> prepare;
  std::vector<std::string> arguments;
  int exit_code;
  std::string message;  ///< the whole of standard error, without the newline; FOLDER is the test's
  std::string stays{};  ///< a file that is left
};

void PrintTo(const BadInput& bad, std::ostream* out) { *out << bad.name; }

void nothing(const TestFolder&) {}

std::string big_endian(unsigned value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

/// An IDX file of n images of 1×2 bytes.
std::string images(unsigned n) {
  std::string file = big_endian(0x803) + big_endian(n) + big_endian(1) + big_endian(2);
  for (unsigned i = 0; i < 2 * n; ++i) file += static_cast<char>(i);
  return file;
}

std::string labels(unsigned n) {
  std::string file = big_endian(0x801) + big_endian(n);
  for (unsigned i = 0; i < n; ++i) file += static_cast<char>(i % 2);
  return file;
}

std::string npy(const std::string& type, const std::string& shape, const std::string& elements) {
  return lockstep::test::npy_file(lockstep::test::npy_dictionary(type, shape), elements);
}

std::string gzipped(const std::string& content) {
  const TestFolder folder;
  gzFile file = gzopen(folder.file("x").c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  return folder.read("x");
}

std::function<void(const TestFolder&)> file_with(const std::string& name,
                                                 const std::string& content) {
  return [=](const TestFolder& folder) { folder.write(name, content); };
}

/// A model file of one tensor entry per line of `header`.
std::string safetensors(const std::string& header, std::size_t data_bytes) {
  std::string file;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    file += static_cast<char>(header.size() >> shift);
  }
  return file + header + std::string(data_bytes, '\0');
}

std::vector<std::string> training(const std::string& file,
                                  const std::vector<std::string>& more = {}) {
  std::vector<std::string> line{"train", "--data.train=" + file, "--model.type=softmax",
                                "--train.epochs=1"};
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

std::vector<BadInput> all_bad_input() {
  const std::vector<std::string> with_config{"train", "--config=a.ini"};
  const std::string searched =
      " (data.train; relative paths start in the working directory, data.root is not set)";
  const std::vector<std::string> idx{"train", "--data.train=i", "--data.train_labels=l",
                                     "--model.type=softmax"};
  return {
      {"UnknownKey", file_with("a.ini", "[train]\nepoch = 3\n"), with_config, 78,
       "a.ini:2: error: unknown key 'train.epoch' (did you mean 'train.epochs'?)"},
      {"UnknownSection", file_with("a.ini", "[trian]\nepochs = 3\n"), with_config, 78,
       "a.ini:1: error: unknown section '[trian]' (did you mean '[train]'?)"},
      {"DuplicateKey", file_with("a.ini", "[train]\nepochs = 3\nepochs = 4\n"), with_config, 78,
       "a.ini:3: error: duplicate key 'train.epochs', first on line 2"},
      {"OutOfRange", file_with("a.ini", "[adam]\nbeta1 = 1\n"), with_config, 78,
       "a.ini:2: error: adam.beta1: expected a real in [0, 1), found '1'"},
      {"NaN", file_with("a.ini", "[penalty]\nl2 = nan\n"), with_config, 78,
       "a.ini:2: error: penalty.l2: expected a real ≥ 0, found 'nan'"},
      {"NegativeCount",
       nothing,
       {"train", "--train.batch_size=-1"},
       78,
       "command line: error: train.batch_size: expected an integer ≥ 1 or all, found '-1'"},
      {"UnknownOption",
       nothing,
       {"train", "--epochs=3"},
       2,
       "lockstep: error: unknown option '--epochs' (did you mean '--train.epochs'?); see 'lockstep "
       "train --help'"},
      {"MissingConfiguration", nothing, with_config, 66,
       "lockstep: error: a.ini: no such configuration file"},
      {"MissingFile", nothing, training("no.csv"), 66,
       "lockstep: error: no.csv: no such file" + searched},
      {"MissingFileThatIsNamedLikeAnError", nothing, training("error: no.csv"), 66,
       "lockstep: error: error: no.csv: no such file" + searched},
      {"DirectoryForAFile",
       [](const TestFolder& f) { std::filesystem::create_directory(f.path() / "d.csv"); },
       training("d.csv"), 65,
       "lockstep: error: d.csv: a directory; name the files in it, as in d.csv/*.csv" + searched},
      {"EmptyFile", file_with("a.csv", ""), training("a.csv"), 65,
       "lockstep: error: a.csv: empty file" + searched},
      {"HeaderOnly", file_with("a.csv", "x,y\n"), training("a.csv"), 65,
       "lockstep: error: a.csv: no rows after the header"},
      {"LibsvmLabel", file_with("a.svm", "1 1:2\n# x\npython 2:2.5\n"), training("a.svm"), 65,
       "lockstep: error: a.svm:3:1: expected a number as the label, found 'python'"},
      {"LibsvmOfSeveralLabels", file_with("a.svm", "1 1:2\n1,2 2:2.5\n"), training("a.svm"), 65,
       "lockstep: error: a.svm:2:1: expected one label a row, found '1,2'"},
      {"LibsvmIndexTwice", file_with("a.svm", "1 1:2\n2 7:1 3:1 7:2\n"), training("a.svm"), 65,
       "lockstep: error: a.svm:2:4: expected each index once, found 7 as in field 2"},
      {"LibsvmValue", file_with("a.svm", "1 1:2\n2 7:1 8:0x1f\n"), training("a.svm"), 65,
       "lockstep: error: a.svm:2:3: expected a number as the value, found '8:0x1f'"},
      {"LibsvmIndexBelowTheBase", file_with("a.svm", "1 1:2\n2 0:1\n"),
       training("a.svm", {"--data.index_base=1"}), 65,
       "lockstep: error: a.svm:2:2: expected an index from 1 on (data.index_base), found '0:1'"},
      {"LibsvmIndexTooLarge", file_with("a.svm", "1 1:2\n2 2000000000:1\n"), training("a.svm"), 65,
       "lockstep: error: a.svm:2:2: expected an index below 67108864, found '2000000000:1'"},
      {"LibsvmWithoutRows", file_with("a.svm", "# 1 1:2\n"), training("a.svm"), 65,
       "lockstep: error: a.svm: no rows"},
      {"RaggedRow", file_with("a.csv", "x,z,y\n1,2,a\n1,b\n"), training("a.csv"), 65,
       "lockstep: error: a.csv:3: expected 3 fields as in the header, found 2"},
      {"CommaBehindTheHeader", file_with("a.csv", "x,z,y,\n1,2,a\n1,3,b\n"), training("a.csv"), 65,
       "lockstep: error: a.csv:2: expected 4 fields as in the header, found 3; the header "
       "(a.csv:1) "
       "ends with a comma, so its last column has no name"},
      {"TextInANumericColumn", file_with("a.csv", "x,z,y\n1,2,a\n1,n/a,b\n"), training("a.csv"), 65,
       "lockstep: error: a.csv:3:2: expected a number in column 'z', found 'n/a'; set "
       "preprocess.encode, data.missing or data.ignore"},
      {"TextInAColumnThatIsToBeNumbers", file_with("a.csv", "x,z,y\n1,2,a\n1,n/a,b\n"),
       training("a.csv", {"--data.numeric=z", "--preprocess.encode=onehot"}), 65,
       "lockstep: error: a.csv:3:2: expected a number in column 'z', found 'n/a'; set "
       "data.missing or data.ignore"},
      {"MissingCell", file_with("a.csv", "x,z,y\n1,,a\n1,2,b\n"), training("a.csv"), 65,
       "lockstep: error: a.csv:2:2: missing value in column 'z'; set preprocess.impute or "
       "data.ignore"},
      {"TextThatMeansMissing", file_with("a.csv", "x,z,y\n1,n/a,a\n1,2,b\n"),
       training("a.csv", {"--data.missing=?,n/a"}), 65,
       "lockstep: error: a.csv:2:2: missing value in column 'z'; set preprocess.impute or "
       "data.ignore"},
      {"MissingCellOfAColumn", file_with("a.csv", "x,z,y\n1,red,a\n,,b\n"),
       training("a.csv", {"--preprocess.encode=onehot", "--preprocess.x.impute=mean"}), 65,
       "lockstep: error: a.csv:3:2: missing value in column 'z'; set preprocess.impute or "
       "data.ignore"},
      {"TextInAColumnWithoutEncoding", file_with("a.csv", "x,z,y\n1,red,a\nblue,2,b\n"),
       training("a.csv", {"--preprocess.z.encode=onehot"}), 65,
       "lockstep: error: a.csv:3:1: expected a number in column 'x', found 'blue'; set "
       "preprocess.encode, data.missing or data.ignore"},
      {"MixedColumn", file_with("a.csv", "x,z,y\n1,7,a\n1,red,b\n2,8,b\n3,tan,a\n"),
       training("a.csv", {"--preprocess.encode=onehot"}), 65,
       "lockstep: error: a.csv:3:2: column 'z' mixes 2 numbers and 2 other texts, here 'red'; name "
       "it in data.categorical, data.numeric or data.ignore, or its texts in data.missing"},
      {"CategoricalWithoutEncoding", file_with("a.csv", "x,y\n1,a\n2,b\n"),
       training("a.csv", {"--data.categorical=x"}), 78,
       "command line: error: data.categorical: column 'x' is to be categories, but "
       "preprocess.encode is none; set it, or [preprocess.x] encode"},
      {"SectionOfNoColumn", file_with("a.csv", "size,y\n1,a\n2,b\n"),
       training("a.csv", {"--preprocess.sice.scale=log1p"}), 78,
       "command line: error: [preprocess.sice]: no feature column has this name, or fits it; did "
       "you mean 'size'?"},
      {"EncodingOfNumbers", file_with("a.csv", "x,y\n1,a\n2,b\n"),
       training("a.csv", {"--preprocess.x.encode=onehot"}), 78,
       "command line: error: preprocess.x.encode: column 'x' holds numbers; name it in "
       "data.categorical, or remove the key"},
      {"DimensionOfNumbers", file_with("a.csv", "x,z,y\n1,r,a\n2,s,b\n"),
       training("a.csv", {"--preprocess.encode=hash", "--preprocess.x.buckets=7"}), 78,
       "command line: error: preprocess.x.buckets: column 'x' holds numbers; name it in "
       "data.categorical, or remove the key"},
      {"ScaleOfIndicators", file_with("a.csv", "x,y\nr,a\ns,b\n"),
       training("a.csv", {"--preprocess.encode=onehot", "--preprocess.x.scale=standard"}), 78,
       "command line: error: preprocess.x.scale: the features of column 'x' are no numbers that "
       "have a scale; remove the key"},
      {"EmbeddingWithoutHiddenLayers", file_with("a.csv", "x,y\nr,a\ns,b\n"),
       training("a.csv", {"--preprocess.x.encode=embedding"}), 78,
       "command line: error: preprocess.x.encode: embedding is for model.type = mlp, not for "
       "softmax; onehot suits that"},
      {"DimensionOfNoEmbedding", file_with("a.csv", "x,y\nr,a\ns,b\n"),
       training("a.csv", {"--preprocess.encode=onehot", "--preprocess.x.embedding_dim=4"}), 78,
       "command line: error: preprocess.x.embedding_dim: applies to preprocess.encode = embedding "
       "only, not to onehot; remove it"},
      {"MeanOfCategories", file_with("a.csv", "x,y\nred,a\n,b\n"),
       training("a.csv", {"--preprocess.impute=mean", "--preprocess.encode=onehot"}), 78,
       "lockstep: error: preprocess.impute: column 'x' has 1 missing cells, and categories have no "
       "mean; set impute = most_frequent or constant in [preprocess.x]"},
      {"NoLogarithm", file_with("a.csv", "x,z,y\n1,0,a\n2,-1,b\n"),
       training("a.csv", {"--preprocess.z.scale=log1p"}), 65,
       "lockstep: error: a.csv:3: expected a number > -1 in column 'z', whose scale is log1p, "
       "found -1"},
      {"ImputationOfNaiveBayes",
       nothing,
       {"train", "--model.type=naive_bayes", "--preprocess.x.impute=mean"},
       78,
       "command line: error: preprocess.x.impute: applies to model.type = linear or logistic or "
       "mlp or softmax or svm only, not to naive_bayes; remove it"},
      {"ScaledClasses",
       file_with("a.csv", "x,y\n1,a\n2,b\n"),
       {"train", "--data.train=a.csv", "--model.type=softmax",
        "--preprocess.target_scale=standard"},
       78,
       "lockstep: error: preprocess.target_scale: the target 'y' is a class, which has no scale; "
       "remove the key"},
      {"OneClass", file_with("a.csv", "x,y\n1,a\n2,a\n"), training("a.csv"), 65,
       "lockstep: error: target 'y': only one class, 'a': there is nothing to learn"},
      {"WrongMagic",
       [](const TestFolder& f) {
         f.write("i", "\x89PNG and so on, sixteen bytes");
         f.write("l", labels(2));
       },
       idx, 65,
       "lockstep: error: i: not an IDX file: expected the magic number 00 00 08 dd, found 89 50 4e "
       "47"},
      {"TruncatedGzip",
       [](const TestFolder& f) {
         f.write("i", gzipped(images(500)).substr(0, 300));
         f.write("l", labels(500));
       },
       idx, 65, "lockstep: error: i: truncated gzip stream after 300 bytes"},
      {"FewerLabelsThanImages",
       [](const TestFolder& f) {
         f.write("i", images(10));
         f.write("l", labels(9));
       },
       idx, 65, "lockstep: error: l has 9 labels, but i has 10 images"},
      {"NpzArchive", file_with("a.npz", "PK\3\4 and so on, sixteen bytes"), training("a.npz"), 65,
       "lockstep: error: a.npz: a zip archive, as .npz files are; save each array in a .npy file "
       "of its own, with numpy.save"},
      {"PickledObjects", file_with("a.npy", npy("|O", "(2,)", "\x80\3cos\nsystem\n.")),
       training("a.npy"), 65,
       "lockstep: error: a.npy: expected numbers, found Python objects (dtype '|O'); pickles are "
       "never opened; save a.astype('f8')"},
      {"TruncatedNpy", file_with("a.npy", npy("|u1", "(3, 2)", "abcde")), training("a.npy"), 65,
       "lockstep: error: a.npy: truncated: expected 6 bytes after the header, for shape (3, 2) of "
       "|u1, found 5"},
      {"NpyOfThreeDimensions", file_with("a.npy", npy("|u1", "(1, 2, 3)", "abcdef")),
       training("a.npy"), 65,
       "lockstep: error: a.npy: expected one dimension or two, found 3, of shape (1, 2, 3); save "
       "a.reshape(len(a), -1)"},
      {"NotANumberInNpy",
       file_with("a.npy", npy("<f4", "(1, 2)", std::string("\0\0\x80\x7f\0\0\0\0", 8))),
       training("a.npy"), 65,
       "lockstep: error: a.npy[0, 0]: expected a finite number in column 'c0', found inf"},
      {"TruncatedModel",
       file_with("m", safetensors(R"({"a":{"dtype":"F32","shape":[4],)"
                                  R"("data_offsets":[0,16]}})",
                                  8)),
       {"inspect", "m"},
       65,
       "lockstep: error: m: truncated: the header promises 16 bytes of tensors, the file has 8"},
      {"OverlappingTensors",
       file_with("m", safetensors(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},)"
                                  R"("b":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}})",
                                  24)),
       {"inspect", "m"},
       65,
       "lockstep: error: m: tensors 'a' and 'b' overlap"},
      {"OutputNotEmpty",
       [](const TestFolder& f) {
         std::filesystem::create_directory(f.path() / "out");
         f.write("out/precious", "x");
       },
       {"train", "--output.dir=out"},
       73,
       "lockstep: error: out: the output directory is not empty; choose another output.dir, or "
       "replace the run in it with --overwrite"},
      {"OutputBelowAFile",
       file_with("plain", "x"),
       {"train", "--output.dir=plain/run"},
       73,
       "lockstep: error: plain/run: cannot make this directory: FOLDER/plain is not a directory"},
      {"Diverged",
       nothing,
       {"train", "--synthetic.kind=linear", "--model.type=linear", "--train.optimizer=sgd",
        "--train.learning_rate=1e30", "--synthetic.rows=400", "--synthetic.test_rows=0",
        "--train.epochs=8", "--output.dir=plain"},
       3,
       "lockstep: error: training diverged in step 2 of epoch 1: the loss is not finite for row "},
      {"DivergedInTheGradient",  // the losses are finite
       file_with("a.csv", "x,y\n1,2\n1e300,1e10\n"),
       {"train", "--data.train=a.csv", "--data.target=y", "--model.type=linear",
        "--train.precision=double", "--output.dir=plain"},
       3,
       "lockstep: error: training diverged in step 1 of epoch 1: the gradient of layers.0.weight "
       "is "
       "not finite; the largest losses are those of a.csv:3 ("},
      {"DivergedInTheLastStep",
       nothing,
       {"train", "--synthetic.kind=blobs", "--model.type=softmax", "--synthetic.rows=400",
        "--train.batch_size=all", "--train.epochs=1", "--train.learning_rate=1e39",
        "--output.dir=plain"},
       3,
       "lockstep: error: training diverged: a parameter of layers.0.weight is not finite after "
       "epoch "
       "1; lower "},
      {"NameNotUtf8", file_with("a.csv", "x,gro\xDF,y\n1,2,a\n2,3,b\n"), training("a.csv"), 65,
       "lockstep: error: a.csv:1:2: the column name 'gro\\xdf' is not UTF-8; convert the file"},
      {"LabelNotUtf8", file_with("a.csv", "x,y\n1,a\n2,gro\xDF\n"), training("a.csv"), 65,
       "lockstep: error: a.csv:3:2: class 'gro\\xdf' in column 'y' is not UTF-8; convert the file"},
      {"GzippedCsv", file_with("a.csv.gz", gzipped("x,y\n1,a\nz,b\n")), training("a.csv.gz"), 65,
       "lockstep: error: a.csv.gz:3:1: expected a number in column 'x', found 'z'; set "
       "preprocess.encode, data.missing or data.ignore"},
      {"OtherDelimiter",
       file_with("a.csv", "x;y\n1;a\n2;b\n"),
       {"train", "--data.train=a.csv", "--data.delimiter=comma"},
       65,
       "lockstep: error: a.csv:1: expected feature columns beside the target, found 'x;y'; set "
       "data.delimiter"},
      {"KeyWithoutEffectOnData",
       nothing,
       {"train", "--data.target=y"},
       78,
       "command line: error: data.target: has no effect on synthetic data; remove it"},
      {"DialectWithoutEffectOnData",
       nothing,
       {"train", "--data.delimiter=tab"},
       78,
       "command line: error: data.delimiter: has no effect on synthetic data; remove it"},
      {"GeneratorKeyForFiles",
       file_with("a.csv", "x,y\n1,a\n2,b\n"),
       {"train", "--data.train=a.csv", "--synthetic.rows=9"},
       78,
       "command line: error: synthetic.rows: has no effect on data files; remove it"},
      {"KeyWithoutEffectOnKind",
       nothing,
       {"train", "--synthetic.kind=moons", "--synthetic.classes=4"},
       78,
       "command line: error: synthetic.classes: applies to synthetic.kind = blobs only, not to "
       "moons; "
       "remove it"},
      {"GenerateOverFiles",
       file_with("train.csv", "precious"),
       {"generate", "--output=."},
       73,
       "lockstep: error: ./train.csv: exists; choose another --output, or replace it with "
       "--overwrite"},
      {"DivergedOnTheTestRows",
       nothing,
       {"train", "--synthetic.kind=linear", "--model.type=linear", "--train.optimizer=sgd",
        "--train.learning_rate=1e37", "--synthetic.rows=400", "--train.batch_size=all",
        "--train.epochs=1", "--output.dir=plain"},
       3,
       "lockstep: error: training diverged: the test loss after epoch 1 is not finite; lower ",
       "plain/checkpoints/step-1/manifest.json"},
      {"TooLargeForFloat", file_with("a.csv", "x,z,y\n1,2,a\n1,-1e300,b\n"), training("a.csv"), 65,
       "lockstep: error: a.csv:3: the value in column 'z' is too large for train.precision = "
       "float; scale the column or set double"},
  };
}

class BadInputTest : public testing::TestWithParam<BadInput> {};

TEST_P(BadInputTest, EndsAllRanksWithOneLine) {
  const BadInput& bad = GetParam();
  struct Run {
    int ranks;
    TestFolder folder{};
    std::vector<std::string> before{};
    std::future<test::ProgramRun> run{};
  };
  // At once: mpirun waits for a second or two after a rank that has failed.
  std::array<Run, 4> runs{Run{0}, Run{1}, Run{2}, Run{3}};
  for (Run& each : runs) {
    bad.prepare(each.folder);
    each.before = each.folder.names();
    each.run = std::async(std::launch::async, [&bad, &each] {
      // All ranks are to be gone 5 s after the error; the rest is for mpirun on a busy machine.
      return run_program(each.folder.path(), each.ranks, bad.arguments, 1, 5 + 10);
    });
  }
  for (Run& each : runs) {
    SCOPED_TRACE(each.ranks);
    const TestFolder& folder = each.folder;
    const std::vector<std::string>& before = each.before;
    const test::ProgramRun run = each.run.get();
    EXPECT_EQ(run.exit_code, bad.exit_code) << run.err;
    EXPECT_EQ(run.out, "");
    if (bad.exit_code == 3) {  // after a start line and some epochs
      EXPECT_NE(run.err.find(bad.message), std::string::npos) << run.err;
      EXPECT_EQ(run.err.find("error", run.err.find("error") + 5), std::string::npos) << run.err;
      const std::vector<std::string> names = folder.names();
      if (bad.stays.empty()) {
        EXPECT_EQ(names, before) << "no epoch was finished";
      } else {
        EXPECT_EQ(std::count(names.begin(), names.end(), bad.stays), 1);
      }
      continue;
    }
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    const std::string message =
        std::regex_replace(bad.message, std::regex("FOLDER"), folder.path().string());
    // What rank 0 alone can see ends with its place: " (rank 0 on HOST)".
    EXPECT_EQ(run.err.substr(0, message.size()), message);
    EXPECT_TRUE(run.err == message + "\n" || run.err.substr(message.size(), 7) == " (rank ")
        << run.err;
    EXPECT_EQ(folder.names(), before) << "nothing is left behind";
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BadInputTest, testing::ValuesIn(all_bad_input()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace lockstep::trainer
