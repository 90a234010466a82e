#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/options.hpp"
#include "core/base/random.hpp"
#include "core/data/data_hash.hpp"
#include "core/data/libsvm_reader.hpp"
#include "tests/core/data/data_files.hpp"

// Whatever the number of ranks, and wherever their byte ranges cut lines: the same rows, the same
// width, the same error.

namespace lockstep {
namespace {

using test::for_each_team;
using test::TeamDirectory;

/// Random rows and what they look like in a file.
struct Example {
  std::string text;
  std::vector<std::vector<double>> rows;
  std::vector<double> labels;
  std::vector<Index> lines;
};

constexpr Index kWidth = 40;

std::string_view some(RandomSequence& draws, std::initializer_list<std::string_view> words) {
  return words.begin()[draws.below(words.size())];
}

/// Rows of very different lengths, between lines that are no rows.
Example make_example(std::uint64_t seed, Index rows) {
  const RandomStream stream(seed, Purpose::synthetic);
  RandomSequence draws(stream, 0);
  Example example;
  Index line = 1;
  const auto end_line = [&] {
    example.text += some(draws, {"\n", "\r\n", " \n", "# x 1:2\n"});
    ++line;
  };
  for (Index i = 0; i < rows; ++i) {
    while (draws.below(4) == 0) {
      example.text += some(draws, {"", "# 1 2:3", "  ", "\t#"});
      end_line();
    }
    const auto label = static_cast<double>(draws.below(3));
    example.labels.push_back(label);
    example.lines.push_back(line);
    example.text += some(draws, {"", "", " "});
    example.text += format_real(label);
    if (draws.below(5) == 0) example.text += " qid:" + std::to_string(draws.below(100));
    std::vector<double> row(kWidth);
    const bool descends = draws.below(4) == 0;
    const std::uint64_t one_in = 1 + draws.below(30);
    for (Index at = 0; at < kWidth; ++at) {
      const Index column = descends ? kWidth - 1 - at : at;
      if (draws.below(one_in) != 0) continue;
      const double value = draws.below(3) == 0 ? 1 : draws.below(9) == 0 ? 0 : draws.normal();
      row[static_cast<std::size_t>(column)] = value;
      example.text +=
          fmt::format("{}{}:{}", some(draws, {" ", "\t", "   "}), column + 1, format_real(value));
    }
    example.rows.push_back(row);
    if (i + 1 < rows || draws.below(2) == 0) end_line();
  }
  return example;
}

void expect_rows(const Table& table, const Example& example) {
  for (Index i = 0; i < table.rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(table.rows.begin + i);
    std::vector<double> expected = example.rows[row];
    expected.resize(static_cast<std::size_t>(table.features));
    EXPECT_EQ(test::row_of(table, i), expected) << "row " << row;
    EXPECT_EQ(table.target[static_cast<std::size_t>(i)], example.labels[row]) << "row " << row;
  }
}

LibsvmOptions numbers() {
  LibsvmOptions options;
  options.target_kind = TargetKind::number;
  return options;
}

TEST(DistributedLibsvm, EveryRankGetsItsRows) {
  for_each_team({1, 2, 3, 5, 8, 16}, [](Team& team) {
    TeamDirectory folder(team);
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      const Index rows = seed < 4 ? static_cast<Index>(seed) : 40;
      const Example example = make_example(seed, rows);
      const LibsvmTable read = read_libsvm(team, {folder.put("a", example.text)}, numbers());
      test::expect_whole(team, read.table, rows);
      expect_rows(read.table, example);
      team.barrier();
    }
    folder.remove();
  });
}

// The border between two ranks at every byte.
TEST(DistributedLibsvm, ARangeMayBeginAtAnyByte) {
  for_each_team({2, 3}, [](Team& team) {
    TeamDirectory folder(team);
    for (const std::uint64_t seed : {31U, 32U}) {
      const Example example = make_example(seed, 4);
      const std::size_t size = example.text.size();
      std::set<std::string> hashes;
      // A comment before or after the rows moves the border through them, two bytes by one.
      for (std::size_t comment = 2; comment <= size; comment += 2) {
        for (const bool before : {false, true}) {
          const std::string filler(comment, '#');
          const std::string text =
              before ? filler + "\n" + example.text : example.text + "\n" + filler;
          const LibsvmTable read = read_libsvm(team, {folder.put("a", text)}, numbers());
          test::expect_whole(team, read.table, 4);
          expect_rows(read.table, example);
          hashes.insert(data_hash(team, read.table));
          team.barrier();
        }
      }
      EXPECT_EQ(hashes.size(), 1U);
    }
    folder.remove();
  });
}

TEST(DistributedLibsvm, FilesLieEndToEnd) {
  for_each_team({1, 2, 3, 7}, [](Team& team) {
    TeamDirectory folder(team);
    const Example a = make_example(21, 17);
    const Example b = make_example(22, 2);
    const Example c = make_example(23, 30);
    const std::vector<InputFile> files{folder.put("a", a.text + "\n\n"),
                                       folder.put("b", "\xEF\xBB\xBF" + b.text),
                                       folder.put("c", c.text)};
    const LibsvmTable read = read_libsvm(team, files, numbers());
    test::expect_whole(team, read.table, 49);
    Example all = a;
    for (const Example& next : {b, c}) {
      all.rows.insert(all.rows.end(), next.rows.begin(), next.rows.end());
      all.labels.insert(all.labels.end(), next.labels.begin(), next.labels.end());
    }
    expect_rows(read.table, all);
    folder.remove();
  });
}

TEST(DistributedLibsvm, TheFirstWrongLineIsReportedOnEveryRank) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    const Example good = make_example(41, 24);
    for (const char* wrong : {"1 2:3 4:x\n", "1 5:6 5:6\n", "? 3:1\n"}) {
      for (std::size_t bad = 0; bad < good.lines.size(); ++bad) {
        // The second one must not win.
        std::string text;
        Index line = 1;
        for (std::size_t begin = 0; begin < good.text.size(); ++line) {
          const std::size_t end = std::min(good.text.find('\n', begin), good.text.size() - 1) + 1;
          const bool is_bad = line == good.lines[bad] || line == good.lines[bad] + 3;
          text += is_bad ? wrong : good.text.substr(begin, end - begin);
          begin = end;
        }
        const InputFile file = folder.put("b.svm", text);
        const InputFile first = folder.put("a.svm", good.text);
        const std::string message = test::message_in(folder / "", [&] {
          read_libsvm(team, {first, file}, numbers());
        });
        EXPECT_TRUE(message.starts_with(fmt::format("b.svm:{}:", good.lines[bad]))) << message;
        team.barrier();
      }
    }
    folder.remove();
  });
}

