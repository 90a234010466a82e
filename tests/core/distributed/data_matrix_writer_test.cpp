#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/data/matrix_writer.hpp"
#include "core/format/npy.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/core/data/data_files.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

double value_at(Index i, Index j) { return 0.1 * static_cast<double>(i) - static_cast<double>(j); }

/// This rank's rows of a rows × 3 matrix.
DistributedMatrix example(Team& team, Index rows) {
  DistributedMatrix matrix;
  matrix.rows = even_part(rows, team.size(), team.rank());
  matrix.total_rows = rows;
  matrix.columns = 3;
  for (Index i = matrix.rows.begin; i < matrix.rows.end; ++i) {
    for (Index j = 0; j < 3; ++j) matrix.values.push_back(value_at(i, j));
  }
  return matrix;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(MatrixWriter, NamesColumnsByNumbers) {
  EXPECT_EQ(numbered("pc", 3), (std::vector<std::string>{"pc1", "pc2", "pc3"}));
  EXPECT_TRUE(numbered("pc", 0).empty());
}

/// Writes by `work(MatrixWriter&)`, and gives the files their names.
template <class Work>
void write(Team& team, const std::string& folder, MatrixFormat format, const Work& work) {
  MatrixWriter writer(team, folder, format);
  work(writer);
  writer.commit();
}

TEST(MatrixWriter, WritesTheRowsOfAllRanks) {
  test::for_each_team({1, 2, 3, 7}, [](Team& team) {
    test::TeamDirectory folder(team);
    for (const Index rows : {1, 2, 10}) {
      for (const MatrixFormat format : {MatrixFormat::npy, MatrixFormat::csv}) {
        write(team, folder / "", format, [&](MatrixWriter& writer) {
          writer.write("m", example(team, rows), {"a", "b,", "c"});
        });
      }
      team.barrier();
      std::string npy = npy_header(NpyType::f64, {rows, 3});
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < 3; ++j) {
          const double value = value_at(i, j);
          npy.append(reinterpret_cast<const char*>(&value), sizeof(value));
        }
      }
      EXPECT_EQ(content(folder / "m.npy"), npy);
      const std::string csv = content(folder / "m.csv");
      EXPECT_EQ(csv.find("a,\"b,\",c\n0,-1,-2\n"), 0U) << csv;
      team.barrier();
    }
    folder.remove();
  });
}

TEST(MatrixWriter, WritesWhatRankZeroHas) {
  test::for_each_team({1, 3}, [](Team& team) {
    test::TeamDirectory folder(team);
    Matrix matrix{{1, 2.5}, {-3, 4}};
    if (team.rank() != 0) matrix.setZero();
    write(team, folder / "", MatrixFormat::csv, [&](MatrixWriter& writer) {
      writer.write("m", matrix, {"x", "y"});
    });
    team.barrier();
    EXPECT_EQ(content(folder / "m.csv"), "x,y\n1,2.5\n-3,4\n");
    folder.remove();
  });
}

TEST(MatrixWriter, WritesVectors) {
  test::for_each_team({1, 3}, [](Team& team) {
    test::TeamDirectory folder(team);
    const Vector values{{1, -2.5, 3}};
    for (const MatrixFormat format : {MatrixFormat::npy, MatrixFormat::csv}) {
      write(team, folder / "", format,
            [&](MatrixWriter& writer) { writer.write_vector("v", values, "x"); });
    }
    team.barrier();
    EXPECT_EQ(content(folder / "v.csv"), "x\n1\n-2.5\n3\n");
    std::string npy = npy_header(NpyType::f64, {3});
    npy.append(reinterpret_cast<const char*>(values.data()), 3 * sizeof(double));
    EXPECT_EQ(content(folder / "v.npy"), npy);
    folder.remove();
  });
}

TEST(MatrixWriter, WritesIntegers) {
  test::for_each_team({1, 2, 3}, [](Team& team) {
    test::TeamDirectory folder(team);
    const Range mine = even_part(5, team.size(), team.rank());
    std::vector<std::int64_t> labels;
    for (Index i = mine.begin; i < mine.end; ++i) labels.push_back(i * i);
    for (const MatrixFormat format : {MatrixFormat::npy, MatrixFormat::csv}) {
      write(team, folder / "", format,
            [&](MatrixWriter& writer) { writer.write("l", labels, "label"); });
    }
    team.barrier();
    EXPECT_EQ(content(folder / "l.csv"), "label\n0\n1\n4\n9\n16\n");
    const std::vector<std::int64_t> all{0, 1, 4, 9, 16};
    std::string npy = npy_header(NpyType::i64, {5});
    npy.append(reinterpret_cast<const char*>(all.data()), 5 * sizeof(std::int64_t));
    EXPECT_EQ(content(folder / "l.npy"), npy);
    folder.remove();
  });
}

TEST(MatrixWriter, WritesTexts) {
  test::for_each_team({1, 2}, [](Team& team) {
    test::TeamDirectory folder(team);
    write(team, folder / "", MatrixFormat::npy, [&](MatrixWriter& writer) {
      writer.write_texts("t", {"ann", "b, \"c\""}, "user, name");
    });
    team.barrier();
    EXPECT_EQ(content(folder / "t.csv"), "\"user, name\"\nann\n\"b, \"\"c\"\"\"\n");
    folder.remove();
  });
}

TEST(MatrixWriter, FilesAppearTogetherOrNotAtAll) {
  test::for_each_team({1, 2}, [](Team& team) {
    test::TeamDirectory folder(team);
    folder.put("v.npy", "old");
    const auto names = [&] {
      team.barrier();
      std::vector<std::string> found;
      for (const char* name : {"m.npy", "m.npy.tmp", "v.npy", "v.npy.tmp"}) {
        if (std::filesystem::exists(folder / name)) found.emplace_back(name);
      }
      team.barrier();
      return found;
    };
    const auto write_both = [&](MatrixWriter& writer) {
      writer.write("m", example(team, 4), {"a", "b", "c"});
      writer.write_vector("v", Vector::Zero(2), "x");
    };
    {
      MatrixWriter writer(team, folder / "", MatrixFormat::npy);
      write_both(writer);
      EXPECT_EQ(names(), (std::vector<std::string>{"m.npy.tmp", "v.npy", "v.npy.tmp"}));
    }
    EXPECT_EQ(names(), (std::vector<std::string>{"v.npy"}));
    EXPECT_EQ(content(folder / "v.npy"), "old");
    write(team, folder / "", MatrixFormat::npy, write_both);
    EXPECT_EQ(names(), (std::vector<std::string>{"m.npy", "v.npy"}));
    EXPECT_NE(content(folder / "v.npy"), "old");
    folder.remove();
  });
}

TEST(MatrixWriter, AFolderThatIsNotThereIsAnErrorOfAllRanks) {
  test::for_each_team({1, 2}, [](Team& team) {
    test::TeamDirectory folder(team);
    EXPECT_EQ(test::message_in(folder / "",
                               [&] {
                                 MatrixWriter(team, folder / "no", MatrixFormat::npy)
                                     .write("m", example(team, 2), {"a", "b", "c"});
                               }),
              "no/m.npy: cannot create: No such file or directory");
    folder.remove();
  });
}

}  // namespace
}  // namespace lockstep
