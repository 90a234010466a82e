#include "core/data/npy_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/data/csv_reader.hpp"
#include "core/data/npy_array.hpp"
#include "core/data/npy_rows.hpp"
#include "tests/core/data/data_files.hpp"
#include "tests/core/data/idx_files.hpp"
#include "tests/core/format/npy_examples.hpp"
#include "tests/core/format/npy_files.hpp"

namespace lockstep {
namespace {

using test::bytes_of;
using test::npy_dictionary;
using test::npy_examples;
using test::npy_file;
using test::npy_matrix;
using test::npy_vector;
using test::NpyExample;
using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// All columns are features.
NpyOptions features_only() {
  NpyOptions options;
  options.columns.target_kind = TargetKind::none;
  return options;
}

NpyOptions predicting(TargetKind kind, const std::string& target = "") {
  NpyOptions options;
  options.columns.target_kind = kind;
  if (!target.empty()) options.columns.targets = {target};
  return options;
}

NpyOptions fitting(const TableSchema& schema, TargetKind kind = TargetKind::none) {
  NpyOptions options = predicting(kind);
  options.columns.schema = schema;
  options.labels_key = "data.test_labels";
  return options;
}

/// Reads files with these contents: x, and y with labels where there are any.
NpyTable read_texts(const std::string& x, const std::string& y, const NpyOptions& options) {
  NpyTable result;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    std::vector<InputFile> labels;
    const InputFile file = folder.put("x", x);
    if (!y.empty()) labels.push_back(folder.put("y", y));
    result = read_npy(team, {file}, labels, options);
  });
  return result;
}

Table read_text(const std::string& x, const NpyOptions& options = features_only()) {
  return read_texts(x, "", options).table;
}

Numbers values_of(const Table& table) {
  const auto& values = std::get<Table::NumberValues>(table.values);
  return {values.begin(), values.end()};
}

std::string error_of(const std::string& x, const NpyOptions& options = features_only(),
                     const std::string& y = "") {
  std::string message;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    std::vector<InputFile> labels;
    const InputFile file = folder.put("x", x);
    if (!y.empty()) labels.push_back(folder.put("y", y));
    message = test::message_in(folder / "", [&] { read_npy(team, {file}, labels, options); });
  });
  return message;
}

TEST(NpyReader, ReadsWhatNumpyWrites) {
  for (const NpyExample& example : npy_examples()) {
    const Table table = read_text(example.file);
    EXPECT_EQ(table.total_rows, example.header.shape[0]);
    EXPECT_EQ(table.features, static_cast<Index>(example.rows.front().size()));
    ASSERT_EQ(table.rows, (Range{0, table.total_rows}));
    for (Index r = 0; r < table.total_rows; ++r) {
      EXPECT_EQ(test::row_of(table, r), example.rows[static_cast<std::size_t>(r)]);
    }
    EXPECT_TRUE(table.feature_types.empty());
  }
}

TEST(NpyReader, ColumnsAreNamedByTheirNumbers) {
  const Table table = read_text(npy_matrix({1, 2, 3, 4, 5, 6}, 3), predicting(TargetKind::number));
  EXPECT_EQ(table.feature_names, (Texts{"c0", "c1"}));
  EXPECT_EQ(values_of(table), (Numbers{1, 2, 4, 5}));
  EXPECT_EQ(table.target_name(), "c2");
  EXPECT_EQ(table.target_kind, TargetKind::number);
  EXPECT_EQ(table.target, (Numbers{3, 6}));
}

