#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/data/partition.hpp"
#include "core/data/split_categories.hpp"
#include "core/data/splits.hpp"
#include "tests/core/data/idx_files.hpp"
#include "tests/core/data/lsd_files.hpp"
#include "tests/core/format/npy_files.hpp"

// What an .lsd file gives is compared with what its source gives under the same options: the same
// table, notes and errors, on any ranks, and the file has the same bytes whoever wrote it.

namespace lockstep {
namespace {

constexpr Index kRows = 1003;

/// The bytes of a file that all ranks see. *Collective*.
std::string bytes_of(Team& team, const std::string& path) {
  team.barrier();
  std::string bytes = test::content_of(path);
  team.barrier();
  return bytes;
}

/// Wide enough for several blocks: 240 numbers, some missing, then texts, numbers in odd spellings,
/// numbers and texts, weights, and classes.
std::string messy_csv(Index rows = kRows) {
  std::string text = "\"first, name\"";
  for (Index j = 1; j < 240; ++j) text += fmt::format(";x{}", j);
  text += ";color;zip;mixed;w;y\n";
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < 240; ++j) {
      const bool missing = j == 7 && i % 9 == 4;
      text += missing ? "?;" : fmt::format("{};", static_cast<double>((i * 31 + j * 17) % 101) / 8);
    }
    text += i % 3 == 0 ? "red;" : i % 3 == 1 ? "\"dark \"\"blue\"\"\";" : ";";
    text += fmt::format("{:03};", i % 12);
    text += i % 50 == 49 ? "about 7;" : fmt::format("{}.0;", i % 5);
    text += fmt::format("{};{}\n", i % 4, i % 3 == 0 ? "01" : i % 3 == 1 ? "2.0" : "2");
  }
  return text;
}

CsvFeatureRules strict() {
  CsvFeatureRules rules;
  rules.takes_text = false;
  rules.takes_missing = false;
  return rules;
}

/// Options for all that keys may ask for, of messy_csv, without and with a schema.
std::vector<CsvOptions> ways_to_read() {
  CsvOptions typed;
  typed.missing = {"?"};
  typed.features = CsvFeatures::typed;
  typed.targets = {"y"};
  std::vector<CsvOptions> ways{typed};
  ways.push_back(typed);
  ways.back().target_kind = TargetKind::number;
  ways.back().weight = "w";
  ways.push_back(typed);
  ways.back().target_kind = TargetKind::number;
  ways.back().targets = {"y", "x3"};
  ways.back().weight = "w";
  ways.push_back(typed);
  ways.back().targets = {"mixed"};
  ways.back().ignored = {"x3", "zip"};
  ways.push_back(typed);
  ways.back().targets = {"zip"};
  ways.back().categorical = {"y", "x5"};
  ways.push_back(typed);
  ways.back().targets = {};
  ways.back().target_kind = TargetKind::none;
  ways.push_back(typed);
  ways.back().target_kind = TargetKind::none;
  ways.back().target_is_feature = true;
  ways.push_back(typed);  // numbers alone
  ways.back().features = CsvFeatures::numbers;
  ways.back().ignored = {"color", "mixed", "x7"};
  ways.push_back(typed);  // whose constant joins the categories
  ways.back().rules = [](const std::vector<std::string>& features) {
    CsvFeatureRules rules;
    rules.category = "none of these";
    return std::vector<CsvFeatureRules>(features.size(), rules);
  };
  ways.back().categorical = {"zip", "x5"};
  return ways;
}

CsvOptions with_schema(const Table& trained) {
  CsvOptions options;
  options.missing = {"?"};
  options.schema = schema_of(trained);
  std::swap(options.schema->feature_names.front(), options.schema->feature_names.back());
  if (!options.schema->feature_types.empty()) {
    std::swap(options.schema->feature_types.front(), options.schema->feature_types.back());
  }
  return options;
}

