// `lockstep decompose` as a user meets it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/linalg/matrix.hpp"
#include "tests/support/reference.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using lockstep::test::close;
using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;

/// 40 rows of three columns that depend on each other, not centred.
Matrix example() {
  Matrix X(40, 3);
  for (Index i = 0; i < 40; ++i) {
    const auto t = static_cast<double>(i);
    X.row(i) << 3 + std::sin(t), 0.5 * t, std::cos(3 * t) - std::sin(t) + 0.1 * t;
  }
  return X;
}

std::string csv_of(const Matrix& X) {
  std::string text = "a,b,c,kind\n";
  for (Index i = 0; i < X.rows(); ++i) {
    for (Index j = 0; j < X.cols(); ++j) text += json(X(i, j)).dump() + ",";
    text += i % 2 == 0 ? "x\n" : "y\n";
  }
  return text;
}

/// The matrix in a .npy file of float64; a vector is a column.
Matrix read_npy(const TestFolder& folder, const std::string& name) {
  const std::string file = folder.read(name);
  const std::size_t begin =
      10 + static_cast<unsigned char>(file[8]) + 256U * static_cast<unsigned char>(file[9]);
  const std::size_t open = file.find("'shape': (") + 10;
  std::size_t used = 0;
  const auto rows = static_cast<Index>(std::stol(file.substr(open), &used));
  const std::size_t next = open + used + 2;
  const Index columns = file[open + used + 1] == ')' ? 1 : std::stol(file.substr(next - 1));
  RowMajorMatrix matrix(rows, columns);
  EXPECT_EQ(file.size() - begin, static_cast<std::size_t>(matrix.size()) * sizeof(double));
  std::memcpy(matrix.data(), file.data() + begin, file.size() - begin);
  return matrix;
}

class DecomposeProgram : public ::testing::Test {
 protected:
  DecomposeProgram() { folder_.write("a.csv", csv_of(X_)); }

