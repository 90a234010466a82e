#include "core/data/lsd_header.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/data/lsd_bytes.hpp"
#include "tests/core/format/temporary_directory.hpp"

namespace lockstep {
namespace {

/// Of three rows of a number and a text, in two blocks.
LsdHeader example() {
  LsdHeader header;
  header.format = "csv";
  header.reading = "csv header=1";
  header.missing = {"?", ""};
  header.ignored = {"id"};
  header.has_header = true;
  header.sources = {{"../a b.csv", 30, 1'700'000'000'123'456'789, 3, 2}};
  header.columns.resize(2);
  header.columns[0].name = "x \"quoted\"";
  header.columns[0].position = 1;
  header.columns[0].spelling = {NumberSpelling::Kind::listed, {{0x3FF0000000000000, "1.0"}}};
  header.columns[0].numbers = 2;
  header.columns[0].missing = 1;
  header.columns[0].min = -0.1;
  header.columns[0].max = 1e300;
  header.columns[1].name = "c";
  header.columns[1].position = 2;
  header.columns[1].type = {ColumnKind::category, {"1", "a\nb", "é"}};
  header.columns[1].numbers = 1;
  header.columns[1].others = 2;
  header.rows = 3;
  header.block_rows = 2;
  header.blocks = {{64, 0, {1, 2}}, {64, 0, {3, 4}}};
  return header;
}

std::string bytes_of(const LsdHeader& header) {
  const auto bytes = encode_lsd_header(header);
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const LsdBlock& block : header.blocks) text.append(static_cast<std::size_t>(block.bytes), 0);
  return text;
}

LsdHeader decoded(const std::string& file) {
  const auto bytes = std::as_bytes(std::span(file));
  const auto size = static_cast<Index>(file.size());
  const Index header = lsd_header_size("a.lsd", bytes, size);
  return decode_lsd_header("a.lsd", bytes.first(static_cast<std::size_t>(header)), size);
}

std::string refusal(const LsdHeader& header) {
  return test::message_of<DamagedLsd>([&] { decoded(bytes_of(header)); });
}

TEST(LsdHeader, IsReadAsItWasWritten) {
  const LsdHeader header = example();
  EXPECT_EQ(decoded(bytes_of(header)), header);
  EXPECT_EQ(header.size() % kLsdAlignment, 0);
  EXPECT_EQ(encode_lsd_header(header).size(), static_cast<std::size_t>(header.size()));
}

TEST(LsdHeader, BlocksLieAsTheCommentSays) {
  LsdHeader header;
  header.columns.resize(3);
  header.byte_columns = 5;
  header.sparse = true;
  const LsdBlockParts parts = parts_of_block(header, 7, 9);
  EXPECT_EQ(parts.bytes, 192);         // 7 · 3 · 8 = 168
  EXPECT_EQ(parts.lengths, 192 + 64);  // 7 · 5 = 35
  EXPECT_EQ(parts.indices, 256 + 64);  // 7 · 4 = 28
  EXPECT_EQ(parts.numbers, 320 + 64);  // 9 · 4 = 36
  EXPECT_EQ(parts.end, 384 + 128);     // 9 · 8 = 72
  EXPECT_EQ(header.bytes_of_block(7, 9), 512);
}

TEST(LsdHeader, WhatIsWrongInItIsRefusedThoughHashesAreRight) {
  const std::string wrong =
      "a.lsd: the header is damaged (its description is wrong); convert the data again";
  std::vector<LsdHeader> headers;
  const auto other = [&]() -> LsdHeader& { return headers.emplace_back(example()); };
  other().format = "xml";
  other().rows = 4;
  other().columns[0].missing = 2;
  other().columns[0].others = 1;
  other().columns[0].position = -1;
  other().columns[1].type.categories = {"b", "a"};
  other().columns[1].type.categories = {"a", "a"};
  other().columns[1].type.categories = {""};
  other().columns[0].spelling.texts.begin()->second = "one";
  other().columns[1].name = other().columns[0].name;
  headers.back().columns[1].name = headers.back().columns[0].name;
  headers.erase(headers.end() - 2);
  other().columns.clear();
  other().has_labels = true;  // of texts
  other().byte_columns = 2;
  other().sparse = true;
  other().largest_index = 3;
  other().sources[0].rows = 2;
  other().sources[0].first_line = std::numeric_limits<Index>::max();
  other().block_rows = 0;
  for (std::size_t i = 0; i < headers.size(); ++i) EXPECT_EQ(refusal(headers[i]), wrong) << i;
}

TEST(LsdHeader, BlocksHaveTheirSizes) {
  LsdHeader header = example();
  header.blocks[1].bytes = 128;
  EXPECT_EQ(refusal(header),
            "a.lsd: the header is damaged (block 1 has a wrong size); convert the data again");
  header = example();
  header.blocks[0].cells = 1;
  EXPECT_EQ(refusal(header),
            "a.lsd: the header is damaged (block 0 has a wrong size); convert the data again");
  header = example();
  header.blocks.pop_back();
  EXPECT_EQ(refusal(header),
            "a.lsd: the header is damaged (its number of blocks is wrong); convert the data again");
  std::string more = bytes_of(example()) + std::string(64, '\0');
  EXPECT_EQ(test::message_of<DamagedLsd>([&] { decoded(test::with_right_hashes(more)); }),
            "a.lsd: the header is damaged (the sizes of its blocks are wrong); convert the data "
            "again");
}

TEST(LsdHeader, OtherFilesAreRefused) {
  const auto message = [](const std::string& file) {
    return test::message_of<DamagedLsd>([&] { decoded(file); });
  };
  EXPECT_EQ(message("short"), "a.lsd: truncated: no whole header; convert the data again");
  EXPECT_EQ(message(std::string(100, 'x')), "a.lsd: no .lsd file; convert the data again");
  std::string newer = bytes_of(example());
  newer[8] = 2;
  EXPECT_EQ(message(newer), "a.lsd: a file of version 2, expected 1; convert the data again");
  std::string sizes = bytes_of(example());
  sizes[16 + 7] = '\x7F';
  EXPECT_EQ(message(sizes),
            "a.lsd: the header is damaged (its sizes are wrong); convert the data again");
  std::string no_json = bytes_of(example());
  no_json[64] = '[';
  EXPECT_EQ(message(no_json),
            "a.lsd: the header is damaged (its hash differs); convert the data again");
  EXPECT_EQ(message(test::with_right_hashes(no_json)),
            "a.lsd: the header is damaged (its description is no JSON); convert the data again");
}

}  // namespace
}  // namespace lockstep