void expect_same_notes(const std::vector<CsvColumnNote>& found,
                       const std::vector<CsvColumnNote>& expected) {
  EXPECT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    EXPECT_EQ(found[i].column, expected[i].column);
    EXPECT_EQ(found[i].numbers, expected[i].numbers);
    EXPECT_EQ(found[i].texts, expected[i].texts);
    EXPECT_EQ(found[i].unknown, expected[i].unknown);
    EXPECT_EQ(found[i].example, expected[i].example);
    EXPECT_EQ(found[i].place, expected[i].place);
  }
}

TEST(DistributedLsd, IsReadAsTheCsvThatItWasMadeOf) {
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const std::string text = messy_csv();
    const std::size_t half = text.find('\n', text.size() / 2) + 1;
    const std::string header = text.substr(0, text.find('\n') + 1);
    const std::vector<InputFile> files{folder.put("a.csv", text.substr(0, half)),
                                       folder.put("b.csv", header + text.substr(half))};
    CsvOptions reading;
    reading.missing = {"?"};
    const LsdFile lsd = test::lsd_of_csv(team, folder, files, reading);
    EXPECT_EQ(lsd.header.rows, kRows);
    EXPECT_GE(lsd.header.blocks.size(), 4U);
    std::size_t way = 0;
    for (const CsvOptions& options : ways_to_read()) {
      SCOPED_TRACE(fmt::format("way {} on {} ranks", way++, team.size()));
      const CsvTable expected = read_csv(team, files, options);
      EXPECT_EQ(lsd_objection(lsd, {options, {}}), "");
      const LsdTable found = read_lsd(team, lsd, {options, {}});
      test::expect_same(team, found.table, expected.table);
      expect_same_notes(found.notes, expected.notes);
      for (const Index row : {Index{0}, kRows / 2, kRows - 1}) {
        EXPECT_EQ(found.table.places.of(row, 3), expected.table.places.of(row, 3));
      }
      if (expected.table.weights) continue;
      const CsvOptions known = with_schema(expected.table);
      const LsdTable again = read_lsd(team, lsd, {known, {}});
      const CsvTable expected_again = read_csv(team, files, known);
      test::expect_same(team, again.table, expected_again.table);
      expect_same_notes(again.notes, expected_again.notes);
      EXPECT_EQ(again.extra_columns, expected_again.extra_columns);
    }
    folder.remove();
  });
}

TEST(DistributedLsd, HasTheSameBytesWhoeverWroteIt) {
  std::optional<LsdHeader> expected;
  std::string expected_blocks;
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    test::TeamDirectory folder(team);
    CsvOptions reading;
    reading.missing = {"?"};
    LsdFile lsd = test::lsd_of_csv(team, folder, {folder.put("a.csv", messy_csv())}, reading);
    const std::string blocks =
        bytes_of(team, folder / "a.lsd").substr(static_cast<std::size_t>(lsd.header.size()));
    EXPECT_EQ(lsd.header.sources.size(), 1U);
    for (LsdSource& source : lsd.header.sources) {
      EXPECT_EQ(source.path, "a.csv");
      source.modified = 0;
    }
    if (team.rank() == 0) {
      if (!expected) {
        expected = lsd.header;
        expected_blocks = blocks;
      }
      EXPECT_EQ(lsd.header, *expected);
      EXPECT_TRUE(blocks == expected_blocks);
    }
    folder.remove();
  });
}

