#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/data/csv_reader.hpp"
#include "core/data/libsvm_reader.hpp"
#include "core/data/npy_reader.hpp"
#include "tests/core/data/data_files.hpp"
#include "tests/core/format/npy_files.hpp"

// Rows that cannot be read are left out: what is left is what a file without them gives, but for
// the numbers of its rows.

namespace lockstep {
namespace {

using test::for_each_team;
using test::message_in;
using test::TeamDirectory;

/// A file of rows of which some are bad, and what it looks like without those.
struct Example {
  std::string all;
  std::string good;
  std::vector<Index> kept;          ///< the numbers of the good rows
  std::vector<Index> left_out;      ///< those of the others
  std::vector<std::string> places;  ///< behind the path: ":17:3"
  std::vector<std::string> bytes;
};

/// What a bad row looks like, and which column of it is wrong, from 1; 0: all of the row.
struct Kind {
  std::string row;
  Index column;
};

Example make_example(std::uint64_t seed, Index rows, const std::vector<Kind>& bad_kinds,
                     const std::string& header,
                     const std::function<std::string(RandomSequence&)>& good_row) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  Example example;
  Index line = 1;
  const auto add = [&](std::string& text, const std::string& row) { text += row + "\n"; };
  if (!header.empty()) {
    add(example.all, header);
    add(example.good, header);
    ++line;
  }
  for (Index i = 0; i < rows; ++i, ++line) {
    // Now and then many in a row: a rank may have no others.
    const bool is_bad = draws.below(8) == 0 || (i > rows / 2 && i < rows / 2 + 60);
    const Kind& kind = bad_kinds[draws.below(bad_kinds.size())];
    const std::string row = is_bad ? kind.row : good_row(draws);
    add(example.all, row);
    if (is_bad) {
      example.left_out.push_back(i);
      example.places.push_back(kind.column == 0 ? fmt::format(":{}", line)
                                                : fmt::format(":{}:{}", line, kind.column));
      example.bytes.push_back(row);
    } else {
      add(example.good, row);
      example.kept.push_back(i);
    }
  }
  return example;
}

/// This rank's rows of `table` are those of `expected`, which may be divided among the ranks
/// otherwise: compared as all ranks' rows end to end.
void expect_same_rows(Team& team, const Table& table, const Table& expected) {
  const auto all_rows = [&](const Table& part) {
    std::string text;
    for (Index i = 0; i < part.rows.size(); ++i) {
      std::vector<double> row(static_cast<std::size_t>(part.features));
      part.copy_row(i, row.data());
      row.push_back(part.target[static_cast<std::size_t>(i)]);
      text.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
    }
    std::string whole;
    for (const std::string& theirs : all_gather_text(team, text)) whole += theirs;
    return whole;
  };
  EXPECT_TRUE(all_rows(table) == all_rows(expected));
  EXPECT_EQ(table.total_rows, expected.total_rows);
  EXPECT_EQ(table.class_names, expected.class_names);
  EXPECT_EQ(table.feature_names, expected.feature_names);
  EXPECT_EQ(table.feature_types, expected.feature_types);
}

/// What is said of the rows that were left out.
void expect_bad_rows(Team& team, const Table& table, const Example& example,
                     const std::string& path) {
  EXPECT_EQ(table.bad_rows.count, static_cast<Index>(example.left_out.size()));
  const std::size_t shown = std::min(example.left_out.size(), BadRows::kShown);
  ASSERT_EQ(table.bad_rows.first.size(), shown);
  const auto expect_row = [&](const BadRow& row, std::size_t i) {
    EXPECT_EQ(row.number, example.left_out[i]);
    EXPECT_EQ(row.place, path + example.places[i]);
    EXPECT_EQ(row.bytes, example.bytes[i]);
    EXPECT_FALSE(row.problem.empty());
  };
  for (std::size_t i = 0; i < shown; ++i) expect_row(table.bad_rows.first[i], i);
  const auto mine = static_cast<Index>(table.bad_rows.here.size());
  const auto before = static_cast<std::size_t>(exclusive_scan(team, mine));
  EXPECT_EQ(sum_over(team, mine), table.bad_rows.count);
  for (std::size_t i = 0; i < table.bad_rows.here.size(); ++i) {
    expect_row(table.bad_rows.here[i], before + i);
  }
  ASSERT_TRUE(table.numbers_read);
  for (Index i = 0; i < table.rows.size(); ++i) {
    EXPECT_EQ(table.number_read(i), example.kept[static_cast<std::size_t>(table.rows.begin + i)]);
  }
}

/// Rows are named by their lines, of which this is the first.
void expect_lines(const Table& table, const std::string& path, Index first) {
  for (Index i = 0; i < table.rows.size(); ++i) {
    const Index number = table.number_read(i);
    EXPECT_EQ(table.places.of(number), fmt::format("{}:{}", path, number + first));
  }
}

const std::vector<Kind> kBadCsv{{"1,n/a,a", 2},        {"1,2", 0},        {"1,2,c,4", 0},
                                {",2,a", 1},           {"1,inf,a", 2},    {"1,2,", 3},
                                {"x,y,only here", 1},  {"1,\"2\"3,a", 2}, {"1,2,\xff", 3},
                                {"1 2,3,only here", 1}};

std::string good_csv(RandomSequence& draws) {
  return fmt::format("{},{},{}", draws.below(10), draws.normal(),
                     std::string(1, static_cast<char>('a' + draws.below(3))));
}

TEST(BadRows, OfCsvAreLeftOut) {
  const Example example = make_example(1, 700, kBadCsv, "p,q,label", good_csv);
  CsvOptions options;
  options.on_bad_row = OnBadRow::skip;
  for_each_team({1, 2, 3, 4, 7, 16}, [&](Team& team) {
    TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", example.all);
    const CsvTable table = read_csv(team, {file}, options);
    expect_same_rows(team, table.table,
                     read_csv(team, {folder.put("b.csv", example.good)}, {}).table);
    expect_bad_rows(team, table.table, example, file.path);
    expect_lines(table.table, file.path, 2);
  });
}

TEST(BadRows, LeaveNoTraceInTypes) {
  // `q` is numbers but for bad rows; `r` is categories, which half of the ranks learn late.
  const std::vector<Kind> kinds{{"1,text,x,a", 2}, {"1,2,nobody has this,", 4}, {"1", 0}};
  Index count = 0;
  const auto good = [&](RandomSequence& draws) {
    const bool late = ++count > 400;
    return fmt::format(
        "{},{},{},a", draws.below(9), draws.below(9),
        late ? fmt::format("word{}", draws.below(5)) : std::to_string(draws.below(3)));
  };
  const Example example = make_example(2, 700, kinds, "p,q,r,label", good);
  CsvOptions options;
  options.features = CsvFeatures::typed;
  options.numeric = {"q"};
  const CsvOptions strict = options;
  options.on_bad_row = OnBadRow::skip;
  for_each_team({1, 2, 3, 5, 8}, [&](Team& team) {
    TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", example.all);
    const CsvTable table = read_csv(team, {file}, options);
    const CsvTable expected = read_csv(team, {folder.put("b.csv", example.good)}, strict);
    expect_same_rows(team, table.table, expected.table);
    expect_bad_rows(team, table.table, example, file.path);
    ASSERT_EQ(table.notes.size(), expected.notes.size());
    for (std::size_t i = 0; i < table.notes.size(); ++i) {
      EXPECT_EQ(table.notes[i].texts, expected.notes[i].texts);
      EXPECT_EQ(table.notes[i].numbers, expected.notes[i].numbers);
      EXPECT_EQ(table.notes[i].example, expected.notes[i].example);
      // The place is that in the file with the bad rows.
      const std::string& place = table.notes[i].place;
      const std::size_t begin = file.path.size() + 1;
      const auto line = static_cast<std::size_t>(std::stol(place.substr(begin)));
      std::string text;
      std::size_t at = 0;
      for (std::size_t n = 1; n < line; ++n) at = example.all.find('\n', at) + 1;
      text = example.all.substr(at, example.all.find('\n', at) - at);
      EXPECT_NE(text.find(table.notes[i].example), std::string::npos) << place << ": " << text;
    }
  });
}

TEST(BadRows, OfLibsvmAreLeftOut) {
  const std::vector<Kind> kinds{{"x 1:2", 1},        {"1 1:nan", 2},   {"0 1:2 1:3", 3},
                                {"1,2 1:1", 1},      {"0 3:1 a:2", 3}, {"1 2:1 7", 3},
                                {"0 70000000:1", 2}, {"9 0:1 5:x", 3}};
  const auto good = [](RandomSequence& draws) {
    return fmt::format("{} {}:{} 30:0.5", draws.below(3), 1 + draws.below(20), draws.normal());
  };
  const Example example = make_example(3, 700, kinds, "", good);
  LibsvmOptions options;
  options.on_bad_row = OnBadRow::skip;
  for_each_team({1, 2, 3, 4, 7, 16}, [&](Team& team) {
    TeamDirectory folder(team);
    const InputFile file = folder.put("a.svm", example.all);
    const LibsvmTable table = read_libsvm(team, {file}, options);
    const LibsvmTable expected = read_libsvm(team, {folder.put("b.svm", example.good)}, {});
    EXPECT_EQ(table.index_base, 1) << "a bad row has the index 0";
    expect_same_rows(team, table.table, expected.table);
    expect_bad_rows(team, table.table, example, file.path);
    expect_lines(table.table, file.path, 1);
  });
}

/// Arrays of rows and their labels, of which some are bad: in the numbers, in the label, or both.
struct Arrays {
  std::vector<double> numbers;
  std::vector<double> labels;
};

constexpr Index kArrayColumns = 3;

/// Three numbers a row, of which the second is a category where those are asked for.
Example make_arrays(Index rows, Arrays& all, Arrays& good) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  RandomSequence draws(RandomStream(4, Purpose::synthetic), 0);
  Example example;
  for (Index i = 0; i < rows; ++i) {
    std::vector<double> row{static_cast<double>(draws.below(50)) / 4,
                            static_cast<double>(draws.below(3)),
                            static_cast<double>(draws.below(9))};
    auto label = static_cast<double>(draws.below(3));
    const bool is_bad = draws.below(8) == 0 || (i > rows / 2 && i < rows / 2 + 60);
    if (is_bad) {
      const std::uint64_t kind = draws.below(4);
      row[1] = 77;  // a category that no good row has, as the label
      label = 99;
      if (kind == 0) row[2] = kNan;
      if (kind == 1) row[0] = -kInfinite;
      if (kind == 2 || kind == 3) label = kNan;
      if (kind == 3) row[2] = kInfinite;
      const Index column = kind == 1 ? 0 : 2;
      example.places.push_back(kind == 2 ? fmt::format(".y[{}]", i)
                                         : fmt::format("[{}, {}]", i, column));
      example.bytes.push_back(kind == 2 ? "nan"
                                        : fmt::format("{}, 77, {}",
                                                      kind == 1 ? "-inf" : fmt::to_string(row[0]),
                                                      kind == 0   ? "nan"
                                                      : kind == 3 ? "inf"
                                                                  : fmt::to_string(row[2])));
      example.left_out.push_back(i);
    } else {
      good.numbers.insert(good.numbers.end(), row.begin(), row.end());
      good.labels.push_back(label);
      example.kept.push_back(i);
    }
    all.numbers.insert(all.numbers.end(), row.begin(), row.end());
    all.labels.push_back(label);
  }
  return example;
}