TEST(NpyReader, TheTargetMayBeAnyColumnAndOthersMayBeLeftOut) {
  for (const bool fortran_order : {false, true}) {
    const std::string file = npy_matrix({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5, fortran_order);
    NpyOptions options = predicting(TargetKind::number, "c1");
    options.columns.ignored = {"c3"};
    Table table = read_text(file, options);
    EXPECT_EQ(table.feature_names, (Texts{"c0", "c2", "c4"}));
    EXPECT_EQ(values_of(table), (Numbers{1, 3, 5, 6, 8, 10}));
    EXPECT_EQ(table.target, (Numbers{2, 7}));

    options.columns.target_kind = TargetKind::none;  // as describe and decompose read it
    table = read_text(file, options);
    EXPECT_EQ(table.feature_names, (Texts{"c0", "c2", "c4"}));
    options.columns.target_is_feature = true;
    table = read_text(file, options);
    EXPECT_EQ(table.feature_names, (Texts{"c0", "c1", "c2", "c4"}));
  }
}

TEST(NpyReader, LabelsAreAFileOfTheirOwn) {
  const std::string x = npy_matrix({1, 2, 3, 4, 5, 6}, 2);
  for (const std::string& y :
       {npy_vector<std::int32_t>("<i4", {10, -2, 10}),
        npy_file(npy_dictionary("<f8", "(3, 1)"), bytes_of<double>({10, -2, 10})),
        npy_file(npy_dictionary("|i1", "(3, 1)", true), "\x0a\xfe\x0a")}) {
    Table table = read_texts(x, y, predicting(TargetKind::classes)).table;
    EXPECT_EQ(table.feature_names, (Texts{"c0", "c1"}));
    EXPECT_EQ(table.target_name(), "label");
    EXPECT_EQ(table.class_names, (Texts{"-2", "10"}));
    EXPECT_EQ(table.target, (Numbers{1, 0, 1}));
    table = read_texts(x, y, predicting(TargetKind::number)).table;
    EXPECT_EQ(table.target, (Numbers{10, -2, 10}));
    EXPECT_TRUE(table.class_names.empty());
    EXPECT_EQ(read_texts(x, y, features_only()).table.target_kind, TargetKind::none);
  }
}

TEST(NpyReader, OneDimensionIsOneColumn) {
  const Table table = read_text(npy_vector<float>("<f4", {0.5F, 2}));
  EXPECT_EQ(table.feature_names, Texts{"c0"});
  EXPECT_EQ(values_of(table), (Numbers{0.5, 2}));
  EXPECT_EQ(error_of(npy_vector<float>("<f4", {0.5F, 2}), predicting(TargetKind::number)),
            "x: expected feature columns beside the target, found none of 1 columns left");
}

/// Reads the same numbers as CSV, where every one is written as Python would.
Table read_as_csv(const std::string& text, const CsvOptions& options) {
  Table table;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    table = read_csv(team, {folder.put("x", text)}, options).table;
  });
  return table;
}

TEST(NpyReader, ClassesAreNamedAsThoseOfCsv) {
  const auto expect_same = [](const std::string& file, const std::string& csv) {
    CsvOptions options;
    const Table expected = read_as_csv(csv, options);
    const Table table = read_text(file, NpyOptions{options});
    EXPECT_EQ(table.class_names, expected.class_names);
    EXPECT_EQ(table.target, expected.target);
    EXPECT_EQ(table.feature_names, expected.feature_names);
    EXPECT_EQ(values_of(table), values_of(expected));
    EXPECT_EQ(table.target_name(), expected.target_name());
  };
  expect_same(npy_matrix({1, 10, 2, 9, 3, -0.5, 4, 10}, 2),
              "c0,c1\n1.0,10.0\n2.0,9.0\n3.0,-0.5\n4.0,10.0\n");
  expect_same(npy_matrix({1, -0.0, 2, 0}, 2), "c0,c1\n1.0,-0.0\n2.0,0.0\n");
  // Numbers that a double cannot tell apart are names.
  const std::vector<std::int64_t> large{1, 9007199254740993, 2, 9007199254740992, 3, 7};
  expect_same(npy_file(npy_dictionary("<i8", "(3, 2)"), bytes_of(large)),
              "c0,c1\n1,9007199254740993\n2,9007199254740992\n3,7\n");
  const std::vector<std::uint64_t> largest{1, 18446744073709551615U, 2, 18446744073709551614U};
  expect_same(npy_file(npy_dictionary("<u8", "(2, 2)"), bytes_of(largest)),
              "c0,c1\n1,18446744073709551615\n2,18446744073709551614\n");
}