TEST(DistributedLsd, IsReadAsTheNpyThatItWasMadeOf) {
  std::vector<double> cells;
  std::vector<double> labels;
  constexpr Index kColumns = 300;
  for (Index i = 0; i < kRows; ++i) {
    labels.push_back(static_cast<double>(i % 3) - 1);
    for (Index j = 0; j < kColumns; ++j) {
      const bool missing = j == 5 && i % 7 == 0;
      cells.push_back(missing ? std::nan("") : static_cast<double>((i * j) % 11) / 4);
    }
  }
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile x = folder.put("x.npy", test::npy_matrix(cells, kColumns));
    const InputFile y = folder.put("y.npy", test::npy_vector<double>("<f8", labels));
    NpyOptions options;
    options.columns.features = CsvFeatures::typed;
    for (const bool labelled : {false, true}) {
      const std::vector<InputFile> files_of_labels =
          labelled ? std::vector{y} : std::vector<InputFile>();
      const LsdFile lsd = test::lsd_of_npy(team, folder, {x}, files_of_labels);
      for (const TargetKind kind : {TargetKind::none, TargetKind::number, TargetKind::classes}) {
        options.columns.target_kind = kind;
        options.columns.targets.clear();
        if (!labelled && kind != TargetKind::none) options.columns.targets = {"c2"};
        options.columns.categorical = {"c4"};
        const NpyTable expected = read_npy(team, {x}, files_of_labels, options);
        const LsdTable found = read_lsd(team, lsd, {options.columns, {}});
        test::expect_same(team, found.table, expected.table);
        EXPECT_EQ(found.table.places.of(700, 2), expected.table.places.of(700, 2));
        NpyOptions known;
        known.columns.target_kind = kind;
        known.columns.schema = schema_of(expected.table);
        test::expect_same(team, read_lsd(team, lsd, {known.columns, {}}).table,
                          read_npy(team, {x}, files_of_labels, known).table);
      }
    }
    folder.remove();
  });
}

TEST(DistributedLsd, WholeNumbersThatAreOneCellTellNothingApart) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 53;
  test::for_each_team({1, 2, 3}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const auto objection = [&](const std::vector<std::int64_t>& numbers, bool categorical) {
      const InputFile x = folder.put("x.npy", test::npy_vector<std::int64_t>("<i8", numbers));
      const LsdFile lsd = test::lsd_of_npy(team, folder, {x}, {});
      CsvOptions options;
      options.target_kind = TargetKind::none;
      options.features = CsvFeatures::typed;
      if (categorical) options.categorical = {"c0"};
      return lsd_objection(lsd, {options, {}});
    };
    EXPECT_EQ(objection({kLarge - 1, 2 - kLarge, 3}, true), "");
    EXPECT_NE(objection({kLarge, kLarge + 1, 3}, true), "");
    EXPECT_NE(objection({-kLarge, 3}, true), "");
    EXPECT_EQ(objection({kLarge, kLarge + 1, 3}, false), "");
    folder.remove();
  });
}

/// Images of 28 × 28 bytes. *Collective*.
InputFile put_images(test::TeamDirectory& folder) {
  const std::string pixels = test::some_bytes(static_cast<std::size_t>(kRows) * 28 * 28);
  return folder.put("x", test::idx_text({kRows, 28, 28}, pixels));
}

/// Their labels, 0, 1, 200 and 3. *Collective*.
InputFile put_labels(test::TeamDirectory& folder) {
  std::string labels;
  for (Index i = 0; i < kRows; ++i) labels += static_cast<char>(i % 4 + (i % 4 == 2 ? 198 : 0));
  return folder.put("y", test::idx_text({kRows}, labels));
}

TEST(DistributedLsd, IsReadAsTheImagesThatItWasMadeOf) {
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile images = put_images(folder);
    const InputFile y = put_labels(folder);
    const LsdFile lsd = test::lsd_of_idx(team, folder, {images}, {y});
    EXPECT_GE(lsd.header.blocks.size(), 2U);
    for (const TargetKind kind : {TargetKind::none, TargetKind::number, TargetKind::classes}) {
      IdxOptions options;
      options.target_kind = kind;
      CsvOptions columns;
      columns.target_kind = kind;
      const IdxTable expected = read_idx(team, {images}, {y}, options);
      test::expect_same(team, read_lsd(team, lsd, {columns, {}}).table, expected.table);
      options.schema = columns.schema = schema_of(expected.table);
      test::expect_same(team, read_lsd(team, lsd, {columns, {}}).table,
                        read_idx(team, {images}, {y}, options).table);
    }
    const LsdFile bare = test::lsd_of_idx(team, folder, {images}, {});
    EXPECT_EQ(test::message_in(folder / "", [&] { read_lsd(team, bare, {}); }),
              "data.train_labels: a.lsd has no labels; convert the data with them");
    folder.remove();
  });
}

