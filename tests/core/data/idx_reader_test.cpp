#include "core/data/idx_reader.hpp"

#include <gtest/gtest.h>

#include "core/data/gzip_reader.hpp"
#include "core/data/idx_header.hpp"
#include "tests/core/data/data_files.hpp"
#include "tests/core/data/idx_files.hpp"

namespace lockstep {
namespace {

using test::gzip;
using test::idx_text;
using test::some_bytes;
using Texts = std::vector<std::string>;

IdxOptions without_labels() {
  IdxOptions options;
  options.target_kind = TargetKind::none;
  return options;
}

/// Reads images and, when there are any, labels from files with these contents.
Table read_texts(const std::string& images, const std::string& labels, const IdxOptions& options) {
  Table table;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    std::vector<InputFile> label_files;
    const InputFile image_file = folder.put("images", images);
    if (!labels.empty()) label_files.push_back(folder.put("labels", labels));
    table = read_idx(team, {image_file}, label_files, options).table;
  });
  return table;
}

std::string error_of(const std::string& images, const std::string& labels = "",
                     IdxOptions options = {}) {
  if (labels.empty()) options.target_kind = TargetKind::none;
  std::string message;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile a = folder.put("images", images);
    const InputFile b = folder.put("labels", labels);
    message = test::message_in(folder / "", [&] { read_idx(team, {a}, {b}, options); });
  });
  return message;
}

TEST(IdxReader, ReadsImagesAndLabels) {
  const std::string pixels = some_bytes(3 * 2 * 4);
  for (const bool compressed : {false, true}) {
    const std::string images = idx_text({3, 2, 4}, pixels);
    const std::string labels = idx_text({3}, "\x07\x02\x07");
    const Table table =
        compressed ? read_texts(gzip(images), gzip(labels), {}) : read_texts(images, labels, {});
    EXPECT_EQ(table.rows, (Range{0, 3}));
    EXPECT_EQ(table.total_rows, 3);
    EXPECT_EQ(table.features, 8);
    EXPECT_EQ(std::get<Table::ByteValues>(table.values),
              Table::ByteValues(pixels.begin(), pixels.end()));
    EXPECT_EQ(table.feature_names.front(), "p0");
    EXPECT_EQ(table.feature_names.back(), "p7");
    EXPECT_EQ(table.target_name(), "label");
    EXPECT_EQ(table.class_names, (Texts{"2", "7"}));
    EXPECT_EQ(table.target, (std::vector<double>{1, 0, 1}));
    std::vector<double> row(8);
    table.copy_row(1, row.data());
    EXPECT_EQ(row[3], static_cast<unsigned char>(pixels[11]) / 255.0);
  }
}

TEST(IdxReader, OneDimensionIsOneFeature) {
  const Table table = read_texts(idx_text({4}, "abcd"), "", without_labels());
  EXPECT_EQ(table.features, 1);
  EXPECT_EQ(table.total_rows, 4);
  EXPECT_EQ(table.target_kind, TargetKind::none);
  EXPECT_TRUE(table.target.empty());
}

TEST(IdxReader, LabelsMayBeNumbersAndClassesMayBeKnown) {
  IdxOptions options;
  options.target_kind = TargetKind::number;
  const std::string images = idx_text({2, 1}, "ab");
  const std::string labels = idx_text({2}, "\x05\xFF");
  EXPECT_EQ(read_texts(images, labels, options).target, (std::vector<double>{5, 255}));

  options.target_kind = TargetKind::classes;
  options.schema = TableSchema{{"p0"}, TargetKind::classes, {"digit"}, {"255", "1", "5"}};
  const Table table = read_texts(images, labels, options);
  EXPECT_EQ(table.target, (std::vector<double>{2, 0}));
  EXPECT_EQ(table.target_name(), "digit");
  EXPECT_EQ(error_of(images, idx_text({2}, "\x05\x06"), options),
            "labels: class 6 of item 1 does not occur in the training data");
  options.schema->feature_names = {"pH"};
  EXPECT_EQ(error_of(images, labels, options),
            "images: feature 0 is p0 in an IDX file, but 'pH' in the model");
  options.schema->feature_names = {"a", "b"};
  EXPECT_EQ(error_of(images, labels, options),
            "images: items of 1 bytes, but the model has 2 features");
}

TEST(IdxReader, GzipMembersAreOneStream) {
  const std::string text = idx_text({3, 2}, "abcdef");
  const Table table =
      read_texts(gzip(text.substr(0, 5)) + gzip("") + gzip(text.substr(5)), "", without_labels());
  EXPECT_EQ(std::get<Table::ByteValues>(table.values),
            (Table::ByteValues{'a', 'b', 'c', 'd', 'e', 'f'}));
}

TEST(IdxReader, RefusesOtherFiles) {
  EXPECT_EQ(error_of("PK\x03\x04 and so on"),
            "images: not an IDX file: expected the magic number 00 00 08 dd, found 50 4b 03 04");
  EXPECT_EQ(error_of("ab"),
            "images: not an IDX file: expected the magic number 00 00 08 dd, found 61 62");
  EXPECT_EQ(error_of(gzip("a,b,c\n")),
            "images: not an IDX file: expected the magic number 00 00 08 dd, found 61 2c 62 2c");
  EXPECT_EQ(error_of(gzip("")),
            "images: not an IDX file: expected the magic number 00 00 08 dd, found nothing");
  EXPECT_EQ(error_of(idx_text({2}, "12345678", '\x0D')),
            "images: IDX file of 32-bit floats (type 0d); only unsigned bytes (type 08) are "
            "supported");
  EXPECT_EQ(error_of(idx_text({}, "")),
            "images: not an IDX file: expected the magic number 00 00 08 dd, found 00 00 08 00");
}