TEST(NpyReader, FilesAreLaidEndToEnd) {
  test::on_one_rank([](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile a = folder.put("a", npy_matrix({1, 2, 3, 4}, 2));
    const InputFile b =
        folder.put("b", npy_file(npy_dictionary("|u1", "(1, 2)", true), "\x05\xff"));
    const InputFile c = folder.put("c", npy_matrix({1, 2, 3}, 3));
    const InputFile la = folder.put("la", npy_vector<std::int16_t>("<i2", {1, 2}));
    const InputFile lb = folder.put("lb", npy_vector<double>("<f8", {1}));
    const Table table = read_npy(team, {a, b}, {la, lb}, predicting(TargetKind::classes)).table;
    EXPECT_EQ(values_of(table), (Numbers{1, 2, 3, 4, 5, 255}));
    EXPECT_EQ(table.target, (Numbers{0, 1, 0}));
    const auto message = [&](const std::vector<InputFile>& files,
                             const std::vector<InputFile>& labels) {
      return test::message_in(
          folder / "", [&] { read_npy(team, files, labels, predicting(TargetKind::classes)); });
    };
    EXPECT_EQ(message({a, c}, {la, lb}), "c: expected 2 columns as in a, found 3");
    EXPECT_EQ(message({a, b}, {la}),
              "data.train_labels: expected 2 files of labels, as many as of rows, found 1");
    EXPECT_EQ(message({a, b}, {lb, la}), "lb has 1 labels, but a has 2 rows");
    EXPECT_EQ(message({a}, {a}),
              "a: expected one column in a file of labels, found 2; several are numbers that are "
              "predicted together, by model.type = linear or model.loss = squared");
  });
}

TEST(NpyReader, RefusesOtherShapes) {
  EXPECT_EQ(error_of(npy_file(npy_dictionary("<f8", "()"), "12345678")),
            "x: expected an array of rows, found a single number, of shape ()");
  EXPECT_EQ(error_of(npy_file(npy_dictionary("|u1", "(2, 3, 4)"), std::string(24, 'a'))),
            "x: expected one dimension or two, found 3, of shape (2, 3, 4); save a.reshape(len(a), "
            "-1)");
  EXPECT_EQ(error_of(npy_file(npy_dictionary("|u1", "(0, 3)"), "")), "x: no rows: shape (0, 3)");
  EXPECT_EQ(error_of(npy_file(npy_dictionary("|u1", "(0,)"), "")), "x: no rows: shape (0,)");
  EXPECT_EQ(error_of(npy_file(npy_dictionary("|u1", "(3, 0)"), "")), "x: no columns: shape (3, 0)");
}

TEST(NpyReader, RefusesFilesOfAnotherSize) {
  const std::string good = npy_matrix({1, 2, 3, 4, 5, 6}, 2);
  EXPECT_EQ(error_of(good.substr(0, good.size() - 1)),
            "x: truncated: expected 48 bytes after the header, for shape (3, 2) of <f8, found 47");
  EXPECT_EQ(error_of(good + "more"),
            "x: expected 48 bytes after the header, for shape (3, 2) of <f8, found 52");
  EXPECT_EQ(error_of(good.substr(0, 30)), "x: truncated: expected a header of 70 bytes, found 30");
}

TEST(NpyReader, ChecksSizesBeforeItAllocates) {
  EXPECT_EQ(error_of(npy_file(npy_dictionary("<f8", "(4611686018427387904, 4)"), "")),
            "x: the shape (4611686018427387904, 4) takes over 2^63 bytes");
  EXPECT_EQ(error_of(npy_file(npy_dictionary("<f8", "(1152921504606846976,)"), "")),
            "x: the shape (1152921504606846976,) takes over 2^63 bytes");
  EXPECT_EQ(error_of(npy_file(npy_dictionary("|u1", "(4611686018427387904, 1)"), "abc")),
            "x: truncated: expected 4611686018427387904 bytes after the header, for shape "
            "(4611686018427387904, 1) of |u1, found 3");
}