/// LIBSVM: rows of 120 pairs, some of them zeros, and some rows of none.
std::string sparse_text(Index base) {
  std::string text;
  for (Index i = 0; i < kRows; ++i) {
    text += i % 3 == 0 ? "+1" : "-1.0";
    for (Index k = 0; k < (i % 13 == 0 ? 0 : 120); ++k) {
      text += fmt::format(" {}:{}", base + k * 3 + i % 3, (i + k) % 5 == 0 ? 0 : k + 1);
    }
    text += "\n";
  }
  return text;
}

TEST(DistributedLsd, IsReadAsTheSparseRowsThatItWasMadeOf) {
  for (const Index base : {0, 1}) {
    const std::string text = sparse_text(base);
    test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
      test::TeamDirectory folder(team);
      const InputFile file = folder.put("a.svm", text);
      const LsdFile lsd = test::lsd_of_libsvm(team, folder, {file});
      EXPECT_GE(lsd.header.blocks.size(), 2U);
      for (const TargetKind kind : {TargetKind::none, TargetKind::number, TargetKind::classes}) {
        LibsvmOptions options;
        options.target_kind = kind;
        CsvOptions columns;
        columns.target_kind = kind;
        const LibsvmTable expected = read_libsvm(team, {file}, options);
        const LsdTable found = read_lsd(team, lsd, {columns, {}});
        test::expect_same(team, found.table, expected.table);
        EXPECT_EQ(found.index_base, base);
        EXPECT_EQ(found.table.places.of(700), expected.table.places.of(700));
        // Fewer features: those beyond are left out.
        options.schema = columns.schema = schema_of(expected.table);
        options.schema->feature_names.resize(200);
        columns.schema->feature_names.resize(200);
        options.index_base = 0;
        const LibsvmTable few = read_libsvm(team, {file}, options);
        const LsdTable found_few = read_lsd(team, lsd, {columns, Index{0}});
        test::expect_same(team, found_few.table, few.table);
        EXPECT_EQ(found_few.left_out.cells, few.left_out.cells);
        EXPECT_EQ(found_few.left_out.place, few.left_out.place);
        EXPECT_EQ(found_few.left_out.index, few.left_out.index);
      }
      if (base == 0) {
        EXPECT_EQ(test::message_in(folder / "",
                                   [&] {
                                     read_lsd(team, lsd, {{}, Index{1}});
                                   }),
                  "a.svm:4: expected an index from 1 on (data.index_base), found 0");
      }
      folder.remove();
    });
  }
}

TEST(DistributedLsd, RefusesAnIndexOfAPairThatIsNotKept) {
  test::for_each_team({1, 3}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const LsdFile lsd =
        test::lsd_of_libsvm(team, folder, {folder.put("a.svm", "+1 1:1 2:5\n-1 0:0 1:2\n")});
    EXPECT_EQ(test::message_in(folder / "",
                               [&] {
                                 read_lsd(team, lsd, {{}, Index{1}});
                               }),
              "a.lsd: expected indices from 1 on (data.index_base), found 0");
    folder.remove();
  });
}