TEST(DistributedLibsvm, WidthAndBaseAreThoseOfAllRanks) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    for (Index odd = 0; odd < 30; odd += 7) {
      std::string wide;
      std::string zero;
      for (Index i = 0; i < 30; ++i) {
        wide += fmt::format("{} 3:1 {}:0\n", i % 2, i == odd ? 90 : 4);
        zero += fmt::format("{} {}:2 8:1\n", i % 2, i == odd ? 0 : 1);
      }
      LibsvmTable read = read_libsvm(team, {folder.put("a", wide)}, {});
      EXPECT_EQ(read.table.features, 90);
      EXPECT_EQ(read.index_base, 1);
      read = read_libsvm(team, {folder.put("b", zero)}, {});
      EXPECT_EQ(read.table.features, 9);
      EXPECT_EQ(read.index_base, 0);
      for (Index i = 0; i < read.table.rows.size(); ++i) {
        const Index row = read.table.rows.begin + i;
        EXPECT_EQ(read.table.sparse()->columns_of(i)[0], row == odd ? 0U : 1U);
        EXPECT_EQ(read.table.sparse()->columns_of(i)[1], 8U);
      }
      team.barrier();
    }
    folder.remove();
  });
}

TEST(DistributedLibsvm, CellsBeyondTheModelAreCountedOnAllRanks) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    LibsvmOptions options;
    options.schema = TableSchema{{"c0", "c1", "c2"}, TargetKind::classes, {"y"}, {"0", "1"}};
    for (Index first = 0; first < 30; first += 5) {
      std::string text = "# one line\n";
      for (Index i = 0; i < 30; ++i) text += i < first ? "1 2:1\n" : "0 3:1 5:2 4:1\n";
      const LibsvmTable read = read_libsvm(team, {folder.put("a.svm", text)}, options);
      EXPECT_EQ(read.table.features, 3);
      EXPECT_EQ(read.left_out.cells, 2 * (30 - first));
      EXPECT_EQ(read.left_out.place, (folder / "a.svm") + fmt::format(":{}", first + 2));
      EXPECT_EQ(read.left_out.index, 4);
      for (Index i = 0; i < read.table.rows.size(); ++i) {
        ASSERT_EQ(read.table.sparse()->columns_of(i).size(), 1U);
        EXPECT_EQ(read.table.sparse()->columns_of(i)[0],
                  read.table.rows.begin + i < first ? 1U : 2U);
      }
      team.barrier();
    }
    folder.remove();
  });
}