TEST(NpyReader, RefusesWhatIsNoPlainNpyFile) {
  EXPECT_EQ(error_of("PK\x03\x04 and so on"),
            "x: a zip archive, as .npz files are; save each array in a .npy file of its own, with "
            "numpy.save");
  EXPECT_EQ(error_of(test::gzip(npy_matrix({1}, 1))),
            "x: a gzip file, but .npy is read uncompressed; run gunzip on it");
  EXPECT_EQ(error_of(npy_matrix({1}, 1), predicting(TargetKind::classes), "c0\n1\n"),
            "y: not a .npy file: expected the magic bytes 93 4e 55 4d 50 59, found 63 30 0a 31 0a");
  EXPECT_EQ(error_of(npy_file(npy_dictionary("|O", "(2,)"), "\x80\x03]q")),
            "x: expected numbers, found Python objects (dtype '|O'); pickles are never opened; "
            "save a.astype('f8')");
}

TEST(NpyReader, PointsAtTheFirstCellThatIsNoNumber) {
  for (const bool fortran_order : {false, true}) {
    EXPECT_EQ(error_of(npy_matrix({1, 2, 3, kNan, kInf, 6}, 2, fortran_order)),
              "x[1, 1]: expected a finite number in column 'c1', found nan");
    EXPECT_EQ(error_of(npy_matrix({1, 2, 3, 4, -kInf, kNan}, 2, fortran_order)),
              "x[2, 0]: expected a finite number in column 'c0', found -inf");
    EXPECT_EQ(error_of(npy_matrix({1, 2, 3, 4, kInf, kNan}, 2, fortran_order),
                       predicting(TargetKind::number, "c0")),
              "x[2, 0]: expected a finite number in column 'c0', found inf");
    EXPECT_EQ(
        error_of(npy_matrix({1, 2, 3, kNan}, 2, fortran_order), predicting(TargetKind::classes)),
        "x[1, 1]: expected a finite number in column 'c1', found nan");
    // Classes are looked up apart from numbers.
    const NpyOptions classes = predicting(TargetKind::classes, "c0");
    EXPECT_EQ(error_of(npy_matrix({1, 2, 3, kInf, kNan, 6}, 2, fortran_order), classes),
              "x[1, 1]: expected a finite number in column 'c1', found inf");
    EXPECT_EQ(error_of(npy_matrix({1, 2, kNan, kInf, kNan, 6}, 2, fortran_order), classes),
              "x[1, 0]: expected a finite number in column 'c0', found nan");
    // What is left out may be anything.
    NpyOptions options = features_only();
    options.columns.ignored = {"c1"};
    EXPECT_EQ(values_of(read_text(npy_matrix({1, kNan, 3, kInf}, 2, fortran_order), options)),
              (Numbers{1, 3}));
  }
  EXPECT_EQ(error_of(npy_matrix({1, 2}, 1), predicting(TargetKind::number),
                     npy_vector<float>("<f4", {1, std::numeric_limits<float>::infinity()})),
            "y[1]: expected a finite number in column 'label', found inf");
}