/// What all ranks' rows say together, of values and names.
std::string content_of(Team& team, const Table& table) {
  std::string mine;
  for (Index i = 0; i < table.rows.size(); ++i) {
    std::vector<double> row(static_cast<std::size_t>(table.features));
    table.copy_row(i, row.data());
    row.insert(row.end(), table.targets_of(i), table.targets_of(i) + table.targets());
    row.push_back(table.weights ? (*table.weights)[static_cast<std::size_t>(i)] : -1);
    row.push_back(static_cast<double>(table.number_read(i)));
    mine.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
  }
  std::string all =
      fmt::format("{} {} {}", table.feature_names, table.class_names, table.target_names);
  for (const ColumnType& type : table.feature_types) {
    all += fmt::format(" {} {}", static_cast<int>(type.kind), type.categories);
  }
  for (const std::string& theirs : all_gather_text(team, mine)) all += theirs;
  return all;
}

/// Every third of the rows that were read, or all others.
Table thirds(Team& team, const Table& table, bool others = false) {
  std::vector<Index> locals;
  for (Index i = 0; i < table.rows.size(); ++i) {
    if ((table.number_read(i) % 3 == 1) != others) locals.push_back(i);
  }
  return select_rows(team, table, locals);
}

/// Expects rows that stay in the file to be those that are read into memory, whoever owns them and
/// where some are split off. Returns the latter. *Collective*.
LsdTable expect_same_rows(Team& team, const LsdFile& lsd, const LsdOptions& options) {
  LsdTable expected = read_lsd(team, lsd, options);
  LsdOptions mapped = options;
  mapped.mapped = true;
  const LsdTable found = read_lsd(team, lsd, mapped);
  EXPECT_TRUE(found.table.stays_in_file());
  EXPECT_EQ(found.table.is_sparse(), expected.table.is_sparse());
  expect_same_notes(found.notes, expected.notes);
  const std::string content = content_of(team, expected.table);
  EXPECT_TRUE(content_of(team, found.table) == content);
  EXPECT_EQ(data_hash(team, found.table), data_hash(team, expected.table));
  // Other owners, then every third row.
  std::vector<Index> to(static_cast<std::size_t>(team.size()) + 1, found.table.total_rows);
  to.front() = 0;
  const Table moved = move_rows(team, found.table, to);
  EXPECT_TRUE(content_of(team, moved) == content);
  moved.will_need({0, moved.rows.size()});
  const std::string third = content_of(team, thirds(team, expected.table));
  EXPECT_TRUE(content_of(team, thirds(team, found.table)) == third);
  EXPECT_TRUE(content_of(team, thirds(team, moved)) == third);
  EXPECT_EQ(found.index_base, expected.index_base);
  EXPECT_EQ(found.left_out.cells, expected.left_out.cells);
  EXPECT_EQ(found.left_out.place, expected.left_out.place);
  EXPECT_EQ(found.left_out.index, expected.left_out.index);
  return expected;
}

TEST(DistributedLsd, RowsThatStayInTheFileAreThoseInMemory) {
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    test::TeamDirectory folder(team);
    CsvOptions reading;
    reading.missing = {"?"};
    const LsdFile lsd = test::lsd_of_csv(team, folder, {folder.put("a.csv", messy_csv())}, reading);
    std::size_t way = 0;
    for (const CsvOptions& options : ways_to_read()) {
      SCOPED_TRACE(fmt::format("way {} on {} ranks", way++, team.size()));
      const Table table = expect_same_rows(team, lsd, {options, {}}).table;
      if (!table.weights) expect_same_rows(team, lsd, {with_schema(table), {}});
    }
    folder.remove();
  });
}

TEST(DistributedLsd, SparseRowsThatStayInTheFileAreThoseInMemory) {
  for (const Index base : {0, 1}) {
    test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
      SCOPED_TRACE(fmt::format("indices from {} on {} ranks", base, team.size()));
      test::TeamDirectory folder(team);
      const LsdFile lsd =
          test::lsd_of_libsvm(team, folder, {folder.put("a.svm", sparse_text(base))});
      EXPECT_GE(lsd.header.blocks.size(), 2U);
      const CsvOptions columns;
      const Table table = expect_same_rows(team, lsd, {columns, {}}).table;
      // Fewer features: those beyond are left out.
      CsvOptions narrow;
      narrow.schema = schema_of(table);
      narrow.schema->feature_names.resize(200);
      EXPECT_GT(expect_same_rows(team, lsd, {narrow, Index{0}}).left_out.cells, 0);
      LsdOptions from_one{columns, Index{1}};
      from_one.mapped = true;
      if (base == 0) {
        EXPECT_EQ(test::message_in(folder / "", [&] { read_lsd(team, lsd, from_one); }),
                  "a.svm:4: expected an index from 1 on (data.index_base), found 0");
      }
      folder.remove();
    });
  }
}

