#include "core/data/csv_fields.hpp"

#include <gtest/gtest.h>

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
    reader.begin(std::string(other) + ",2");
    EXPECT_EQ(reader.take_numbers(numbers), 0U) << other;
    reader.take(field);
    EXPECT_EQ(field.begin, other == std::string(" ") ? 1U : 0U) << other;
  }
  reader.begin("1,2,3,4");
  EXPECT_EQ(reader.take_numbers(numbers), 3U);
  EXPECT_TRUE(reader.has_next());
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