TEST(NpyReader, NanIsMissingWhereFeaturesAreTyped) {
  NpyOptions options = features_only();
  options.columns.features = CsvFeatures::typed;
  for (const bool fortran_order : {false, true}) {
    const Table table = read_text(npy_matrix({1, kNan, 3, 4}, 2, fortran_order), options);
    EXPECT_EQ(table.feature_types, std::vector<ColumnType>(2));
    EXPECT_TRUE(std::isnan(values_of(table)[1]));
    EXPECT_EQ(values_of(table)[3], 4);
    EXPECT_EQ(error_of(npy_matrix({1, kNan, kInf, 4}, 2, fortran_order), options),
              "x[1, 0]: expected a finite number or nan in column 'c0', found inf");
    NpyOptions with_target = options;
    with_target.columns.target_kind = TargetKind::number;
    EXPECT_EQ(error_of(npy_matrix({1, 2, kNan, kNan}, 2, fortran_order), with_target),
              "x[1, 1]: expected a finite number in column 'c1', found nan");
  }
  // What describe asks for: a target that is looked at, not learned.
  options.columns.target_kind = TargetKind::number;
  options.columns.target_is_feature = true;
  const Table table =
      read_texts(npy_matrix({1, 2}, 1), npy_vector<double>("<f8", {kNan, 5}), options).table;
  EXPECT_TRUE(std::isnan(table.target[0]));
  EXPECT_EQ(table.target[1], 5);
}

TEST(NpyReader, CategoriesAreThoseOfCsv) {
  CsvOptions options;
  options.target_kind = TargetKind::number;
  options.features = CsvFeatures::categories;
  const Table expected = read_as_csv("c0,c1,c2\n10,7,1.5\n9,7,2\n10,8.5,3\n", options);
  for (const bool fortran_order : {false, true}) {
    const std::string file = npy_matrix({10, 7, 1.5, 9, 7, 2, 10, 8.5, 3}, 3, fortran_order);
    const Table table = read_text(file, NpyOptions{options});
    EXPECT_EQ(table.feature_types, expected.feature_types);
    EXPECT_EQ(values_of(table), values_of(expected));
    EXPECT_EQ(values_of(table), (Numbers{1, 0, 0, 0, 1, 1}));
    EXPECT_EQ(table.target, (Numbers{1.5, 2, 3}));
    EXPECT_EQ(error_of(npy_matrix({10, 7, 1.5, 9, kNan, 2}, 3, fortran_order), NpyOptions{options}),
              "x[1, 1]: expected a finite number in column 'c1', found nan");

    // Known ones: what is not among them is missing, and counted.
    NpyOptions known = fitting(schema_of(table));
    known.columns.target_is_optional = true;
    const NpyTable again =
        read_texts(npy_matrix({9, 7, 11, 7, kNan, 8.5}, 2, fortran_order), "", known);
    EXPECT_EQ(values_of(again.table)[0], 0);
    EXPECT_TRUE(std::isnan(values_of(again.table)[2]));
    EXPECT_TRUE(std::isnan(values_of(again.table)[4]));
    EXPECT_EQ(values_of(again.table)[5], 1);
    ASSERT_EQ(again.notes.size(), 1U);
    EXPECT_EQ(again.notes[0].column, "c0");
    EXPECT_EQ(again.notes[0].unknown, 1);
    EXPECT_EQ(again.notes[0].example, "11");
    EXPECT_TRUE(again.notes[0].place.ends_with("/x[1, 0]")) << again.notes[0].place;
  }
}

const TableSchema kSchema{{"c0", "c2"}, TargetKind::classes, {"c3"}, {"1", "5"}};

TEST(NpyReader, ASchemaFindsItsColumns) {
  for (const bool fortran_order : {false, true}) {
    NpyTable result =
        read_texts(npy_matrix({1, 2, 3, 4, 5, 6}, 3, fortran_order), "", fitting(kSchema));
    EXPECT_EQ(values_of(result.table), (Numbers{1, 3, 4, 6}));
    EXPECT_EQ(result.extra_columns, Texts{"c1"});
    EXPECT_EQ(result.table.target_kind, TargetKind::none);
    NpyOptions options = fitting(kSchema, TargetKind::classes);
    options.columns.ignored = {"c1", "c4"};
    result = read_texts(npy_matrix({1, 2, 3, 5, 0, 4, 5, 6, 1, 0}, 5, fortran_order), "", options);
    EXPECT_EQ(result.table.target, (Numbers{1, 0}));
    EXPECT_TRUE(result.extra_columns.empty());
    EXPECT_EQ(error_of(npy_matrix({1, 2, 3, 1, 4, 5, 6, 2}, 4, fortran_order), options),
              "x[1, 3]: class '2' in column 'c3' does not occur in the training data");
  }
  const TableSchema reversed{{"c1", "c0"}, TargetKind::none, {}, {}};
  EXPECT_EQ(values_of(read_text(npy_matrix({1, 2, 3, 4}, 2), fitting(reversed))),
            (Numbers{2, 1, 4, 3}));
}

