#include <gtest/gtest.h>

#include "core/data/idx_reader.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/core/data/data_files.hpp"
#include "tests/core/data/idx_files.hpp"

namespace lockstep {
namespace {

using test::for_each_team;
using test::gzip;
using test::idx_text;
using test::some_bytes;
using test::TeamDirectory;

/// Expects `pixels` and `labels` (of classes 0 … 9) as the whole table. *Collective*.
void expect_table(Team& team, const Table& table, const std::string& pixels,
                  const std::string& labels) {
  const auto total = static_cast<Index>(labels.size());
  test::expect_whole(team, table, total);
  EXPECT_EQ(table.rows, even_part(total, team.size(), team.rank()));
  const auto& values = std::get<Table::ByteValues>(table.values);
  const auto begin = pixels.begin() + table.rows.begin * table.features;
  EXPECT_EQ(values, Table::ByteValues(begin, begin + table.rows.size() * table.features));
  ASSERT_EQ(table.target.size(), static_cast<std::size_t>(table.rows.size()));
  for (Index i = 0; i < table.rows.size(); ++i) {
    const auto k = static_cast<std::size_t>(table.target[static_cast<std::size_t>(i)]);
    const int label = labels[static_cast<std::size_t>(table.rows.begin + i)];
    EXPECT_EQ(table.class_names.at(k), std::to_string(label));
  }
}

std::string some_labels(std::size_t n) {
  std::string labels = some_bytes(n);
  for (char& c : labels) c = static_cast<char>(static_cast<unsigned char>(c) % 10);
  return labels;
}

TEST(DistributedIdx, PlainAndCompressedFilesAreOneTable) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    TeamDirectory folder(team);
    constexpr Index kItem = 6;
    const std::string pixels = some_bytes(20 * kItem);
    const std::string labels = some_labels(20);
    const auto images_of = [&](std::size_t first, std::size_t n) {
      return idx_text({static_cast<Index>(n), 2, 3}, pixels.substr(first * kItem, n * kItem));
    };
    const auto labels_of = [&](std::size_t first, std::size_t n) {
      return idx_text({static_cast<Index>(n)}, labels.substr(first, n));
    };
    const std::vector<InputFile> images{folder.put("a", images_of(0, 7)),
                                        folder.put("b", gzip(images_of(7, 1))),
                                        folder.put("c", gzip(images_of(8, 12)))};
    const std::vector<InputFile> label_files{folder.put("la", gzip(labels_of(0, 7))),
                                             folder.put("lb", labels_of(7, 1)),
                                             folder.put("lc", labels_of(8, 12))};
    expect_table(team, read_idx(team, images, label_files, {}).table, pixels, labels);
    folder.remove();
  });
}

TEST(DistributedIdx, FewerRowsThanRanks) {
  for_each_team({1, 2, 5}, [](Team& team) {
    TeamDirectory folder(team);
    for (const bool compressed : {false, true}) {
      const std::string text = idx_text({2, 2}, "abcd");
      const InputFile images = folder.put("a", compressed ? gzip(text) : text);
      const InputFile labels = folder.put("b", idx_text({2}, std::string("\x01\x00", 2)));
      expect_table(team, read_idx(team, {images}, {labels}, {}).table, "abcd",
                   std::string("\x01\x00", 2));
      team.barrier();
    }
    folder.remove();
  });
}

TEST(DistributedIdx, LargeCompressedFilesTravelInSeveralRounds) {
  for_each_team({1, 3}, [](Team& team) {
    TeamDirectory folder(team);
    const std::string pixels = some_bytes(23 * 1000003);  // more than one round of 16 MiB
    const std::string labels = some_labels(23);
    const InputFile images = folder.put("a", gzip(idx_text({23, 1000003}, pixels)));
    const InputFile label_file = folder.put("b", idx_text({23}, labels));
    const IdxTable result = read_idx(team, {images}, {label_file}, {});
    expect_table(team, result.table, pixels, labels);
    const Index size = images.size + label_file.size;
    EXPECT_LE(sum_over(team, result.bytes_read), size + size / 10 + 100000);
    folder.remove();
  });
}

TEST(DistributedIdx, PlainFilesAreReadOnce) {
  for_each_team({1, 2, 4}, [](Team& team) {
    TeamDirectory folder(team);
    const InputFile images = folder.put("a", idx_text({1000, 300}, some_bytes(300000)));
    IdxOptions options;
    options.target_kind = TargetKind::none;
    const Index bytes = sum_over(team, read_idx(team, {images}, {}, options).bytes_read);
    EXPECT_GE(bytes, 300000);
    EXPECT_LE(bytes, 302000);
    folder.remove();
  });
}

TEST(DistributedIdx, EveryRankThrowsAlike) {
  for_each_team({1, 2, 3}, [](Team& team) {
    TeamDirectory folder(team);
    const InputFile images = folder.put("a", idx_text({40, 5}, some_bytes(200)));
    const InputFile three = folder.put("b", idx_text({3}, "abc"));
    const std::string whole = gzip(idx_text({40, 5}, some_bytes(200)));
    const InputFile cut = folder.put("c", whole.substr(0, whole.size() - 3));
    const auto message = [&](const InputFile& a, const InputFile& b, const IdxOptions& options) {
      return test::message_in(folder / "", [&] { read_idx(team, {a}, {b}, options); });
    };
    EXPECT_EQ(message(images, three, {}), "b has 3 labels, but a has 40 images");
    IdxOptions options;
    options.target_kind = TargetKind::none;
    EXPECT_EQ(message(cut, three, options),
              "c: truncated gzip stream after " + std::to_string(cut.size) + " bytes");
    options.target_kind = TargetKind::classes;
    options.schema =
        TableSchema{{"p0", "p1", "p2", "p3", "p4"}, TargetKind::classes, {"label"}, {"0", "1"}};
    std::string labels(40, '\1');
    labels[17] = '\2';
    labels[31] = '\3';
    EXPECT_EQ(message(images, folder.put("d", idx_text({40}, labels)), options),
              "d: class 2 of item 17 does not occur in the training data");
    folder.remove();
  });
}

}  // namespace
}  // namespace lockstep
