#include "core/data/csv_fields.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

namespace lockstep {
namespace {

using Texts = std::vector<std::string>;

Texts split(std::string_view record, char delimiter = ',') {
  CsvFieldReader reader(delimiter);
  std::vector<CsvField> fields;
  const auto error = reader.take_all(record, fields);
  if (error) {
    return {"column " + std::to_string(error->column), error->problem, "found " + error->found};
  }
  Texts texts;
  for (const CsvField& field : fields) texts.emplace_back(field.text);
  return texts;
}

TEST(CsvFields, AreSeparatedByCommas) {
  EXPECT_EQ(split("1,2.5,abc"), (Texts{"1", "2.5", "abc"}));
  EXPECT_EQ(split("1"), (Texts{"1"}));
  EXPECT_EQ(split(""), (Texts{""}));
  EXPECT_EQ(split(",,"), (Texts{"", "", ""}));
  EXPECT_EQ(split("a,"), (Texts{"a", ""}));
}

TEST(CsvFields, BlanksAroundFieldsAreDropped) {
  EXPECT_EQ(split(" 1 ,\t2,a b "), (Texts{"1", "2", "a b"}));
  EXPECT_EQ(split(R"( "a" , " b " )"), (Texts{"a", " b "}));
  EXPECT_EQ(split("  ,1"), (Texts{"", "1"}));
  EXPECT_EQ(split("1,  "), (Texts{"1", ""}));
}

TEST(CsvFields, MayBeQuoted) {
  EXPECT_EQ(split(R"("a,b",2)"), (Texts{"a,b", "2"}));
  EXPECT_EQ(split(R"("say ""hi""","""",1)"), (Texts{"say \"hi\"", "\"", "1"}));
  EXPECT_EQ(split(R"("","a")"), (Texts{"", "a"}));
  EXPECT_EQ(split(R"("a""b","c""d","e""")"), (Texts{"a\"b", "c\"d", "e\""}));
}

TEST(CsvFields, ErrorsNameTheColumnAndWhatWasFound) {
  EXPECT_EQ(split(R"(1,"abc,2)"),
            (Texts{"column 1", "expected a closing quote", R"(found "abc,2)"}));
  EXPECT_EQ(split(R"(1,2,a"b)"),
            (Texts{"column 2",
                   "expected no quote inside an unquoted field (quote the whole field and double "
                   "its quotes)",
                   R"(found a"b)"}));
  EXPECT_EQ(split(R"("a"x,2)"),
            (Texts{"column 0", "expected a comma after the closing quote", "found x,2"}));
}

TEST(CsvFields, MayHoldNewlines) {
  EXPECT_EQ(split("\"a\nb\",\"\r\n\",1"), (Texts{"a\nb", "\r\n", "1"}));
}

TEST(CsvFields, MayBeSeparatedByOtherThanCommas) {
  EXPECT_EQ(split("1;2,5; a ;\"b;c\"", ';'), (Texts{"1", "2,5", "a", "b;c"}));
  EXPECT_EQ(split("1|2", '|'), (Texts{"1", "2"}));
  EXPECT_EQ(split("1\t\t a \t", '\t'), (Texts{"1", "", "a", ""}));
  EXPECT_EQ(split("\"a\"x;2", ';'),
            (Texts{"column 0", "expected a semicolon after the closing quote", "found x;2"}));
}

TEST(CsvFields, KnowWhereTheyBegin) {
  CsvFieldReader reader;
  std::vector<CsvField> fields;
  EXPECT_FALSE(reader.take_all(R"( 1,  "a""b" ,c)", fields));
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[0].begin, 1U);
  EXPECT_EQ(fields[1].begin, 5U);
  EXPECT_EQ(fields[2].begin, 13U);
}

TEST(CsvFields, NumbersAreTakenTogether) {
  CsvFieldReader reader;
  std::vector<double> numbers(3);
  CsvField field;
  reader.begin("1, -2.5e1 ,+3,4");
  EXPECT_EQ(reader.take_numbers(numbers), 2U);
  EXPECT_EQ(numbers, (std::vector<double>{1, -25, 0}));
  EXPECT_FALSE(reader.take(field));  // a sign that from_chars does not know
  EXPECT_EQ(field.text, "+3");
  EXPECT_EQ(reader.take_numbers(numbers), 1U);
  EXPECT_EQ(numbers[0], 4);
  EXPECT_FALSE(reader.has_next());
  EXPECT_EQ(reader.take_numbers(numbers), 0U);
  for (const char* other :
       {"", " ", "x", "1x", "1 2", "\"1\"", "nan", "inf", "1e999", "0x1", "1\"2"}) {
    const std::string record = std::string(other) + ",2";
    reader.begin(record);
    EXPECT_EQ(reader.take_numbers(numbers), 0U) << other;
    reader.take(field);
    EXPECT_EQ(field.begin, other == std::string(" ") ? 1U : 0U) << other;
  }
  reader.begin("1,2,3,4");
  EXPECT_EQ(reader.take_numbers(numbers), 3U);
  EXPECT_TRUE(reader.has_next());
}

TEST(CsvFields, NumbersAreThoseOfFromChars) {
  // Short and long ones, near the end of the record and far from it, in any order.
  const std::vector<std::string> texts{"0",
                                       "-0",
                                       "1.",
                                       ".5",
                                       "-.25",
                                       "12345678",
                                       "1234567.5",
                                       "1e5",
                                       "-2.5E-3",
                                       "0.1",
                                       "99999999",
                                       "1e-310",
                                       "123456789",
                                       "0.123456789012345",
                                       "1.5e",
                                       "7.25",
                                       "3.14159265358979",
                                       "2.718281828459045235360287471352",
                                       "-17.000",
                                       "0.000001",
                                       "9007199254740993",
                                       "4503599627370497.5",
                                       "1e308"};
  std::string record;
  std::vector<double> expected;
  for (std::size_t i = 0; i < 400; ++i) {
    const std::string& text = texts[i * i % texts.size()];
    if (text == "1.5e") continue;
    record += (record.empty() ? "" : ",") + text;
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    expected.push_back(value);
  }
  // The record ends where its memory ends, so that a sanitizer sees what is read behind it.
  const std::vector<char> memory(record.begin(), record.end());
  CsvFieldReader reader(',');
  reader.begin({memory.data(), memory.size()});
  std::vector<double> numbers(expected.size());
  ASSERT_EQ(reader.take_numbers(numbers), numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(numbers[i]), std::bit_cast<std::uint64_t>(expected[i]))
        << i;
  }
  for (const char* other : {"1.5e", "1.5x", "nan", "inf", "-", "1e999", "+1", ".", "1.2.3"}) {
    const std::string padded = std::string(other) + ",1,2,3,4,5,6,7,8,9,10,11,12,13,14";
    reader.begin(padded);
    EXPECT_EQ(reader.take_numbers(numbers), 0U) << other;
  }
}

TEST(CsvFields, TheReaderMayBeUsedAgain) {
  CsvFieldReader reader;
  std::vector<CsvField> fields;
  EXPECT_FALSE(reader.take_all(R"("a""b",1)", fields));
  EXPECT_FALSE(reader.take_all(R"(x,"c""d",y)", fields));
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[1].text, "c\"d");
  EXPECT_TRUE(fields[1].was_quoted);
  EXPECT_FALSE(fields[2].was_quoted);
}

TEST(CsvFields, WrittenFieldsReadBack) {
  for (const std::string text :
       {"plain", "a,b", "say \"hi\"", " blank ", "\ttab", "", "a\r", "a\nb", "é"}) {
    EXPECT_EQ(split(csv_field(text) + ",1"), (Texts{text, "1"})) << text;
  }
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a\"b"), R"("a""b")");
}

}  // namespace
}  // namespace lockstep
