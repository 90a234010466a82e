#include "core/data/class_labels.hpp"

#include <gtest/gtest.h>

#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

using Texts = std::vector<std::string>;

/// The class names of a column, and the indices of its labels.
struct Classes {
  Texts names;
  std::vector<Index> indices;
};

Classes classes_of(const Texts& labels) {
  Classes classes;
  test::on_one_rank([&](Team& team) {
    ClassLabels dictionary;
    std::vector<Index> codes;
    for (const std::string& label : labels) codes.push_back(dictionary.code(label).value_or(-1));
    dictionary.agree(team);
    classes.names = dictionary.names();
    for (const Index code : codes) classes.indices.push_back(dictionary.index_of_code(code));
  });
  return classes;
}

TEST(CsvNumber, IsAWholeFieldAndFinite) {
  double value = 7;
  for (const char* text : {"", " 1", "1 ", "1 2", "0x10", "1e999", "nan", "inf", "-inf", "1,5", "+",
                           "+-1", "++1", "1e", "."}) {
    EXPECT_FALSE(parse_csv_number(text, value)) << text;
    EXPECT_EQ(value, 7) << text;
  }
  const auto number = [](std::string_view text) {
    double parsed = 7;
    EXPECT_TRUE(parse_csv_number(text, parsed)) << text;
    return parsed;
  };
  EXPECT_EQ(number("1.5"), 1.5);
  EXPECT_EQ(number("+1"), 1);
  EXPECT_EQ(number("-.5e-3"), -.5e-3);
  EXPECT_EQ(number("0.05372999999999999"), 0.05372999999999999);
}

TEST(ClassLabels, NumbersAscend) {
  const Classes classes = classes_of({"10", "9", "-1", "2.5", "9"});
  EXPECT_EQ(classes.names, (Texts{"-1", "2.5", "9", "10"}));
  EXPECT_EQ(classes.indices, (std::vector<Index>{3, 2, 0, 1, 2}));
}

TEST(ClassLabels, EqualNumbersAreOneClass) {
  const Classes classes = classes_of({"1.0", "+1", "1e0", "0", "-0.0", "1"});
  EXPECT_EQ(classes.names, (Texts{"0", "1"}));
  EXPECT_EQ(classes.indices, (std::vector<Index>{1, 1, 1, 0, 0, 1}));
}

TEST(ClassLabels, TextsSortBytewise) {
  const Classes classes = classes_of({"b", "a", "B", "é", "10", "9", "b"});
  EXPECT_EQ(classes.names, (Texts{"10", "9", "B", "a", "b", "é"}));
  EXPECT_EQ(classes.indices, (std::vector<Index>{4, 3, 2, 5, 0, 1, 4}));
}

TEST(ClassLabels, LongIdentifiersStayApart) {
  EXPECT_EQ(classes_of({"9007199254740993", "9007199254740992", "5"}).names,
            (Texts{"5", "9007199254740992", "9007199254740993"}));
}

TEST(ClassLabels, KnownClassesKeepTheirIndices) {
  ClassLabels texts({"white", "red"});
  EXPECT_EQ(texts.code("red"), 1);
  EXPECT_EQ(texts.code("white"), 0);
  EXPECT_EQ(texts.code("rose"), std::nullopt);
  EXPECT_EQ(texts.code("1"), std::nullopt);
  ClassLabels numbers({"-1", "1"});
  EXPECT_EQ(numbers.code("+1"), 1);
  EXPECT_EQ(numbers.code("1.0"), 1);
  EXPECT_EQ(numbers.code("2"), std::nullopt);
  EXPECT_EQ(numbers.code("x"), std::nullopt);
}

}  // namespace
}  // namespace lockstep
