#include "core/data/libsvm_format.hpp"

#include <gtest/gtest.h>

#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

bool looks(const std::string& content, const std::string& name = "a.txt") {
  bool result = false;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    result = looks_like_libsvm(folder.put(name, content));
  });
  return result;
}

TEST(LibsvmFormat, IsKnownByItsFirstRow) {
  for (const char* content :
       {"1 1:2\n", "-1 3:1 11:1 \n", "+1\t 1:0.5 \t 2:-3e4\r\n", "0.25 0:1", "1 1:2 # a, b\tc\n",
        "# a,b\n\n  \n1 1:2\n", "1.0\n2 # no, pairs\n3 7:1\n", "2 qid:1 1:0.5\n", "  1 1:1\n"}) {
    EXPECT_TRUE(looks(content)) << content;
  }
  std::string row = "1";
  while (row.size() < 100000) row += " " + std::to_string(row.size()) + ":0.25";
  EXPECT_TRUE(looks(row + "\n"));
}

TEST(LibsvmFormat, IsNeverTakenForCsv) {
  for (const char* content : {"a,b\n1,2\n",
                              "1,2\n3,4\n",
                              "1\n2\n3\n",
                              "1 2\n3 4\n",
                              "time\n1 10:30\n",
                              "1,10:30\n",
                              "1\t10:30\n",
                              "1\t10:30\t11:45\n",
                              "1 10:30,5\n",
                              "1 10:30;5\n",
                              "1;1:2 2:3\n",
                              "1,2 1:2 2:3\n",
                              "a 1:2\n",
                              "1 a:2\n",
                              "1 1:b\n",
                              "1 :2\n",
                              "1 1:\n",
                              "1:2 3:4\n",
                              "1 1:2 3\n",
                              "1 1:2 qid:3\n",
                              "# only\n",
                              "\n",
                              "1 10:30:59\n",
                              "1 -1:2\n",
                              "\x1f\x8b\x08 1 1:2\n",
                              "1 1:nan\n"}) {
    EXPECT_FALSE(looks(content)) << content;
  }
}

TEST(LibsvmFormat, IsKnownByTheNameOfTheFile) {
  for (const char* name : {"a.svm", "a.libsvm", "a.t.svmlight"}) EXPECT_TRUE(looks("x", name));
  for (const char* name : {"a.csv", "svm", "a.svm.csv", "a.t"}) EXPECT_FALSE(looks("x", name));
}

TEST(LibsvmFormat, FieldsStandBetweenBlanks) {
  LibsvmFields fields(" \ta  b\t#c d");
  EXPECT_EQ(fields.next(), "a");
  EXPECT_EQ(fields.next(), "b");
  EXPECT_EQ(fields.next(), "");
  LibsvmFields glued("1 2:3#4");
  glued.next();
  EXPECT_EQ(glued.next(), "2:3");
  EXPECT_EQ(glued.next(), "");
}

}  // namespace
}  // namespace lockstep
