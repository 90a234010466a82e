#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/data/csv_reader.hpp"
#include "core/data/data_hash.hpp"
#include "core/data/generators.hpp"
#include "core/data/idx_reader.hpp"
#include "core/data/table_writer.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/core/data/data_files.hpp"

// What is written is the same for any number of ranks, and reads back as the same table.

namespace lockstep {
namespace {

using test::for_each_team;
using test::TeamDirectory;

constexpr Index kRows = 57;

/// The rows of this rank when `rows` are dealt unevenly: the first rank has none when it can.
Table generate_unevenly(Team& team, const SyntheticOptions& options, Index rows = kRows) {
  std::vector<Index> boundaries = even_boundaries(rows, team.size());
  if (team.size() > 1) boundaries[1] = 0;
  return generate(options, 11, part_of(boundaries, team.rank()), rows);
}

SyntheticOptions of_kind(SyntheticKind kind) {
  SyntheticOptions options;
  options.kind = kind;
  options.features = 3;
  return options;
}

/// Expects that `read` has the rows of the generator, however they are dealt.
void expect_rows(const Table& read, const SyntheticOptions& options) {
  const Table expected = generate(options, 11, read.rows, kRows);
  EXPECT_EQ(read.total_rows, kRows);
  EXPECT_EQ(schema_of(read), schema_of(expected));
  EXPECT_EQ(read.target, expected.target);
  for (Index i = 0; i < read.rows.size(); ++i) {
    EXPECT_EQ(test::row_of(read, i), test::row_of(expected, i));
  }
}

CsvOptions csv_options(SyntheticKind kind) {
  CsvOptions options;
  if (kind == SyntheticKind::linear) options.target_kind = TargetKind::number;
  return options;
}

TEST(TableWriter, CsvReadsBackAsTheSameTable) {
  for_each_team({1, 2, 3, 5}, [](Team& team) {
    TeamDirectory folder(team);
    for (const SyntheticKind kind : {SyntheticKind::digits, SyntheticKind::blobs,
                                     SyntheticKind::moons, SyntheticKind::linear}) {
      const SyntheticOptions options = of_kind(kind);
      const Table table = generate_unevenly(team, options);
      write_csv(team, table, folder / "t.csv");
      const Table read = read_csv(team, {folder.find("t.csv")}, csv_options(kind)).table;
      expect_rows(read, options);
      EXPECT_EQ(data_hash(team, read), data_hash(team, table));
      team.barrier();
    }
    folder.remove();
  });
}

TEST(TableWriter, IdxReadsBackAsTheSameTable) {
  for_each_team({1, 2, 3, 5}, [](Team& team) {
    TeamDirectory folder(team);
    const Table table = generate_unevenly(team, {});
    write_idx(team, table, {28, 28}, folder / "images", folder / "labels");
    const Table read = read_idx(team, {folder.find("images")}, {folder.find("labels")}, {}).table;
    ASSERT_TRUE(std::holds_alternative<Table::ByteValues>(read.values));
    expect_rows(read, {});
    EXPECT_EQ(data_hash(team, read), data_hash(team, table));
    folder.remove();
  });
}

TEST(TableWriter, FilesDoNotDependOnRanks) {
  for_each_team({2, 3, 5}, [](Team& team) {
    TeamDirectory folder(team);
    const SyntheticOptions linear = of_kind(SyntheticKind::linear);
    write_csv(team, generate_unevenly(team, linear), folder / "all.csv");
    write_idx(team, generate_unevenly(team, {}), {784}, folder / "all.images",
              folder / "all.labels");
    if (team.rank() == 0) {
      test::on_one_rank([&](Team& alone) {
        write_csv(alone, generate_unevenly(alone, linear), folder / "one.csv");
        write_idx(alone, generate_unevenly(alone, {}), {784}, folder / "one.images",
                  folder / "one.labels");
      });
      for (const std::string name : {"csv", "images", "labels"}) {
        EXPECT_EQ(test::content_of(folder / ("all." + name)),
                  test::content_of(folder / ("one." + name)));
      }
    }
    folder.remove();
  });
}

TEST(TableWriter, NamesAreQuotedWhereTheyMustBe) {
  for_each_team({1, 2}, [](Team& team) {
    TeamDirectory folder(team);
    Table table;
    table.total_rows = 2;
    table.rows = even_part(2, team.size(), team.rank());
    table.features = 2;
    table.feature_names = {"a,b", "plain"};
    table.target_kind = TargetKind::classes;
    table.target_names = {" y"};
    table.class_names = {"no", "say \"yes\""};
    Table::NumberValues values;
    for (Index i = table.rows.begin; i < table.rows.end; ++i) {
      values.insert(values.end(), {0.1 + static_cast<double>(i), -1e-300});
      table.target.push_back(static_cast<double>(1 - i));
    }
    table.values = values;
    write_csv(team, table, folder / "t.csv");
    const InputFile file = folder.find("t.csv");
    EXPECT_EQ(test::content_of(file.path),
              "\"a,b\",plain,\" y\"\n0.1,-1e-300,\"say \"\"yes\"\"\"\n1.1,-1e-300,no\n");
    EXPECT_EQ(schema_of(read_csv(team, {file}, {}).table), schema_of(table));
    folder.remove();
  });
}

TEST(TableWriter, ATableWithoutTargetHasFeaturesAlone) {
  for_each_team({1, 2}, [](Team& team) {
    TeamDirectory folder(team);
    Table table = generate_unevenly(team, of_kind(SyntheticKind::moons));
    table.target_kind = TargetKind::none;
    table.target.clear();
    table.class_names.clear();
    write_csv(team, table, folder / "t.csv");
    CsvOptions options;
    options.target_kind = TargetKind::none;
    const Table read = read_csv(team, {folder.find("t.csv")}, options).table;
    EXPECT_EQ(read.features, 2);
    EXPECT_EQ(read.total_rows, kRows);
    folder.remove();
  });
}

TEST(TableWriter, ErrorsNameThePathAndLeaveNothingBehind) {
  for_each_team({1, 3}, [](Team& team) {
    TeamDirectory folder(team);
    const Table digits = generate_unevenly(team, {});
    const auto message = [&](const std::function<void()>& work) {
      return test::message_in(folder / "", work);
    };
    EXPECT_EQ(message([&] { write_csv(team, digits, folder / "no/t.csv"); }),
              "no/t.csv: cannot create: No such file or directory");
    folder.put("file", "x");
    EXPECT_EQ(message([&] { write_csv(team, digits, folder / "file/t.csv"); }),
              "file/t.csv: cannot create: Not a directory");
    EXPECT_EQ(message([&] { write_idx(team, digits, {784}, folder / "a", folder / "no/b"); }),
              "no/b: cannot create: No such file or directory");
    EXPECT_EQ(message([&] {
                write_idx(team, generate_unevenly(team, of_kind(SyntheticKind::moons)), {2},
                          folder / "a", folder / "b");
              }),
              "a: IDX files hold bytes, and these features are numbers; write CSV");
    Table named = digits;
    named.class_names[3] = "three";
    EXPECT_EQ(
        message([&] { write_idx(team, named, {784}, folder / "a", folder / "b"); }),
        "b: expected classes that are numbers from 0 to 255 for IDX, found 'three'; write CSV");
    named.target_kind = TargetKind::number;
    EXPECT_EQ(message([&] { write_idx(team, named, {784}, folder / "a", folder / "b"); }),
              "b: IDX labels are classes, and 'label' is a number; write CSV");
    named.target_names = {"two\nlines"};
    EXPECT_EQ(message([&] { write_csv(team, named, folder / "t.csv"); }),
              "t.csv: expected names without a newline for CSV, found 'two\\x0alines'");
    team.barrier();
    if (team.rank() == 0) {
      for (const auto& entry : std::filesystem::directory_iterator(folder / "")) {
        EXPECT_EQ(entry.path().filename(), "file");
        std::filesystem::create_directory(folder / "dir");
      }
    }
    team.barrier();
    EXPECT_EQ(message([&] { write_csv(team, digits, folder / "dir"); }),
              "dir: cannot create: Is a directory");
    folder.remove();
  });
}

TEST(TableWriter, AFullDiskIsAnIoError) {
  for_each_team({1, 2}, [](Team& team) {
    TeamDirectory folder(team);
    if (team.rank() == 0) std::filesystem::create_symlink("/dev/full", folder / "t.csv.tmp");
    team.barrier();
    EXPECT_EQ(
        test::message_in(folder / "",
                         [&] { write_csv(team, generate_unevenly(team, {}), folder / "t.csv"); }),
        "t.csv: cannot write: No space left on device");
    folder.remove();
  });
}

TEST(DataHash, KnowsContentAndNotRanks) {
  std::string alone;
  const SyntheticOptions options = of_kind(SyntheticKind::blobs);
  test::on_one_rank([&](Team& team) {
    alone = data_hash(team, generate_unevenly(team, options));
    EXPECT_EQ(alone.size(), 32U);
    const Table table = generate_unevenly(team, options);
    const auto differs = [&](const std::function<void(Table&)>& change) {
      Table changed = table;
      change(changed);
      return data_hash(team, changed) != alone;
    };
    EXPECT_FALSE(differs([](Table&) {}));
    EXPECT_TRUE(differs([](Table& t) {
      double& x = std::get<Table::NumberValues>(t.values)[5];
      x = std::nextafter(x, 100.0);
    }));
    EXPECT_TRUE(differs([](Table& t) { t.target[7] = 2 - t.target[7] + 0.5; }));
    EXPECT_TRUE(differs([](Table& t) { t.class_names[0] = "zero"; }));
    EXPECT_TRUE(differs([](Table& t) { t.feature_names[0] = "y0"; }));
    EXPECT_TRUE(differs([](Table& t) { std::swap(t.feature_names[0], t.feature_names[1]); }));
    EXPECT_TRUE(differs([](Table& t) { t.target_names = {"kind"}; }));
    Table several = table;
    several.target_kind = TargetKind::number;
    several.target_names = {"y", "z"};
    several.target.insert(several.target.end(), table.target.begin(), table.target.end());
    const std::string of_several = data_hash(team, several);
    ++several.target.back();
    EXPECT_NE(data_hash(team, several), of_several);
    --several.target.back();
    std::swap(several.target_names[0], several.target_names[1]);
    EXPECT_NE(data_hash(team, several), of_several);
    EXPECT_TRUE(differs([](Table& t) {  // two rows trade places
      auto& values = std::get<Table::NumberValues>(t.values);
      std::swap_ranges(values.begin(), values.begin() + 3, values.begin() + 3);
      std::swap(t.target[0], t.target[1]);
    }));
  });
  for_each_team({2, 3, 7, 64}, [&](Team& team) {
    EXPECT_EQ(data_hash(team, generate_unevenly(team, options)), alone);
  });
}

TEST(DataHash, BytesAreTheNumbersTheyStandFor) {
  for_each_team({1, 3}, [](Team& team) {
    const Table bytes = generate_unevenly(team, {});
    Table numbers = bytes;
    Table::NumberValues values(static_cast<std::size_t>(bytes.rows.size() * bytes.features));
    for (Index i = 0; i < bytes.rows.size(); ++i) {
      bytes.copy_row(i, values.data() + i * bytes.features);
    }
    numbers.values = values;
    EXPECT_EQ(data_hash(team, bytes), data_hash(team, numbers));
  });
}

}  // namespace
}  // namespace lockstep