void expect_arrays_without_bad_rows(Index rows, std::initializer_list<int> teams) {
  Arrays all;
  Arrays good;
  const Example example = make_arrays(rows, all, good);
  NpyOptions strict;
  strict.columns.features = CsvFeatures::typed;
  strict.columns.categorical = {"c1"};
  strict.columns.rules = [](const std::vector<std::string>& features) {
    std::vector<CsvFeatureRules> rules(features.size());
    for (CsvFeatureRules& rule : rules) rule.takes_missing = false;
    return rules;
  };
  NpyOptions options = strict;
  options.columns.on_bad_row = OnBadRow::skip;
  for_each_team(teams, [&](Team& team) {
    TeamDirectory folder(team);
    for (const bool fortran_order : {false, true}) {
      const auto numbers = [&](const char* name, const Arrays& arrays) {
        return folder.put(name, test::npy_matrix(arrays.numbers, kArrayColumns, fortran_order));
      };
      const auto labels = [&](const char* name, const Arrays& arrays) {
        return folder.put(name, test::npy_vector<double>("<f8", arrays.labels));
      };
      const InputFile file = numbers("a", all);
      const NpyTable table = read_npy(team, {file}, {labels("a.y", all)}, options);
      const NpyTable expected = read_npy(team, {numbers("b", good)}, {labels("b.y", good)}, strict);
      expect_same_rows(team, table.table, expected.table);
      expect_bad_rows(team, table.table, example, file.path);
      EXPECT_EQ(table.table.class_names, (std::vector<std::string>{"0", "1", "2"}));
      EXPECT_EQ(table.table.feature_types[1].categories, (std::vector<std::string>{"0", "1", "2"}));
    }
    folder.remove();
  });
}

