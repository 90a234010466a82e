#include "core/data/csv_fields.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

using Texts = std::vector<std::string>;

Texts split(std::string_view line) {
  CsvFieldSplitter splitter;
  std::vector<CsvField> fields;
  const auto error = splitter.split(line, fields);
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
            (Texts{"column 1",
                   "expected the closing quote on the same line (a field with a newline is not "
                   "supported)",
                   R"(found "abc,2)"}));
  EXPECT_EQ(split(R"(1,2,a"b)"),
            (Texts{"column 2",
                   "expected no quote inside an unquoted field (quote the whole field and double "
                   "its quotes)",
                   R"(found a"b)"}));
  EXPECT_EQ(split(R"("a"x,2)"),
            (Texts{"column 0", "expected a comma after the closing quote", "found x,2"}));
}

TEST(CsvFields, TheSplitterMayBeUsedAgain) {
  CsvFieldSplitter splitter;
  std::vector<CsvField> fields;
  EXPECT_FALSE(splitter.split(R"("a""b",1)", fields));
  EXPECT_FALSE(splitter.split(R"(x,"c""d",y)", fields));
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[1].text, "c\"d");
  EXPECT_TRUE(fields[1].was_quoted);
  EXPECT_FALSE(fields[2].was_quoted);
}

TEST(CsvFields, WrittenFieldsReadBack) {
  for (const std::string text :
       {"plain", "a,b", "say \"hi\"", " blank ", "\ttab", "", "a\r", "é"}) {
    EXPECT_EQ(split(csv_field(text) + ",1"), (Texts{text, "1"})) << text;
  }
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a\"b"), R"("a""b")");
}

}  // namespace
}  // namespace lockstep