/// Room that is at most so much more than is needed.
void expect_room(const LibsvmTable& read, double most) {
  const auto expect = [&](const auto& values) {
    EXPECT_LE(static_cast<double>(values.capacity()), most * static_cast<double>(values.size()));
  };
  const SparseValues& values = *read.table.sparse();
  expect(values.columns);
  expect(values.numbers);
  expect(values.begins);
  expect(read.table.target);
}

TEST(DistributedLibsvm, ASmallFileIsReadTwiceIntoMemoryOfItsSize) {
  for_each_team({1, 2, 3, 4, 16, 64}, [](Team& team) {
    TeamDirectory folder(team);
    std::string text;
    while (text.size() < (std::size_t{1} << 19U)) text += "1 17:1 123:0.125 45678:1\n";
    text.pop_back();  // the last line need not end
    const InputFile file = folder.put("a", text);
    const LibsvmTable read = read_libsvm(team, {file}, {});
    const Index bytes = sum_over(team, read.bytes_read);
    EXPECT_GE(bytes, 2 * file.size);
    EXPECT_LE(static_cast<double>(bytes), 2.2 * static_cast<double>(file.size));
    expect_room(read, 1);
    folder.remove();
  });
}

/// The rows become longer and longer, and their order is no measure of them.
std::string large_text() {
  std::string text;
  for (int row = 0; text.size() < (std::size_t{12} << 20U); ++row) {
    text += "1";
    const int cells = row % 7 == 0 ? 0 : 20 + row / 1500;
    for (int i = 1; i <= cells; ++i) text += " " + std::to_string(i) + ":0.5";
    text += "\n";
  }
  return text;
}

TEST(DistributedLibsvm, OfALargeFileSomePlacesSayHowMuchRoomItNeeds) {
  const std::string text = large_text();
  for_each_team({1, 2, 3}, [&](Team& team) {
    TeamDirectory folder(team);
    const InputFile file = folder.put("a", text);
    const LibsvmTable read = read_libsvm(team, {file}, {});
    // Each rank looks at 1 MiB, and for the ends of its lines.
    constexpr Index kLooks = (Index{1} << 20U) + (Index{1} << 16U);
    EXPECT_LE(sum_over(team, read.bytes_read), file.size + team.size() * kLooks);
    expect_room(read, 1.15);
    folder.remove();
  });
}

/// Where it is looked at, rows are of one length, and elsewhere of another: there are far more
/// rows, or cells, than they say.
TEST(DistributedLibsvm, MoreIsReadThanTheLooksSay) {
  constexpr std::size_t kPlaces = 64;
  constexpr std::size_t kHalf = std::size_t{1} << 15U;
  std::string cells = "1";
  for (int i = 1; i <= 1000; ++i) cells += " " + std::to_string(i) + ":.5";
  cells += "\n";
  const std::string none = "1\n";
  for (const bool looks_at_cells : {true, false}) {
    std::string text;
    Index rows = 0;
    Index rows_of_cells = 0;
    for (std::size_t half = 0; half < 2 * kPlaces; ++half) {
      const bool has_cells = (half % 2 == 0) == looks_at_cells;
      const std::string& row = has_cells ? cells : none;
      for (; text.size() + row.size() < (half + 1) * kHalf; ++rows) {
        text += row;
        rows_of_cells += has_cells ? 1 : 0;
      }
      text += std::string((half + 1) * kHalf - 1 - text.size(), ' ') + "\n";
    }
    for_each_team({1}, [&](Team& team) {
      TeamDirectory folder(team);
      const LibsvmTable read = read_libsvm(team, {folder.put("a", text)}, {});
      EXPECT_EQ(read.table.total_rows, rows);
      EXPECT_EQ(sum_over(team, read.table.sparse()->cells()), 1000 * rows_of_cells);
      folder.remove();
    });
  }
}

TEST(DistributedLibsvm, MoreRanksThanRowsLeaveSomeEmpty) {
  for_each_team({3, 16}, [](Team& team) {
    TeamDirectory folder(team);
    const LibsvmTable read = read_libsvm(team, {folder.put("a", "1 2:1\n")}, {});
    test::expect_whole(team, read.table, 1);
    EXPECT_EQ(read.table.features, 2);
    EXPECT_EQ(sum_over(team, read.table.sparse()->cells()), 1);
    folder.remove();
  });
}

}  // namespace
}  // namespace lockstep