  json decompose(const Words& more, int ranks = 0) {
    Words words{"decompose", "--data.train=a.csv", "--data.target=kind", "--output.dir=out",
                "--overwrite"};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = run_program(folder_.path(), ranks, words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return json::parse(folder_.read("out/summary.json"));
  }

  std::string error_of(const Words& more, int exit_code) {
    Words words{"decompose", "--data.train=a.csv", "--output.dir=no"};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = run_program(folder_.path(), 0, words);
    EXPECT_EQ(run.exit_code, exit_code);
    EXPECT_EQ(folder_.names(), (Words{"a.csv"}));
    return run.err;
  }

  const TestFolder folder_;
  const Matrix X_ = example();
};

TEST_F(DecomposeProgram, PcaCentresAndReconstructs) {
  const json summary = decompose({"--method=pca"});
  EXPECT_EQ(summary["columns"], json::parse(R"(["a", "b", "c"])"));
  const Matrix mean = read_npy(folder_, "out/mean.npy");
  EXPECT_TRUE(close(mean, X_.colwise().mean().transpose()));
  const Matrix components = read_npy(folder_, "out/components.npy");
  const Matrix scores = read_npy(folder_, "out/scores.npy");
  EXPECT_TRUE(close((scores * components).rowwise() + mean.col(0).transpose(), X_));
  const Matrix centred = X_.rowwise() - X_.colwise().mean();
  const Vector variance = lockstep::test::vector_of(summary["explained_variance"]);
  EXPECT_TRUE(close(variance.sum(), centred.squaredNorm() / 39));
  const Vector sigma = lockstep::test::vector_of(summary["singular_values"]);
  EXPECT_TRUE(close(sigma.array().square().matrix() / 39, variance));
  EXPECT_TRUE(close(lockstep::test::vector_of(summary["explained_variance_ratio"]).sum(), 1));
}

TEST_F(DecomposeProgram, SvdDoesNotCentre) {
  const json summary = decompose({"--method=svd"});
  const Matrix U = read_npy(folder_, "out/U.npy");
  const Matrix Vt = read_npy(folder_, "out/Vt.npy");
  const Vector sigma = lockstep::test::vector_of(summary["singular_values"]);
  EXPECT_TRUE(close(U * sigma.asDiagonal() * Vt, X_));
  EXPECT_EQ(read_npy(folder_, "out/singular_values.npy").col(0), sigma);
  EXPECT_TRUE(close(sigma.squaredNorm(), X_.squaredNorm()));
  EXPECT_TRUE(
      close(lockstep::test::vector_of(summary["explained_variance"]).sum(), X_.squaredNorm() / 40));
}

TEST_F(DecomposeProgram, QrGivesTheMatrixBack) {
  const json summary = decompose({"--method=qr"});
  EXPECT_EQ(summary["rank"], 3);
  EXPECT_TRUE(close(read_npy(folder_, "out/Q.npy") * read_npy(folder_, "out/R.npy"), X_));
}

TEST_F(DecomposeProgram, EigenIsOfTheCovarianceMatrix) {
  decompose({"--method=eigen"});
  const Matrix vectors = read_npy(folder_, "out/eigenvectors.npy");
  const Vector values = read_npy(folder_, "out/eigenvalues.npy").col(0);
  const Matrix centred = X_.rowwise() - X_.colwise().mean();
  const Matrix covariance = centred.transpose() * centred / 39;
  EXPECT_TRUE(close(covariance * vectors, vectors * values.asDiagonal(), 1e-11));
}

TEST_F(DecomposeProgram, KmeansPutsEveryRowToItsNearestCenter) {
  const json summary = decompose({"--method=kmeans", "--components=3", "--format=csv"});
  EXPECT_EQ(summary["clusters"], 3);
  EXPECT_EQ(summary["sizes"][0].get<int>() + summary["sizes"][1].get<int>() +
                summary["sizes"][2].get<int>(),
            40);
  const std::string labels = folder_.read("out/labels.csv");
  EXPECT_EQ(labels.find("label\n"), 0U);
  EXPECT_EQ(std::count(labels.begin(), labels.end(), '\n'), 41);
}

TEST_F(DecomposeProgram, RandomizedFindsTheSameWhereAllIsInTheSketch) {
  const json exact = decompose({"--method=svd", "--components=2"});
  const json random = decompose({"--method=svd", "--components=2", "--solver=randomized"});
  EXPECT_TRUE(close(lockstep::test::vector_of(random["singular_values"]),
                    lockstep::test::vector_of(exact["singular_values"])));
}

TEST_F(DecomposeProgram, WritesTheSameBytesForAnyRanksAndThreads) {
  for (const std::string method : {"pca", "svd", "qr", "eigen", "kmeans"}) {
    std::set<std::map<std::string, std::string>> outputs;
    const Words components = method == "kmeans" ? Words{"--components=4"} : Words{};
    for (const auto& [ranks, threads] : std::vector<std::pair<int, std::string>>{
             {0, "2"}, {1, "1"}, {2, "1"}, {3, "2"}, {4, "1"}, {7, "2"}}) {
      Words words{"--method=" + method, "--run.threads=" + threads};
      words.insert(words.end(), components.begin(), components.end());
      decompose(words, ranks);
      std::map<std::string, std::string> files;
      for (const std::string& name : folder_.names()) {
        if (name.starts_with("out/")) files[name] = folder_.read(name);
      }
      EXPECT_GE(files.size(), 3U);
      outputs.insert(files);
    }
    EXPECT_EQ(outputs.size(), 1U) << method;
  }
}

TEST_F(DecomposeProgram, LeavesTextOutAndPutsMeansIntoGaps) {
  folder_.write("b.csv", "n,c,gap\n1,red,2\n2,red,\n4,blue,6\n");
  const auto run = run_program(
      folder_.path(), 2, {"decompose", "--method=qr", "--data.train=b.csv", "--output.dir=b"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err,
            "warning: columns of categories are left out: 'c'\n"
            "warning: column 'gap': its mean stands for 1 missing cells\n"
            "factors and b/summary.json\n");
  const json summary = json::parse(folder_.read("b/summary.json"));
  EXPECT_EQ(summary["left_out"], json::parse(R"(["c"])"));
  EXPECT_EQ(summary["imputed"], json::parse(R"({"gap": 1})"));
  EXPECT_TRUE(close(read_npy(folder_, "b/Q.npy") * read_npy(folder_, "b/R.npy"),
                    Matrix{{1, 2}, {2, 4}, {4, 6}}));
}

// The sum of the numbers is no double, and their mean is.
TEST_F(DecomposeProgram, PutsTheMeanOfHugeNumbersIntoGaps) {
  folder_.write("b.csv", "n,c,huge\n1,x,-1e308\n2,y,1e308\n3,z,\n4,u,1.5e308\n");
  const auto run =
      run_program(folder_.path(), 2,
                  {"decompose", "--method=kmeans", "--components=4", "--data.train=b.csv",
                   "--data.ignore=n", "--format=csv", "--output.dir=b"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(folder_.read("b/centers.csv").find("\n5e+307\n"), std::string::npos)
      << folder_.read("b/centers.csv");
  for (const std::string method : {"pca", "eigen", "svd", "qr"}) {
    const auto refused =
        run_program(folder_.path(), 2,
                    {"decompose", "--method=" + method, "--data.train=b.csv", "--output.dir=c"});
    EXPECT_EQ(refused.exit_code, 65);
    EXPECT_NE(refused.err.find("lockstep: error: column 'huge': its values are too large: the norm "
                               "of the "),
              std::string::npos)
        << refused.err;
  }
}

// Their squares are no doubles, or vanish; singular values and shares have no need of these.
TEST_F(DecomposeProgram, DecomposesHugeAndTinyNumbersAsOthers) {
  const auto write = [&](const char* power) {
    std::string text = "a,b\n";
    for (const auto& [a, b] : {std::pair{1, 7}, {2, 5}, {-3, 4}, {8, -1}, {0, 2}}) {
      text += std::to_string(a) + power + "," + std::to_string(b) + power + "\n";
    }
    folder_.write("a.csv", text);
  };
  write("e200");
  EXPECT_EQ(error_of({"--method=eigen"}, 65),
            "lockstep: error: eigen: an eigenvalue of the covariance matrix is beyond the largest "
            "double; --method=pca gives singular values instead\n");
  const auto decompose_by = [&](const std::string& method) {
    const auto run = run_program(folder_.path(), 2,
                                 {"decompose", "--method=" + method, "--data.train=a.csv",
                                  "--output.dir=out", "--overwrite"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return std::pair{json::parse(folder_.read("out/summary.json")), run.err};
  };
  for (const std::string method : {"pca", "svd", "qr"}) {
    write("");
    const json expected = decompose_by(method).first;
    for (const auto& [power, limit] : {std::pair{"e200", "largest"}, {"e-200", "smallest"}}) {
      write(power);
      const auto [found, err] = decompose_by(method);
      EXPECT_EQ(err, std::string("warning: summary.json: explained_variance is beyond the ") +
                         limit + " double\nfactors and out/summary.json\n");
      const double scale = std::stod(std::string("1") + power);
      for (const char* name : {"singular_values", "explained_variance_ratio"}) {
        const double unit = name == std::string("singular_values") ? scale : 1;
        EXPECT_TRUE(close(lockstep::test::vector_of(found[name]) / unit,
                          lockstep::test::vector_of(expected[name]), 1e-14))
            << method << ' ' << power << ' ' << name;
      }
    }
  }
}

TEST_F(DecomposeProgram, PredictsMissingRatings) {
  // What user u thinks of item i: 3 + (u − 2)·(i − 3)/4, but for every third entry.
  std::string known = "who,what,stars\n";
  std::string asked = "what,who\n";
  std::vector<std::pair<int, int>> pairs;
  for (int u = 0; u < 5; ++u) {
    for (int i = 0; i < 7; ++i) {
      const double stars = 3 + (u - 2) * (i - 3) / 4.0;
      if ((u + i) % 3 == 1) {
        asked += "item " + std::to_string(i) + "," + std::to_string(u) + "\n";
        pairs.emplace_back(u, i);
      } else {
        known += std::to_string(u) + ",item " + std::to_string(i) + "," + json(stars).dump() + "\n";
      }
    }
  }
  folder_.write("known.csv", known);
  folder_.write("asked.csv", asked);
  std::set<std::string> predictions;
  for (const int ranks : {0, 2, 3}) {
    const auto run =
        run_program(folder_.path(), ranks,
                    {"decompose", "--method=ratings", "--components=1", "--data.train=known.csv",
                     "--data.test=asked.csv", "--output.dir=out", "--overwrite"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    predictions.insert(folder_.read("out/predictions.npy"));
  }
  EXPECT_EQ(predictions.size(), 1U);
  // What the written factors say of each pair that was asked for, in the order of the file.
  const json summary = json::parse(folder_.read("out/summary.json"));
  const Matrix user_bias = read_npy(folder_, "out/user_bias.npy");
  const Matrix item_bias = read_npy(folder_, "out/item_bias.npy");
  const Matrix approximation = read_npy(folder_, "out/user_factors.npy") *
                               read_npy(folder_, "out/item_factors.npy").transpose();
  const Matrix found = read_npy(folder_, "out/predictions.npy");
  ASSERT_EQ(found.rows(), static_cast<Index>(pairs.size()));
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const auto [u, i] = pairs[k];
    EXPECT_TRUE(close(
        found(static_cast<Index>(k), 0),
        summary["mean"].get<double>() + user_bias(u, 0) + item_bias(i, 0) + approximation(u, i)));
  }
  EXPECT_LT(summary["rmse"].get<double>(), 0.25);
  EXPECT_EQ(folder_.read("out/users.csv"), "who\n0\n1\n2\n3\n4\n");
  EXPECT_EQ(folder_.read("out/items.csv").find("what\nitem 0\n"), 0U);
  EXPECT_EQ(summary["users"], 5);
  EXPECT_EQ(summary["items"], 7);
  EXPECT_EQ(summary["test"], json::parse("{\"rows\": " + std::to_string(pairs.size()) + "}"));

  // Asked for what is known, the errors of the test are those of the fit.
  const auto known_again =
      run_program(folder_.path(), 2,
                  {"decompose", "--method=ratings", "--components=1", "--data.train=known.csv",
                   "--data.test=known.csv", "--output.dir=out", "--overwrite"});
  ASSERT_EQ(known_again.exit_code, 0) << known_again.err;
  const json again = json::parse(folder_.read("out/summary.json"));
  EXPECT_TRUE(close(again["test"]["rmse"].get<double>(), again["rmse"].get<double>()));
  EXPECT_LE(again["test"]["mae"].get<double>(), again["test"]["rmse"].get<double>());
}

TEST_F(DecomposeProgram, TakesRatingsWhoseSquaresOverflow) {
  folder_.write("r.csv", "user,item,value\na,x,1e200\nb,y,3e200\nb,x,2e200\na,y,7e200\n");
  const auto run = run_program(folder_.path(), 2,
                               {"decompose", "--method=ratings", "--data.train=r.csv",
                                "--data.test=r.csv", "--output.dir=r"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err,
            "warning: summary.json: the squares of the errors of data.test overflow: no rmse\n"
            "factors and r/summary.json\n");
  const json summary = json::parse(folder_.read("r/summary.json"));
  EXPECT_EQ(summary["converged"], true);
  EXPECT_TRUE(close(summary["mean"].get<double>(), 3.25e200));
  EXPECT_LT(summary["rmse"].get<double>(), 1e187);
  EXPECT_LT(summary["test"]["mae"].get<double>(), 1e187);
  EXPECT_TRUE(close(read_npy(folder_, "r/predictions.npy").col(0),
                    Vector{{1e200, 3e200, 2e200, 7e200}}, 1e-13));
}

TEST_F(DecomposeProgram, RefusesWrongRatingsAndLeavesNothingBehind) {
  const auto error_of_ratings = [&](const std::string& text) {
    folder_.write("r.csv", text);
    const auto run =
        run_program(folder_.path(), 2,
                    {"decompose", "--method=ratings", "--data.train=r.csv", "--output.dir=r"});
    EXPECT_EQ(run.exit_code, 65);
    EXPECT_EQ(folder_.names(), (Words{"a.csv", "r.csv"}));
    return run.err;
  };
  EXPECT_EQ(error_of_ratings("user,item,value\nann,tea,1\nbob,tea,2\nann,tea,3\n"),
            "lockstep: error: r.csv:4: user 'ann' rates item 'tea' twice: 3 here, 1 in r.csv:2\n");
  EXPECT_EQ(error_of_ratings("user,item,value\nann,tea,1\n,tea,2\n"),
            "lockstep: error: r.csv:3:1: missing value in column 'user'\n");
  EXPECT_EQ(error_of_ratings("user,item,value\nann,tea,1\nbob,tea,\n"),
            "lockstep: error: r.csv:3:3: missing value in column 'value'\n");
  EXPECT_EQ(error_of_ratings(std::string("\0\0\x08\x01\0\0\0\x01\x05", 9)),
            "lockstep: error: r.csv: an IDX file, where CSV or .npy is needed\n");
  EXPECT_EQ(error_of_ratings("user,item,day,value\nann,tea,1,2\n"),
            "lockstep: error: data.train: ratings are columns of user, item and value, found 3 "
            "beside the value; name the value in data.target and others in data.ignore\n");
}

TEST_F(DecomposeProgram, FindsTheLinesOfARatingThatIsGivenTwice) {
  const auto write = [&](const std::string& name, int first_user) {
    std::string text = "user,item,value\n";
    for (int user = first_user; user < first_user + 20; ++user) {
      text += "u" + std::to_string(user) + ",tea,4\n";
    }
    folder_.write(name, text);
  };
  write("r.csv", 0);
  write("s.csv", 17);  // users 17, 18 and 19 again
  for (const int ranks : {0, 2, 5}) {
    const auto run = run_program(
        folder_.path(), ranks,
        {"decompose", "--method=ratings", "--data.train=r.csv,s.csv", "--output.dir=r"});
    EXPECT_EQ(run.exit_code, 65);
    EXPECT_EQ(run.err,
              "lockstep: error: s.csv:2: user 'u17' rates item 'tea' twice: 4 here, 4 in "
              "r.csv:19\n");
  }
}

TEST_F(DecomposeProgram, AFailureLeavesNothingBehindAndTheOldInPlace) {
  folder_.write("b.csv", "n\n1\n1\n1\n");
  const auto fail = [&](const std::string& folder, const std::string& overwrite) {
    const auto run = run_program(folder_.path(), 2,
                                 {"decompose", "--method=kmeans", "--components=2",
                                  "--data.train=b.csv", "--output.dir=" + folder, overwrite});
    EXPECT_EQ(run.exit_code, 65) << run.err;
  };
  fail("b", "--run.threads=1");
  EXPECT_EQ(folder_.names(), (Words{"a.csv", "b.csv"}));
  std::filesystem::create_directory(folder_.path() / "mine");
  fail("mine", "--run.threads=1");
  EXPECT_EQ(folder_.names(), (Words{"a.csv", "b.csv", "mine"}));
  const json summary = decompose({"--method=qr"});
  fail("out", "--overwrite");
  EXPECT_EQ(json::parse(folder_.read("out/summary.json")), summary);
}

/// Kills a decomposition while it writes U: as often as it takes to come in time.
void run_and_kill(const TestFolder& folder, const std::string& more,
                  const std::function<void()>& prepare) {
  std::string rows = "a,b,c\n";
  for (int i = 0; i < 50000; ++i) {
    rows += std::to_string(i % 17) + "," + std::to_string(i % 31) + "," + std::to_string(i) + "\n";
  }
  folder.write("large.csv", rows);
  const std::string command =
      "cd '" + folder.path().string() +
      "' && { '" LOCKSTEP_PROGRAM
      "' decompose --method=svd --data.train=large.csv --output.dir=out " +
      more +
      " >/dev/null 2>&1 & } ; until [ -e out/U.npy.tmp ] || ! kill -0 $!; do :; done 2>/dev/null; "
      "kill -9 $!; wait";
  for (int attempt = 0; attempt < 50; ++attempt) {
    prepare();
    std::system(command.c_str());
    if (std::filesystem::exists(folder.file("out/U.npy.tmp"))) return;
  }
  ADD_FAILURE() << "never killed in time";
}

TEST_F(DecomposeProgram, WhatAKilledRunLeavesIsNotInTheWay) {
  run_and_kill(folder_, "", [&] { std::filesystem::remove_all(folder_.path() / "out"); });
  EXPECT_FALSE(std::filesystem::exists(folder_.file("out/summary.json")));
  EXPECT_TRUE(std::filesystem::exists(folder_.file("out/summary.json.tmp")));
  folder_.write("out/Q.npy", "of a run that was killed while its files got their names");
  const auto run = run_program(folder_.path(), 2,
                               {"decompose", "--method=eigen", "--data.train=a.csv",
                                "--data.target=kind", "--output.dir=out"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(folder_.names(), (Words{"a.csv", "large.csv", "out", "out/eigenvalues.npy",
                                    "out/eigenvectors.npy", "out/summary.json"}));
}

TEST_F(DecomposeProgram, AKilledOverwriteLeavesTheOldInPlace) {
  json summary;
  std::string Q;
  run_and_kill(folder_, "--overwrite", [&] {
    summary = decompose({"--method=qr"});
    Q = folder_.read("out/Q.npy");
  });
  EXPECT_EQ(json::parse(folder_.read("out/summary.json")), summary);
  EXPECT_EQ(folder_.read("out/Q.npy"), Q);
  decompose({"--method=eigen"});
  EXPECT_EQ(folder_.names(), (Words{"a.csv", "large.csv", "out", "out/eigenvalues.npy",
                                    "out/eigenvectors.npy", "out/summary.json"}));
}

TEST_F(DecomposeProgram, AFolderWithOtherFilesIsNotWhatAKilledRunLeft) {
  std::filesystem::create_directory(folder_.path() / "out");
  folder_.write("out/summary.json.tmp", "");
  folder_.write("out/precious", "x");
  const Words words{"decompose", "--method=qr", "--data.train=a.csv", "--data.target=kind",
                    "--output.dir=out"};
  EXPECT_EQ(run_program(folder_.path(), 2, words).exit_code, 73);
  EXPECT_EQ(folder_.names(), (Words{"a.csv", "out", "out/precious", "out/summary.json.tmp"}));
}

TEST_F(DecomposeProgram, AFolderThatAnotherRunHasClaimedIsNotFree) {
  std::filesystem::create_directory(folder_.path() / "out");
  const int claim = ::open(folder_.file("out/summary.json.tmp").c_str(), O_RDWR | O_CREAT, 0666);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(::fcntl(claim, F_OFD_SETLK, &lock), 0);
  Words words{"decompose", "--method=qr", "--data.train=a.csv", "--data.target=kind",
              "--output.dir=out"};
  const std::string expected =
      "lockstep: error: out: another run is writing to this output directory; choose another "
      "output.dir\n";
  EXPECT_EQ(run_program(folder_.path(), 0, words).err, expected);
  words.emplace_back("--overwrite");
  EXPECT_EQ(run_program(folder_.path(), 0, words).err, expected);
  ::close(claim);
  EXPECT_EQ(run_program(folder_.path(), 2, words).exit_code, 0);
}

TEST_F(DecomposeProgram, OverwriteReplacesADecompositionAlone) {
  std::filesystem::create_directory(folder_.path() / "data");
  folder_.write("data/users.csv", "n,m\n1,2\n3,5\n");
  const auto overwrite = [&](const std::string& data, const std::string& folder) {
    const auto run = run_program(folder_.path(), 0,
                                 {"decompose", "--method=qr", "--data.train=" + data,
                                  "--output.dir=" + folder, "--overwrite"});
    EXPECT_EQ(run.exit_code, 73);
    return run.err;
  };
  EXPECT_EQ(overwrite("data/users.csv", "data"),
            "lockstep: error: data: has no summary.json of an earlier run that --overwrite could "
            "replace; choose another output.dir\n");
  decompose({"--method=qr", "--format=csv"});
  EXPECT_EQ(
      overwrite("out/Q.csv", "out"),
      "lockstep: error: out/Q.csv: is read (data.train) and would be replaced; choose another "
      "output.dir\n");
  EXPECT_EQ(folder_.read("data/users.csv"), "n,m\n1,2\n3,5\n");
}

TEST_F(DecomposeProgram, RefusesWhatItCannotDo) {
  EXPECT_EQ(error_of({}, 2),
            "lockstep: error: decompose needs --method=METHOD; see 'lockstep decompose --help'\n");
  EXPECT_EQ(error_of({"--method=pac"}, 2),
            "lockstep: error: --method: unknown value 'pac'; known: pca, svd, qr, eigen, kmeans, "
            "ratings (did you mean 'pca'?); see 'lockstep decompose --help'\n");
  EXPECT_EQ(error_of({"--method=pca", "--components=0"}, 2),
            "lockstep: error: --components: expected an integer ≥ 1, found '0'; see 'lockstep "
            "decompose --help'\n");
  EXPECT_EQ(error_of({"--method=pca", "--data.target=kind", "--components=4"}, 2),
            "lockstep: error: decompose: --components=4: at most 3 for 40 rows of 3 columns\n");
  EXPECT_EQ(error_of({"--method=kmeans"}, 2),
            "lockstep: error: decompose: --method=kmeans needs --components=K, the number of "
            "clusters\n");
  EXPECT_EQ(error_of({"--method=svd", "--data.test=b.csv"}, 2),
            "lockstep: error: decompose: --data.test applies to --method=ratings only, not to "
            "svd\n");
  EXPECT_EQ(error_of({"--method=ratings", "--data.test_labels=b"}, 2),
            "lockstep: error: option '--data.test_labels' has no effect on decompose; see "
            "'lockstep decompose --help'\n");
  EXPECT_EQ(error_of({"--method=qr", "--components=2"}, 2),
            "lockstep: error: decompose: --components has no effect on --method=qr; remove it\n");
  EXPECT_EQ(error_of({"--method=kmeans", "--components=2", "--solver=randomized"}, 2),
            "lockstep: error: decompose: --solver=randomized applies to --method=pca or svd only, "
            "not to kmeans\n");
  EXPECT_EQ(error_of({"--method=pca", "--data.target=knd"}, 78),
            "lockstep: error: data.target: no column 'knd' in the header of a.csv; did you mean "
            "'kind'?\n");
  EXPECT_EQ(error_of({"--method=pca", "--data.ignore=a,b,c"}, 65),
            "lockstep: error: no column of numbers to decompose\n");
}

TEST_F(DecomposeProgram, OfOneRowHasNoVariances) {
  folder_.write("a.csv", "n,m,kind\n1,2,x\n");
  for (const std::string method : {"pca", "eigen"}) {
    EXPECT_EQ(error_of({"--method=" + method, "--data.target=kind"}, 65),
              "lockstep: error: " + method +
                  ": variances need at least two rows, and the data has one\n");
  }
  EXPECT_EQ(error_of({"--method=kmeans", "--components=2", "--data.target=kind"}, 2),
            "lockstep: error: decompose: --components=2: at most 1 for 1 rows of 2 columns\n");
  EXPECT_EQ(decompose({"--method=svd"})["rows"], 1);
  EXPECT_EQ(decompose({"--method=qr"})["rank"], 1);
}

TEST_F(DecomposeProgram, RefusesAColumnWithoutCellsAndAFullFolder) {
  folder_.write("b.csv", "n,gap\n1,\n2,\n");
  const Words words{"decompose", "--method=svd", "--data.train=b.csv", "--output.dir=b"};
  const auto empty = run_program(folder_.path(), 2, words);
  EXPECT_EQ(empty.exit_code, 65);
  EXPECT_EQ(empty.err,
            "lockstep: error: column 'gap': all cells are missing; leave it out (data.ignore)\n");
  decompose({"--method=qr"});
  const auto full = run_program(
      folder_.path(), 2, {"decompose", "--method=svd", "--data.train=a.csv", "--output.dir=out"});
  EXPECT_EQ(full.exit_code, 73);
  EXPECT_EQ(full.err.find("lockstep: error: out: the output directory is not empty"), 0U);
}

}  // namespace
}  // namespace lockstep::trainer
