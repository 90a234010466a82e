#include "core/data/csv_dialect.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lockstep {
namespace {

using Records = std::vector<std::string>;

char delimiter_of(const Records& records) {
  return find_csv_dialect(records, std::nullopt, CsvHeader::yes).delimiter;
}

bool has_header(const Records& records) {
  return find_csv_dialect(records, ',', CsvHeader::automatic).has_header;
}

TEST(CsvDialect, TheDelimiterCutsAllRecordsAlike) {
  EXPECT_EQ(delimiter_of({"a,b", "1,2"}), ',');
  EXPECT_EQ(delimiter_of({"a;b", "1;2"}), ';');
  EXPECT_EQ(delimiter_of({"a\tb", "1\t2"}), '\t');
  EXPECT_EQ(delimiter_of({"a|b", "1|2"}), '|');
  EXPECT_EQ(delimiter_of({"a;b;c", "1,5;2,5;3", "1;2;3,5"}), ';');
  EXPECT_EQ(delimiter_of({"a,b", "1;2;3,2", "\"4,5;6\",7"}), ',');
  EXPECT_EQ(delimiter_of({"a;b,c", "1;2,3"}), ',') << "as many fields: the first";
  EXPECT_EQ(delimiter_of({"a;b;c,d", "1;2;3,4"}), ';') << "the one that makes most";
}

TEST(CsvDialect, WhereRecordsDifferTheFirstDecides) {
  EXPECT_EQ(delimiter_of({"a;b", "1"}), ';');
  EXPECT_EQ(delimiter_of({"a;b;c", "1;2,3"}), ';');
  EXPECT_EQ(delimiter_of({"a;b", "\"1\"2;3"}), ';');
}

TEST(CsvDialect, WithoutADelimiterItIsTheComma) {
  EXPECT_EQ(delimiter_of({"a", "1"}), ',');
  EXPECT_EQ(delimiter_of({"a,b", "1"}), ',');
  EXPECT_EQ(delimiter_of({"\"a\"b;c", "1"}), ',');
  EXPECT_EQ(delimiter_of({}), ',');
}

TEST(CsvDialect, WhatIsToldIsTaken) {
  EXPECT_EQ(find_csv_dialect(Records{"a,b", "1,2"}, ';', CsvHeader::no), (CsvDialect{';', false}));
  EXPECT_EQ(find_csv_dialect(Records{"1,2", "1,2"}, ';', CsvHeader::yes), (CsvDialect{';', true}));
}

TEST(CsvDialect, AHeaderNamesColumnsOfNumbers) {
  EXPECT_TRUE(has_header({"a,b", "1,x", "2,y"}));
  EXPECT_TRUE(has_header({"a,b", ",x", "2,y"}));
  EXPECT_TRUE(has_header({"2020,name", "1,1"})) << "one column says so";
  EXPECT_TRUE(has_header({"a,b"}));
  EXPECT_TRUE(has_header({"a,b", "x,y", "z,1"})) << "no column of numbers";
  EXPECT_TRUE(has_header({"0,1,2,3", "5,6,7,8", "1,2,3,4"})) << "positions";
  EXPECT_TRUE(has_header({"1,2,3,y", "5,6,7,x", "1,2,3,z"})) << "positions from 1";
  EXPECT_TRUE(has_header({}));
}

TEST(CsvDialect, AHeaderOfNamesThatAreCellsIsDoubtful) {
  const auto is_doubtful = [](const Records& records, CsvHeader header) {
    return find_csv_dialect(records, ',', header).is_doubtful;
  };
  const Records rows{"p,s,y", "e,s,y", "p,b,y"};
  EXPECT_TRUE(is_doubtful(rows, CsvHeader::automatic));
  EXPECT_FALSE(is_doubtful(rows, CsvHeader::yes));
  EXPECT_FALSE(is_doubtful({"shape,odor", "s,p", "p"}, CsvHeader::automatic));
  EXPECT_FALSE(is_doubtful({"a,", "x,", "y,"}, CsvHeader::automatic)) << "no name";
  EXPECT_FALSE(is_doubtful({"a,n", "a,1", "b,2"}, CsvHeader::automatic)) << "n says it";
  EXPECT_FALSE(is_doubtful({"a,b"}, CsvHeader::automatic));
}

TEST(CsvDialect, ARowOfNumbersIsNoHeader) {
  EXPECT_FALSE(has_header({"5.1,3.5,setosa", "4.9,3,setosa"}));
  EXPECT_FALSE(has_header({"1,x", "2,y"}));
  EXPECT_FALSE(has_header({"0,1", "1,0"})) << "too few columns for positions";
  EXPECT_FALSE(has_header({",5,x", "1,6,y"}));
  EXPECT_FALSE(has_header({"0,1,2,7", "5,6,7,8"}));
}

}  // namespace
}  // namespace lockstep