TEST(BadRows, OfNpyAreLeftOutWithTheirLabels) {
  expect_arrays_without_bad_rows(700, {1, 2, 3, 4, 7, 16});
}

TEST(BadRows, OfNpyAreLeftOutInEachBlockThatIsRead) {
  expect_arrays_without_bad_rows(150'000, {1, 2});
}

TEST(BadRows, OfSeveralFilesAreNumberedOverAll) {
  CsvOptions options;
  options.on_bad_row = OnBadRow::skip;
  for_each_team({1, 2, 3, 7}, [&](Team& team) {
    TeamDirectory folder(team);
    const std::vector<InputFile> files{folder.put("a.csv", "x,y\n1,a\nb\n3,a\n"),
                                       folder.put("b.csv", "x,y\nc,a\n4,b\n")};
    const Table table = read_csv(team, files, options).table;
    ASSERT_EQ(table.bad_rows.count, 2);
    EXPECT_EQ(table.bad_rows.first[0].place, files[0].path + ":3");
    EXPECT_EQ(table.bad_rows.first[1].place, files[1].path + ":2:1");
    EXPECT_EQ(table.bad_rows.first[1].number, 3);
    EXPECT_EQ(table.total_rows, 3);
    EXPECT_EQ(table.class_names, (std::vector<std::string>{"a", "b"}));
  });
}

TEST(BadRows, BlankLinesAreLeftOutWithThem) {
  CsvOptions options;
  options.on_bad_row = OnBadRow::skip;
  std::string rows = "x,y\n";
  for (int i = 0; i < 60; ++i) rows += i % 7 == 3 ? "\n" : fmt::format("{},a\n", i);
  for_each_team({1, 2, 3, 8}, [&](Team& team) {
    TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", rows);
    const Table table = read_csv(team, {file}, options).table;
    EXPECT_EQ(table.total_rows, 51);
    EXPECT_EQ(table.bad_rows.count, 0);
    // Rows are no lines any more.
    EXPECT_EQ(table.places.of(50), file.path + ", row 51");
    EXPECT_EQ(message_in(folder / "", [&] { read_csv(team, {file}, {}); }),
              "a.csv:5: blank line between rows");
  });
}

TEST(BadRows, OneBlankLineIsEnough) {
  CsvOptions options;
  options.on_bad_row = OnBadRow::skip;
  for_each_team({1, 2, 3, 5}, [&](Team& team) {
    TeamDirectory folder(team);
    // Wherever it stands: also where the rows of a rank end, or begin.
    for (int blank = 1; blank < 16; ++blank) {
      std::string rows = "x,y\n";
      for (int i = 0; i < 16; ++i) rows += (i == blank ? "\n" : "") + fmt::format("{},a\n", i);
      const InputFile file = folder.put("a.csv", rows);
      const Table table = read_csv(team, {file}, options).table;
      EXPECT_EQ(table.total_rows, 16);
      EXPECT_EQ(table.places.of(0), file.path + ", row 1") << blank;
    }
  });
}

TEST(BadRows, WhatMoreThanARowIsWrongWithStaysAnError) {
  CsvOptions options;
  options.on_bad_row = OnBadRow::skip;
  CsvOptions fitting = options;
  fitting.schema = TableSchema{};
  fitting.schema->feature_names = {"x"};
  fitting.schema->target_names = {"y"};
  fitting.schema->target_kind = TargetKind::classes;
  fitting.schema->class_names = {"a"};
  for_each_team({1, 2, 3}, [&](Team& team) {
    TeamDirectory folder(team);
    const auto expect = [&](const std::string& rows, const CsvOptions& how,
                            const std::string& message) {
      const InputFile file = folder.put("a.csv", "x,y\n" + rows);
      EXPECT_EQ(message_in(folder / "", [&] { read_csv(team, {file}, how); }), "a.csv" + message);
    };
    // The quote may stand where none belongs, and the rows behind it be rows.
    expect("1,a\nb,a\n2\",a\n3,a\n4\",a\n5,a\n", options,
           ":4:1: expected no quote inside an unquoted field (quote the whole field and double its "
           "quotes) in column 'x', found '2\"'");
    expect("1,a\n2,\"a\n3,a\n", options,
           ":3:2: expected a closing quote in column 'y', found '\"a'");
    expect("1,a\nb,a\n2,c\n", fitting,
           ":4:2: class 'c' in column 'y' does not occur in the training data");
    expect("b,a\nc,a\n", options,
           ":2:1: expected a number in column 'x', found 'b'; all 2 rows are left out "
           "(data.on_bad_row = skip)");
    LibsvmOptions libsvm;
    libsvm.on_bad_row = OnBadRow::skip;
    libsvm.schema = TableSchema{};
    libsvm.schema->feature_names = {"c0"};
    libsvm.schema->target_names = {"label"};
    libsvm.schema->class_names = {"1"};
    const InputFile file = folder.put("a.svm", "1 1:1\nx\n2 1:1\n");
    EXPECT_EQ(message_in(folder / "", [&] { read_libsvm(team, {file}, libsvm); }),
              "a.svm"
              ":3:1: class '2' in column 'label' does not occur in the training data");
    NpyOptions npy;
    npy.columns = fitting;
    npy.columns.schema->feature_names = {"c0"};
    npy.columns.schema->target_names = {"c1"};
    npy.columns.schema->class_names = {"1"};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const InputFile array = folder.put("a.npy", test::npy_matrix({nan, 1, 5, 2, 6, nan}, 2));
    EXPECT_EQ(message_in(folder / "", [&] { read_npy(team, {array}, {}, npy); }),
              "a.npy[1, 1]: class '2' in column 'c1' does not occur in the training data");
    const InputFile all_bad = folder.put("a.npy", test::npy_matrix({nan, 1, 6, nan}, 2));
    EXPECT_EQ(message_in(folder / "", [&] { read_npy(team, {all_bad}, {}, npy); }),
              "a.npy[0, 0]: expected a finite number in column 'c0', found nan; all 2 rows are "
              "left out (data.on_bad_row = skip)");
  });
}

TEST(BadRows, NothingIsNotedWhereThereAreNone) {
  CsvOptions options;
  options.on_bad_row = OnBadRow::skip;
  for_each_team({1, 3}, [&](Team& team) {
    TeamDirectory folder(team);
    const Table table = read_csv(team, {folder.put("a.csv", "x,y\n1,a\n2,b\n")}, options).table;
    EXPECT_EQ(table.bad_rows.count, 0);
    EXPECT_FALSE(table.numbers_read);
  });
}

}  // namespace
}  // namespace lockstep