TEST(IdxReader, RefusesFilesOfAnotherSize) {
  EXPECT_EQ(error_of(idx_text({3, 2}, "").substr(0, 10)),
            "images: truncated: expected a header of 12 bytes, found 10");
  for (const bool compressed : {false, true}) {
    const auto content = [&](const std::string& text) { return compressed ? gzip(text) : text; };
    EXPECT_EQ(error_of(content(idx_text({3, 2}, "abcde"))),
              "images: truncated: expected 6 bytes after the header, found 5");
    EXPECT_EQ(error_of(content(idx_text({0, 2}, ""))), "images: no rows: the first dimension is 0");
    EXPECT_EQ(error_of(content(idx_text({2, 0}, ""))),
              "images: items without bytes: a dimension is 0");
  }
  EXPECT_EQ(error_of(idx_text({3, 2}, "abcdefgh")),
            "images: 2 bytes too many after the 6 that the header promises");
  EXPECT_EQ(error_of(gzip(idx_text({3, 2}, "abcdefgh"))),
            "images: more bytes than the 6 that the header promises");
}

TEST(IdxReader, ChecksSizesBeforeItAllocates) {
  constexpr Index kLarge = 0xFFFFFFFF;
  EXPECT_EQ(error_of(idx_text({kLarge, kLarge, 2}, "")),
            "images: the dimensions multiply to over 2^63 bytes");
  EXPECT_EQ(error_of(idx_text({kLarge, 2}, "abc")),
            "images: truncated: expected 8589934590 bytes after the header, found 3");
  const std::string compressed = gzip(idx_text({kLarge, 2}, "abc"));
  EXPECT_EQ(error_of(compressed), "images: the header promises 8589934590 bytes, more than " +
                                      std::to_string(compressed.size()) +
                                      " bytes of gzip can hold");
}

TEST(IdxReader, RefusesDamagedGzipFiles) {
  const std::string good = gzip(idx_text({40, 50}, some_bytes(2000)));
  for (const std::size_t size : {good.size() - 1, good.size() - 8, good.size() / 2}) {
    EXPECT_EQ(error_of(good.substr(0, size)),
              "images: truncated gzip stream after " + std::to_string(size) + " bytes");
  }
  std::string checksum = good;
  checksum[good.size() - 6] = static_cast<char>(checksum[good.size() - 6] ^ 1);
  EXPECT_NE(error_of(checksum).find("images: corrupt gzip stream near byte"), std::string::npos);
  EXPECT_NE(error_of(checksum).find(": incorrect data check"), std::string::npos);
  EXPECT_EQ(error_of(good + "more"),
            "images: expected the end of the file after the gzip stream, found 4 more bytes from "
            "byte " +
                std::to_string(good.size()));
  EXPECT_EQ(error_of(good + "\x1f"),
            "images: expected the end of the file after the gzip stream, found 1 more bytes from "
            "byte " +
                std::to_string(good.size()));
}

TEST(IdxReader, RefusesLabelsThatDoNotFit) {
  const std::string images = idx_text({3, 2}, "abcdef");
  EXPECT_EQ(error_of(images, idx_text({2}, "ab")), "labels has 2 labels, but images has 3 images");
  EXPECT_EQ(error_of(images, idx_text({3, 1}, "abc")),
            "labels: expected one dimension in a file of labels, found 2");
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile a = folder.put("a", images);
    const InputFile b = folder.put("b", idx_text({1, 3}, "abc"));
    EXPECT_EQ(test::message_in(folder / "",
                               [&] {
                                 read_idx(team, {a, a}, {a}, {});
                               }),
              "data.train_labels: expected 2 files of labels, as many as of images, found 1");
    EXPECT_EQ(test::message_in(folder / "",
                               [&] {
                                 read_idx(team, {a, b}, {}, without_labels());
                               }),
              "b: items of 3 bytes, but of 2 bytes in a");
  });
}

TEST(GzipReader, GivesAStreamInPiecesOfAnySize) {
  test::on_one_rank([](Team& team) {
    test::TeamDirectory folder(team);
    const std::string content = some_bytes(300000);
    const std::string packed = gzip(content.substr(0, 100000)) + gzip(content.substr(100000));
    RangeFile file(folder.put("a", packed));
    GzipReader reader(file);
    std::string inflated;
    std::string piece(7919, '\0');
    for (;;) {
      const std::size_t n = reader.read(std::as_writable_bytes(std::span<char>(piece)));
      inflated += piece.substr(0, n);
      if (n < piece.size()) break;
    }
    EXPECT_EQ(inflated, content);
    EXPECT_EQ(file.bytes_read(), static_cast<Index>(packed.size()));
  });
}

TEST(LooksLikeIdx, KnowsFilesByTheirFirstBytes) {
  test::on_one_rank([](Team& team) {
    test::TeamDirectory folder(team);
    EXPECT_TRUE(looks_like_idx(folder.put("a", idx_text({1}, "a"))));
    EXPECT_TRUE(looks_like_idx(folder.put("b", gzip(idx_text({1}, "a")))));
    EXPECT_TRUE(looks_like_idx(folder.put("e", gzip("a,b\n1,2\n").substr(0, 12))));
    EXPECT_FALSE(looks_like_idx(folder.put("f", gzip("a,b\n1,2\n"))));
    EXPECT_FALSE(looks_like_idx(folder.put("g", gzip("a"))));
    EXPECT_FALSE(looks_like_idx(folder.put("c", "a,b\n1,2\n")));
    EXPECT_FALSE(looks_like_idx(folder.put("d", "a")));
  });
}

}  // namespace
}  // namespace lockstep