TEST(DistributedLsd, ImagesThatStayInTheFileAreThoseInMemory) {
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile images = put_images(folder);
    const LsdFile lsd = test::lsd_of_idx(team, folder, {images}, {put_labels(folder)});
    EXPECT_GE(lsd.header.blocks.size(), 2U);
    CsvOptions columns;
    columns.target_kind = TargetKind::classes;
    const Table table = expect_same_rows(team, lsd, {columns, {}}).table;
    columns.schema = schema_of(table);
    expect_same_rows(team, lsd, {columns, {}});
    folder.remove();
  });
}

TEST(DistributedLsd, CategoriesOfRowsThatStayInTheFileAreNarrowedAsInMemory) {
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    test::TeamDirectory folder(team);
    // Every third row has categories that others lack, and the first rows some that no other rank
    // meets; numbers are other indices than they are.
    std::string text = "zip,seldom,early,y\n";
    for (Index i = 0; i < kRows; ++i) {
      const bool is_third = i % 3 == 1;
      text += fmt::format("{},{},{},{}\n", i % 12 * 10,
                          is_third && i < 200 ? fmt::format("s{}", i % 7) : "",
                          i < 100 ? 500 + i % 6 : 9, i % 2);
    }
    CsvOptions options;
    options.features = CsvFeatures::typed;
    options.categorical = {"zip", "early"};
    const LsdFile lsd = test::lsd_of_csv(team, folder, {folder.put("a.csv", text)}, {});
    const auto narrowed = [&](bool mapped, SplitOffCategory unknown) {
      LsdOptions how{options, {}};
      how.mapped = mapped;
      const Table all = read_lsd(team, lsd, how).table;
      Table train = thirds(team, all, true);
      Table test = thirds(team, all);
      const auto cells = narrow_categories(team, train, {&test}, {"40", "none"}, unknown);
      std::string said;
      for (const UnknownCells& some : cells) {
        said += fmt::format("{} {} {} {}\n", some.feature, some.cells, some.first, some.place);
      }
      // Rows may go on to other ranks.
      std::vector<Index> to(static_cast<std::size_t>(team.size()) + 1, 0);
      to.back() = test.total_rows;
      const Table moved = move_rows(team, test, to);
      return said + content_of(team, train) + content_of(team, test) + content_of(team, moved) +
             content_of(team, all);
    };
    for (const SplitOffCategory unknown : {SplitOffCategory::kept, SplitOffCategory::missing}) {
      const std::string expected = narrowed(false, unknown);
      // Rows 1, 7 and 10 of each twelve, the third ones of the first 200, and of the first 100.
      const std::string place = folder / "a.csv:3\n";
      EXPECT_TRUE(
          expected.starts_with("0 250 10 " + place + "1 67 s1 " + place + "2 33 501 " + place));
      EXPECT_TRUE(narrowed(true, unknown) == expected);
    }
    folder.remove();
  });
}

/// The message of reading, without the folder.
template <class Work>
std::string message(test::TeamDirectory& folder, const Work& work) {
  return test::message_in(folder / "", work);
}

