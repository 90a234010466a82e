#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/options.hpp"
#include "core/base/random.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/csv_reader.hpp"
#include "core/data/data_hash.hpp"
#include "core/data/file_list.hpp"
#include "tests/core/data/data_files.hpp"
#include "tests/core/data/idx_files.hpp"

// Whatever the number of ranks, and wherever their byte ranges cut lines: the same rows, the same
// classes, the same error.

namespace lockstep {
namespace {

using test::for_each_team;
using test::gzip;
using test::TeamDirectory;

/// A random table and what it looks like in a file.
struct Example {
  std::string text;
  std::vector<std::vector<double>> rows;
  std::vector<std::string> labels;
};

/// What a label may look like, quoted: nothing that a reader could mistake for the border of a row.
std::string random_label(RandomSequence& draws) {
  static constexpr std::array<std::string_view, 8> kPieces = {"a", "b",  "\n",        "\r\n",
                                                              ",", "\"", "\n7,8,x\n", " "};
  std::string label = "class";
  for (std::uint64_t pieces = draws.below(4); pieces > 0; --pieces) {
    label += kPieces[draws.below(kPieces.size())];
  }
  return label + "z";
}

/// Rows of very different lengths: some are many ranges long, ranges can be many rows long.
Example make_example(std::uint64_t seed, Index rows, const std::string& end_of_line) {
  const RandomStream stream(seed, Purpose::synthetic);
  RandomSequence draws(stream, 0);
  Example example;
  example.text = "first,second,label" + end_of_line;
  for (Index i = 0; i < rows; ++i) {
    const std::vector<double> row{static_cast<double>(draws.below(10)), draws.normal()};
    const std::string label = random_label(draws);
    const std::string blanks(draws.below(8) == 0 ? 1 + draws.below(200) : 0, ' ');
    example.text +=
        format_real(row[0]) + "," + blanks + format_real(row[1]) + "," + csv_field(label);
    if (i + 1 < rows || draws.below(2) == 0) example.text += end_of_line;
    example.rows.push_back(row);
    example.labels.push_back(label);
  }
  return example;
}

void expect_rows(const Table& table, const Example& example, Index skipped = 0) {
  for (Index i = 0; i < table.rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(table.rows.begin - skipped + i);
    if (row >= example.rows.size()) continue;
    EXPECT_EQ(test::row_of(table, i), example.rows[row]) << "row " << row;
    const auto k = static_cast<std::size_t>(table.target[static_cast<std::size_t>(i)]);
    EXPECT_EQ(table.class_names[k], example.labels[row]) << "row " << row;
  }
}

TEST(DistributedCsv, GzipIsReadAsItsContent) {
  for_each_team({1, 2, 3, 5, 8}, [](Team& team) {
    TeamDirectory folder(team);
    const Example example = make_example(3, 400, "\n");
    const std::string& text = example.text;
    const std::size_t middle = text.size() / 2;
    const std::vector<InputFile> whole{folder.put("a.csv", text)};
    const std::string members = gzip(text.substr(0, middle)) + gzip(text.substr(middle));
    for (const std::string& packed : {gzip(text), members}) {
      // The name does not matter.
      const std::vector<InputFile> files{folder.put("b.csv", packed)};
      const CsvTable result = read_csv(team, files, {});
      test::expect_whole(team, result.table, 400);
      expect_rows(result.table, example);
      EXPECT_EQ(data_hash(team, result.table), data_hash(team, read_csv(team, whole, {}).table));
    }
    const std::string header = "first,second,label\n";
    const std::vector<InputFile> mixed{folder.put("a.csv", header + "1,2,a\n"),
                                       folder.put("b.csv.gz", gzip(header + "3,4,a\n5,x,b\n"))};
    EXPECT_EQ(test::message_in(folder / "", [&] { read_csv(team, mixed, {}); }),
              "b.csv.gz:3:2: expected a number in column 'second', found 'x'");
    folder.remove();
  });
}

TEST(DistributedCsv, EveryRankThrowsThatGzipIsDamaged) {
  for_each_team({1, 2, 3}, [](Team& team) {
    TeamDirectory folder(team);
    const std::string packed = gzip(make_example(3, 400, "\n").text);
    const auto message_of = [&](const std::string& content) {
      const std::vector<InputFile> files{folder.put("a.csv.gz", content)};
      return test::message_in(folder / "", [&] { read_csv(team, files, {}); });
    };
    EXPECT_EQ(message_of(packed.substr(0, 500)), "a.csv.gz: truncated gzip stream after 500 bytes");
    std::string corrupt = packed;
    corrupt[corrupt.size() - 6] = static_cast<char>(corrupt[corrupt.size() - 6] ^ 1);
    EXPECT_NE(message_of(corrupt).find("a.csv.gz: corrupt gzip stream near byte"),
              std::string::npos);
    EXPECT_EQ(message_of(gzip("")), "a.csv.gz: a gzip file without content");
    folder.remove();
  });
}

TEST(DistributedCsv, EveryRankGetsItsRows) {
  for_each_team({1, 2, 3, 5, 8, 16}, [](Team& team) {
    TeamDirectory folder(team);
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      const Index rows = seed < 4 ? static_cast<Index>(seed) : 40;
      const Example example = make_example(seed, rows, seed % 2 == 0 ? "\n" : "\r\n");
      const CsvTable result = read_csv(team, {folder.put("a.csv", example.text)}, {});
      test::expect_whole(team, result.table, rows);
      expect_rows(result.table, example);
    }
    folder.remove();
  });
}

TEST(DistributedCsv, FilesLieEndToEnd) {
  for_each_team({1, 2, 3, 7}, [](Team& team) {
    TeamDirectory folder(team);
    const Example a = make_example(21, 17, "\n");
    const Example b = make_example(22, 2, "\r\n");
    const Example c = make_example(23, 30, "\n");
    const std::vector<InputFile> files{folder.put("a.csv", a.text + "\n\n"),
                                       folder.put("b.csv", "\xEF\xBB\xBF" + b.text),
                                       folder.put("c.csv", c.text)};
    const CsvTable result = read_csv(team, files, {});
    test::expect_whole(team, result.table, 49);
    Example all = a;
    for (const Example& next : {b, c}) {
      all.rows.insert(all.rows.end(), next.rows.begin(), next.rows.end());
      all.labels.insert(all.labels.end(), next.labels.begin(), next.labels.end());
    }
    expect_rows(result.table, all);
    folder.remove();
  });
}

TEST(DistributedCsv, TheFirstWrongLineIsReportedOnEveryRank) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    const Index rows = 24;
    for (Index bad = 0; bad < rows; ++bad) {
      std::string text = "a,pH,y\n";
      for (Index i = 0; i < rows; ++i) {
        const bool wrong = i == bad || i == bad + 3;  // the second one must not win
        text += std::to_string(i) + (wrong ? ",n/a,0\n" : ",7.5,0\n");
      }
      const InputFile file = folder.put("a.csv", text);
      EXPECT_EQ(
          test::message_in(folder / "", [&] { read_csv(team, {file}, {}); }),
          "a.csv:" + std::to_string(bad + 2) + ":2: expected a number in column 'pH', found 'n/a'");
      team.barrier();
    }
    folder.remove();
  });
}

