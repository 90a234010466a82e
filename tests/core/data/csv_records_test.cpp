#include "core/data/csv_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/core/format/temporary_directory.hpp"

namespace lockstep {
namespace {

struct Found {
  std::string text;
  Index line = 0;
  bool is_closed = true;

  friend bool operator==(const Found&, const Found&) = default;
};

/// By definition: character by character, the lines counted from 0.
std::vector<Found> records_by_definition(std::string_view text) {
  std::vector<Found> records;
  Found record;
  Index line = 0;
  bool quoted = false;
  bool any = false;
  const auto end = [&] {
    if (!record.text.empty() && record.text.back() == '\r') record.text.pop_back();
    records.push_back(record);
    record = {"", line, true};
    any = false;
  };
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '\n' && !quoted) {
      end();
      continue;
    }
    quoted ^= c == '"';
    record.text += c;
    any = true;
  }
  if (any) end();
  return records;
}

/// Those that all readers of the ranges between the cuts find together.
std::vector<Found> records_in_ranges(const InputFile& input, const std::vector<Index>& cuts) {
  std::vector<Found> records;
  Index quotes = 0;
  Index lines = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    RangeFile file(input);
    const Range range{cuts[i], cuts[i + 1]};
    const CsvCounts counts = count_csv(file, range);
    const bool begins_quoted = quotes % 2 != 0;
    CsvRecordReader reader(file, range, 0, begins_quoted);
    CsvRecord record;
    Index found = 0;
    for (; reader.next(record); ++found) {
      records.push_back({std::string(record.text), lines + record.line, record.is_closed});
    }
    EXPECT_LE(found, counts.record_ends(begins_quoted) + 1);
    quotes += counts.quotes;
    lines += counts.newlines;
  }
  return records;
}

std::string random_text(std::uint64_t seed, std::size_t pieces) {
  static constexpr std::array<std::string_view, 9> kPieces = {
      "ab", ",", "\n", "\r\n", "\"x\"", "\"\"\"\"", "\"p\nq\"", "\"\n\n,\"", ""};
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  std::string text;
  for (std::size_t i = 0; i < pieces; ++i) text += kPieces[draws.below(kPieces.size())];
  return text;
}

class CsvRecords : public ::testing::Test {
 protected:
  InputFile put(const std::string& content) {
    const std::string path = folder_.path() + "/a.csv";
    test::put_content(path, content);
    return {path, static_cast<Index>(content.size())};
  }

 private:
  test::TemporaryDirectory folder_;
};

TEST_F(CsvRecords, AreTheSameWhereverTheFileIsCut) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::string text = random_text(seed, 14);
    const InputFile file = put(text);
    const std::vector<Found> expected = records_by_definition(text);
    EXPECT_EQ(records_in_ranges(file, {0, file.size}), expected) << text;
    for (Index cut = 0; cut <= file.size; ++cut) {
      EXPECT_EQ(records_in_ranges(file, {0, cut, file.size}), expected) << text << " at " << cut;
    }
    for (Index parts = 3; parts <= file.size; parts += 4) {
      EXPECT_EQ(records_in_ranges(file, even_boundaries(file.size, parts)), expected) << text;
    }
  }
}

// Larger than the pieces that are read at a time.
TEST_F(CsvRecords, MayBeLong) {
  const std::string fill(700000, 'x');
  const std::string text =
      "1,\"" + fill + "\n" + fill + "\"\n2," + fill + "\n\"" + fill + "\"\"\",3\n4,\n";
  const InputFile file = put(text);
  const std::vector<Found> expected = records_by_definition(text);
  ASSERT_EQ(expected.size(), 4U);
  for (const Index parts : {1, 2, 3, 7, 11}) {
    EXPECT_EQ(records_in_ranges(file, even_boundaries(file.size, parts)), expected) << parts;
  }
}

TEST_F(CsvRecords, ThatAreNotClosedEndWithTheLineOfTheLastQuote) {
  const std::string text = "1,2\n\"a\nb\",5\" x\n3,4\n5,6\n";
  const InputFile file = put(text);
  const std::vector<Found> expected = {{"1,2", 0, true}, {"\"a\nb\",5\" x", 1, false}};
  for (Index parts = 1; parts <= file.size; ++parts) {
    EXPECT_EQ(records_in_ranges(file, even_boundaries(file.size, parts)), expected) << parts;
  }
}

TEST_F(CsvRecords, CountsTellWhatIsInsideOfQuotes) {
  const InputFile input = put("a\n\"b\nc\nd\"\ne");
  RangeFile file(input);
  const CsvCounts all = count_csv(file, {0, file.size()});
  EXPECT_EQ(all.quotes, 2);
  EXPECT_EQ(all.newlines, 4);
  EXPECT_EQ(all.record_ends(false), 2);
  EXPECT_EQ(all.record_ends(true), 2);
  const CsvCounts tail = count_csv(file, {4, file.size()});
  EXPECT_EQ(tail.quotes, 1);
  EXPECT_EQ(tail.record_ends(true), 1);
  EXPECT_EQ(tail.record_ends(false), 2);
}

}  // namespace
}  // namespace lockstep