TEST(DistributedLsd, ErrorsAreThoseOfTheCsvWithItsPlaces) {
  test::for_each_team({1, 2, 3}, [&](Team& team) {
    test::TeamDirectory folder(team);
    std::string text = "a,b,z,w,y\n";
    for (Index i = 0; i < 90; ++i) {
      text += fmt::format("{},{},3,{},{}\n", i == 60 ? "" : "1", i == 50 ? "n/a" : "2",
                          i == 70 ? "-1" : "1",
                          i == 80      ? ""
                          : i % 2 == 0 ? "p"
                                       : "q");
    }
    const InputFile file = folder.put("a.csv", text);
    const LsdFile lsd = test::lsd_of_csv(team, folder, {file});
    CsvOptions options;
    options.rules = [](const std::vector<std::string>& features) {
      CsvFeatureRules rules = strict();
      rules.text_hint = "; set encode";
      rules.missing_hint = "; set impute";
      return std::vector<CsvFeatureRules>(features.size(), rules);
    };
    std::vector<CsvOptions> ways{options};
    ways.push_back(options);
    ways.back().ignored = {"b"};
    ways.push_back(options);
    ways.back().ignored = {"a", "b"};
    ways.push_back(options);
    ways.back().ignored = {"a", "b"};
    ways.back().weight = "w";
    ways.push_back(options);
    ways.back().targets = {"b"};
    ways.back().target_kind = TargetKind::number;
    ways.back().ignored = {"y"};
    ways.push_back({});
    ways.back().features = CsvFeatures::typed;
    ways.back().ignored = {"y"};
    ways.back().targets = {"w"};
    ways.back().rules = [](const std::vector<std::string>& features) {
      CsvFeatureRules rules;
      rules.takes_mixed = false;
      return std::vector<CsvFeatureRules>(features.size(), rules);
    };
    ways.push_back({});
    ways.back().schema = TableSchema{{"a"}, TargetKind::classes, {"y"}, {"p"}, {ColumnType{}}};
    for (const CsvOptions& way : ways) {
      const std::string expected = message(folder, [&] { read_csv(team, {file}, way); });
      EXPECT_EQ(message(folder, [&] { read_lsd(team, lsd, {way, {}}); }), expected);
      EXPECT_NE(expected.find("a.csv:"), std::string::npos) << expected;
    }
    CsvOptions no_column;
    no_column.targets = {"zz"};
    EXPECT_EQ(message(folder,
                      [&] {
                        read_lsd(team, lsd, {no_column, {}});
                      }),
              "data.target: no column 'zz' among a to y, the columns of a.lsd");
    folder.remove();
  });
}

TEST(DistributedLsd, LostTextsAreRefusedWhereTheyMatter) {
  test::for_each_team({1, 3}, [&](Team& team) {
    test::TeamDirectory folder(team);
    std::string text = "id,y\n";
    for (Index i = 0; i < 90; ++i) text += fmt::format("{},{}\n", i % 2 == 0 ? "1" : "1.0", i % 2);
    const InputFile file = folder.put("a.csv", text);
    const LsdFile lsd = test::lsd_of_csv(team, folder, {file});
    CsvOptions options;
    options.features = CsvFeatures::typed;
    options.categorical = {"id"};
    // Equal numbers are one category, so that it does not matter.
    test::expect_same(team, read_lsd(team, lsd, {options, {}}).table,
                      read_csv(team, {file}, options).table);
    options.rules = [](const std::vector<std::string>& features) {
      CsvFeatureRules rules;
      rules.category = "none";
      return std::vector<CsvFeatureRules>(features.size(), rules);
    };
    const std::string lost =
        "a.lsd: how the numbers in column 'id' are written is lost, and tells classes or "
        "categories apart; give the file that it was made of";
    EXPECT_EQ(message(folder, [&] { read_lsd(team, lsd, {options, {}}); }), lost);
    EXPECT_EQ(lsd_objection(lsd, {options, {}}), folder / lost);
    folder.remove();
  });
}