// A quote that is not closed turns what is outside of quotes into what is inside for all ranks
// behind it; they must not win either.
TEST(DistributedCsv, AStrayQuoteIsReportedWhereItIs) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    const Index rows = 24;
    for (Index bad = 0; bad < rows; ++bad) {
      for (const std::string field : {"5\"", "\"5"}) {
        std::string text = "a,pH,y\n";
        for (Index i = 0; i < rows; ++i) {
          text += "\"" + std::to_string(i) + "\",";
          text += (i == bad ? field : "7.5") + ",\"p\nq\"\n";
        }
        const InputFile file = folder.put("a.csv", text);
        const std::string message =
            test::message_in(folder / "", [&] { read_csv(team, {file}, {}); });
        EXPECT_EQ(
            message.substr(0, message.find(", found")),
            "a.csv:" + std::to_string(2 * bad + 2) +
                (field == "5\"" ? ":2: expected no quote inside an unquoted field (quote the "
                                  "whole field and double its quotes) in column 'pH'"
                                : ":2: expected a comma after the closing quote in column 'pH'"));
        team.barrier();
      }
    }
    folder.remove();
  });
}

TEST(DistributedCsv, LineNumbersStartAgainInEachFile) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    const InputFile good = folder.put("a.csv", "a,b\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n");
    const InputFile bad = folder.put("b.csv", "a,b\n1,2\n1,2\n1,2\n1,2\n1,2\n1\n1,2\n");
    EXPECT_EQ(test::message_in(folder / "",
                               [&] {
                                 read_csv(team, {good, good, bad, good}, {});
                               }),
              "b.csv:7: expected 2 fields as in the header, found 1");
    folder.remove();
  });
}