TEST(NpyReader, ASchemaMayHaveItsTargetInAFileOfLabels) {
  const std::string x = npy_matrix({1, 2, 3, 4, 5, 6}, 3);
  const std::string y = npy_vector<std::int64_t>("<i8", {5, 1});
  const NpyOptions options = fitting(kSchema, TargetKind::classes);
  const Table table = read_texts(x, y, options).table;
  EXPECT_EQ(table.target, (Numbers{1, 0}));
  EXPECT_EQ(table.target_name(), "c3");
  EXPECT_EQ(error_of(x, options, npy_vector<std::int64_t>("<i8", {5, 6})),
            "y[1]: class '6' in column 'c3' does not occur in the training data");
  EXPECT_EQ(error_of(x, options),
            "data.test_labels: x has no column 'c3', the target of the model; name files of "
            "labels");
}

TEST(NpyReader, RefusesAnotherWidthThanThatOfTheModel) {
  const NpyOptions options = fitting(kSchema);
  EXPECT_EQ(error_of(npy_matrix({1, 2}, 2), options),
            "x: expected 3 columns, for the model has features up to c2, found 2");
  EXPECT_EQ(error_of(npy_matrix({1, 2, 3, 4, 5, 6}, 6), options),
            "x: expected 4 columns, as the model knows, found 6");
  for (const char* name : {"pH", "c01", "c", "", "c-1", "x1", "c99999999999999999999"}) {
    EXPECT_EQ(error_of(npy_matrix({1, 2}, 2), fitting({{"c0", name}, TargetKind::none, {}, {}})),
              "x: the columns of a .npy file are c0, c1, …, but the model has the feature '" +
                  std::string(name) + "'; give it a CSV file");
  }
}

TEST(NpyReader, RefusesColumnsThatAreNotThere) {
  EXPECT_EQ(error_of(npy_matrix({1, 2}, 2), predicting(TargetKind::number, "pH")),
            "data.target: no column 'pH' among c0 to c1, the columns of x");
  NpyOptions options = predicting(TargetKind::number);
  options.columns.ignored = {"c2"};
  EXPECT_EQ(error_of(npy_matrix({1, 2}, 2), options),
            "data.ignore: no column 'c2' among c0 to c1, the columns of x");
  options.columns.ignored = {"c1"};
  options.columns.targets = {"c1"};
  EXPECT_EQ(error_of(npy_matrix({1, 2}, 2), options),
            "data.target: 'c1' is named in data.ignore too");
}

TEST(NpyReader, RefusesTooManyClasses) {
  Numbers rows;
  for (Index i = 0; i < 70000; ++i) rows.insert(rows.end(), {0.0, 0.5 + static_cast<double>(i)});
  EXPECT_EQ(error_of(npy_matrix(rows, 2), predicting(TargetKind::classes)),
            "x: more than 65536 different labels in column 'c1'; is it a number to be predicted "
            "(model.type = linear) rather than a class?");
}