TEST(DistributedLsd, ADamagedBlockIsNamedOnAllRanks) {
  test::for_each_team({1, 2, 4}, [&](Team& team) {
    test::TeamDirectory folder(team);
    CsvOptions reading;
    reading.missing = {"?"};
    reading.ignored = {"color", "mixed", "x7"};
    const LsdFile lsd = test::lsd_of_csv(team, folder, {folder.put("a.csv", messy_csv())}, reading);
    const std::string bytes = bytes_of(team, folder / "a.lsd");
    Index at = lsd.header.size();
    for (std::size_t b = 0; b < lsd.header.blocks.size(); ++b) {
      for (const Index offset : {Index{0}, lsd.header.blocks[b].bytes - 1}) {
        std::string damaged = bytes;
        damaged[static_cast<std::size_t>(at + offset)] ^= 4;
        const LsdFile file = open_lsd(team, folder.put("a.lsd", damaged));
        EXPECT_EQ(message(folder,
                          [&] {
                            read_lsd(team, file, {reading, {}});
                          }),
                  fmt::format("a.lsd: block {} is damaged (its hash differs); convert the data "
                              "again",
                              b));
        EXPECT_THROW(read_lsd(team, file, {reading, {}}), DamagedLsd);
      }
      at += lsd.header.blocks[b].bytes;
    }
    EXPECT_EQ(at, static_cast<Index>(bytes.size()));
    folder.remove();
  });
}

TEST(DistributedLsd, EveryDamagedByteAndEveryTruncationIsFound) {
  test::for_each_team({1, 2}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile source = folder.put("a.csv", "x,c,y\n1,u,0\n2,,1\n3,v,0\n");
    CsvOptions options;
    options.features = CsvFeatures::typed;
    test::lsd_of_csv(team, folder, {source});
    const std::string bytes = bytes_of(team, folder / "a.lsd");
    const auto outcome = [&](const std::string& content) {
      const InputFile file = folder.put("b.lsd", content);
      return message(folder, [&] {
        const LsdFile lsd = open_lsd(team, file);
        read_lsd(team, lsd, {options, {}});
      });
    };
    EXPECT_EQ(outcome(bytes), "nothing was thrown");
    const std::size_t step = team.size() == 1 ? 1 : 37;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      const std::string found = outcome(damaged);
      EXPECT_TRUE(found.starts_with("b.lsd: ") && found.ends_with("; convert the data again"))
          << i << ": " << found;
    }
    for (std::size_t i = 1; i < bytes.size(); i += step) {
      const std::string found = outcome(bytes.substr(0, i));
      EXPECT_TRUE(found.starts_with("b.lsd: ") && found.ends_with("; convert the data again"))
          << i << ": " << found;
    }
    EXPECT_EQ(outcome(bytes + "x"),
              fmt::format("b.lsd: truncated or damaged: {} bytes, expected {}; convert the data "
                          "again",
                          bytes.size() + 1, bytes.size()));
    folder.remove();
  });
}

TEST(DistributedLsd, ReadsOnlyTheBlocksOfItsRows) {
  test::for_each_team({1, 2, 4}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const LsdFile lsd = test::lsd_of_csv(team, folder, {folder.put("a.csv", messy_csv(2006))});
    const LsdTable table = read_lsd(team, lsd, {csv_options_for_lsd({}), {}});
    // Each boundary between ranks lies in a block that two of them read.
    const Index most = lsd.file.size + (team.size() - 1) * lsd.header.blocks.front().bytes;
    EXPECT_LE(sum_over(team, table.bytes_read), most);
    folder.remove();
  });
}

TEST(DistributedLsd, AFailedWriteLeavesNothing) {
  test::for_each_team({1, 3}, [&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile source = folder.put("a.csv", "x,y\n1,0\n2,1\n");
    EXPECT_EQ(message(folder, [&] { test::lsd_of_csv(team, folder, {source}, {}, "none/a.lsd"); }),
              "none/a.lsd: cannot create: No such file or directory");
    folder.remove();
  });
}

}  // namespace
}  // namespace lockstep