TEST(DistributedCsv, BlankLinesMayOnlyEndAFile) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    for (const int blanks : {1, 5, 40}) {
      for (const int before : {0, 1, 6}) {
        std::string text = "a,b\n";
        for (int i = 0; i < before; ++i) text += "1,2\n";
        text.append(static_cast<std::size_t>(blanks), '\n');
        const std::string place = "a.csv:" + std::to_string(before + 2);
        const InputFile between = folder.put("a.csv", text + "1,2\n");
        EXPECT_EQ(test::message_in(folder / "", [&] { read_csv(team, {between}, {}); }),
                  place + ": blank line between rows");
        team.barrier();
        const InputFile broken = folder.put("a.csv", text + "1,\n");
        EXPECT_EQ(test::message_in(folder / "", [&] { read_csv(team, {broken}, {}); }),
                  place + ": blank line between rows");
        team.barrier();
        if (before == 0) continue;
        const InputFile at_end = folder.put("b.csv", text);
        EXPECT_EQ(read_csv(team, {at_end, at_end}, {}).table.total_rows, 2 * before);
        team.barrier();
      }
    }
    folder.remove();
  });
}

TEST(DistributedCsv, HeaderOnlyFilesAreRefusedOnEveryRank) {
  for_each_team({1, 3}, [](Team& team) {
    TeamDirectory folder(team);
    const InputFile rows = folder.put("a.csv", "a,b\n1,2\n");
    const InputFile none = folder.put("b.csv", "a,b\n");
    EXPECT_EQ(test::message_in(folder / "",
                               [&] {
                                 read_csv(team, {rows, none, rows}, {});
                               }),
              "b.csv: no rows after the header");
    const InputFile other = folder.put("c.csv", "a,c\n1,2\n");
    EXPECT_EQ(test::message_in(folder / "",
                               [&] {
                                 read_csv(team, {rows, other}, {});
                               }),
              "c.csv:1:2: expected column 'b' as in a.csv, found column 'c'");
    folder.remove();
  });
}

TEST(DistributedCsv, ClassesOfAllRanksAreOneDictionary) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    std::string numbers = "a,y\n";
    std::string texts = "a,y\n";
    for (int i = 0; i < 30; ++i) {
      numbers += "0," + std::to_string(30 - i) + (i % 3 == 0 ? ".0\n" : "\n");
      texts += "0," + std::to_string(30 - i) + (i == 29 ? "th\n" : "\n");
    }
    // Whether labels are numbers is decided by the labels of all ranks.
    const Table ascending = read_csv(team, {folder.put("a.csv", numbers)}, {}).table;
    const Table sorted = read_csv(team, {folder.put("b.csv", texts)}, {}).table;
    ASSERT_EQ(ascending.class_names.size(), 30U);
    EXPECT_EQ(ascending.class_names[9], "10");
    EXPECT_EQ(sorted.class_names[0], "10");
    EXPECT_EQ(sorted.class_names[10], "1th");
    for (Index i = 0; i < ascending.rows.size(); ++i) {
      EXPECT_EQ(ascending.target[static_cast<std::size_t>(i)],
                static_cast<double>(29 - ascending.rows.begin - i));
    }
    folder.remove();
  });
}

TEST(DistributedCsv, TheFileIsReadHardlyMoreThanTwice) {
  for_each_team({1, 2, 3, 4, 16, 64}, [](Team& team) {
    TeamDirectory folder(team);
    std::string text = "a,b,c,y\n";
    while (text.size() < (std::size_t{1} << 20U)) text += "0.125,-17.75,123456.789,1\n";
    const InputFile file = folder.put("a.csv", text);
    const CsvTable result = read_csv(team, {file}, {});
    const Index bytes = sum_over(team, result.bytes_read);
    EXPECT_GE(bytes, 2 * file.size);
    EXPECT_LE(static_cast<double>(bytes), 2.1 * static_cast<double>(file.size));
    folder.remove();
  });
}

TEST(DistributedCsv, AFileThatIsMissingOnRankZeroIsMissingOnAll) {
  for_each_team({1, 3}, [](Team& team) {
    TeamDirectory folder(team);
    const FileRequest request{"data.train", {folder / "no.csv"}, ""};
    EXPECT_EQ(test::message_in(folder / "", [&] { find_input_files(team, request); }),
              "no.csv: no such file (data.train; relative paths start in the working directory, "
              "data.root is not set)");
    const InputFile file = folder.put("yes,1.csv", "12345");
    EXPECT_EQ(find_input_files(team, {"data.train", {folder / "yes*.csv", file.path}, ""}),
              (std::vector<InputFile>{file, file}));
    folder.remove();
  });
}

}  // namespace
}  // namespace lockstep