/// A file of `size` bytes, of which the first are `header` and the others zeros that take no place
/// on the disk, with `words` at some places.
InputFile sparse_file(const std::string& path, const std::string& header, Index size,
                      const std::vector<std::pair<Index, double>>& words) {
  std::ofstream file(path, std::ios::binary);
  file << header;
  for (const auto& [place, value] : words) {
    file.seekp(place);
    file.write(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  file.close();
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(size));
  return {path, size};
}

TEST(NpyReader, PlacesBeyond32BitsAreFound) {
  constexpr Index kRows = 1000;
  constexpr Index kColumns = 700001;  // 5.6 GB
  test::on_one_rank([](Team& team) {
    test::TeamDirectory folder(team);
    for (const bool fortran_order : {false, true}) {
      const std::string header =
          npy_file(npy_dictionary("<f8", npy_shape({kRows, kColumns}), fortran_order), "");
      const auto begin = static_cast<Index>(header.size());
      const auto place = [&](Index row, Index column) {
        return begin + 8 * (fortran_order ? column * kRows + row : row * kColumns + column);
      };
      const InputFile file = sparse_file(folder / "x", header, begin + 8 * kRows * kColumns,
                                         {{place(998, 3), 1.5},
                                          {place(998, kColumns - 1), 2.5},
                                          {place(999, 3), 3.5},
                                          {place(999, kColumns - 1), kInf}});
      RangeFile opened(file);
      const NpyArray array{file, read_npy_header(opened), {0, kRows}};
      NpyColumns how;
      how.columns.use.assign(kColumns, CsvColumns::kSkipped);
      how.columns.use[3] = 0;
      how.columns.use[kColumns - 1] = 1;
      how.columns.names.assign(kColumns, "c");
      how.columns.schema.feature_names = {"a", "b"};
      const BadRowRules fail;
      NpyPart part = read_npy_part({array}, {998, 999}, how, fail);
      EXPECT_EQ(part.values, (Table::NumberValues{1.5, 2.5}));
      EXPECT_EQ(part.failure, "");
      EXPECT_LE(part.bytes_read, fortran_order ? 16 : 8 * kColumns);
      part = read_npy_part({array}, {998, 1000}, how, fail);
      EXPECT_EQ(part.failure,
                folder / "x" + "[999, 700000]: expected a finite number in column 'c', found inf");
    }
  });
}

TEST(NpyReader, WideAndLongBlocksAreReadInPieces) {
  // More rows than a piece of a column, more cells than a block, and rows longer than a block.
  for (const Index columns : {1, 3, 300, 140000}) {
    const Index rows = columns == 1 ? 150000 : columns == 3 ? 100000 : columns == 300 ? 5000 : 3;
    Numbers values(static_cast<std::size_t>(rows * columns));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
    const Table c = read_text(npy_matrix(values, columns));
    const Table fortran = read_text(npy_matrix(values, columns, true));
    EXPECT_TRUE(values_of(c) == values);
    EXPECT_TRUE(values_of(fortran) == values);
    values[values.size() - 2] = kNan;
    const std::string message =
        columns == 1
            ? "x[149998]: expected a finite number in column 'c0'"
            : "x[" + std::to_string(rows - 1) + ", " + std::to_string(columns - 2) +
                  "]: expected a finite number in column 'c" + std::to_string(columns - 2) + "'";
    for (const bool fortran_order : {false, true}) {
      EXPECT_EQ(error_of(npy_matrix(values, columns, fortran_order)), message + ", found nan");
    }
  }
}

TEST(LooksLikeNpy, KnowsFilesByTheirFirstBytes) {
  test::on_one_rank([](Team& team) {
    test::TeamDirectory folder(team);
    EXPECT_TRUE(looks_like_npy(folder.put("a", npy_matrix({1}, 1))));
    EXPECT_TRUE(looks_like_npy(folder.put("b", "\x93NUMPY")));
    EXPECT_TRUE(looks_like_npy(folder.put("c", "PK\x03\x04")));
    EXPECT_FALSE(looks_like_npy(folder.put("d", "PK,KP\n1,2\n")));
    EXPECT_FALSE(looks_like_npy(folder.put("e", "\x93NUMP")));
    EXPECT_FALSE(looks_like_npy(folder.put("f", "c0,c1\n1,2\n")));
  });
}

}  // namespace
}  // namespace lockstep
