#include "core/data/file_list.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

using test::message_in;
using test::message_of;
using test::put_content;
using test::TemporaryDirectory;
using Texts = std::vector<std::string>;

Texts names_in(const std::string& folder, const Texts& names) {
  Texts found;
  for (const InputFile& file : find_input_files({"data.train", names, folder})) {
    found.push_back(file.path.substr(folder.size() + 1));
  }
  return found;
}

TEST(InputFiles, AreFoundInTheirOrder) {
  const TemporaryDirectory folder;
  for (const char* name : {"b.csv", "a10.csv", "a9.csv", "B.csv", "[x].csv"}) {
    put_content(folder / name, "12345");
  }
  EXPECT_EQ(names_in(folder.path(), {"b.csv", "a9.csv"}), (Texts{"b.csv", "a9.csv"}));
  EXPECT_EQ(names_in(folder.path(), {"*.csv"}),
            (Texts{"B.csv", "[x].csv", "a10.csv", "a9.csv", "b.csv"}));
  EXPECT_EQ(names_in(folder.path(), {"a*.csv", "b.csv"}), (Texts{"a10.csv", "a9.csv", "b.csv"}));
  EXPECT_EQ(names_in(folder.path(), {"[x].csv"}), (Texts{"[x].csv"}));
  EXPECT_EQ(find_input_files({"data.train", {folder / "b.csv"}, "/elsewhere"}),
            (std::vector<InputFile>{{folder / "b.csv", 5}}));
}

TEST(InputFiles, ARootWithBracketsIsNoPattern) {
  const TemporaryDirectory folder;
  const std::string root = folder / "set [1]*";
  std::filesystem::create_directory(root);
  put_content(root + "/a.csv", "1");
  EXPECT_EQ(names_in(root, {"*.csv"}), (Texts{"a.csv"}));
}

TEST(InputFiles, ErrorsSayWhereTheyWereSought) {
  const TemporaryDirectory folder;
  put_content(folder / "empty.csv", "");
  std::filesystem::create_directory(folder / "dir");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto message = [&](const std::string& name) {
    return message_in(folder.path(), [&] {
      find_input_files({"data.train", {name}, folder.path()});
    });
  };
  const std::string origin = "(data.train; relative paths start at data.root = )";
  EXPECT_EQ(message("no.csv"), "/no.csv: no such file " + origin);
  EXPECT_EQ(message("empty.csv/x"), "/empty.csv/x: no such file " + origin);
  EXPECT_EQ(message("*.tsv"), "/*.tsv: no file matches " + origin);
  EXPECT_EQ(message("empty.csv"), "/empty.csv: empty file " + origin);
  EXPECT_EQ(message("dir"), "/dir: a directory; name the files in it, as in /dir/*.csv " + origin);
  EXPECT_EQ(message("pipe"),
            "/pipe: not a regular file; ranks read files by byte ranges " + origin);
  EXPECT_EQ(message(""), "data.train: an empty file name");
  EXPECT_EQ(message_of<MissingInputError>([] {
              find_input_files({"data.test", {"no.csv"}, ""});
            }),
            "no.csv: no such file (data.test; relative paths start in the working directory, "
            "data.root is not set)");
}

TEST(InputFiles, AFileThatMayNotBeReadIsRefused) {
  const TemporaryDirectory folder;
  put_content(folder / "secret.csv", "1");
  ASSERT_EQ(::chmod((folder / "secret.csv").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  // root may read everything: be somebody else for a moment.
  constexpr uid_t kNobody = 65534;
  const uid_t self = ::geteuid();
  if (self == 0) {
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const std::string message = message_of<MissingInputError>([&] {
    find_input_files({"data.train", {"secret.csv"}, folder.path()});
  });
  ASSERT_EQ(::seteuid(self), 0);
  EXPECT_EQ(message, folder / "secret.csv" +
                         ": cannot open: Permission denied (data.train; relative paths start at "
                         "data.root = " +
                         folder.path() + ")");
}

TEST(InputFiles, AreNamedByTheFirst) {
  EXPECT_EQ(name_of({{"a.csv", 1}}), "a.csv");
  EXPECT_EQ(name_of({{"a.csv", 1}, {"b.csv", 1}}), "a.csv and 1 more file");
  EXPECT_EQ(name_of({{"a.csv", 1}, {"b.csv", 1}, {"c.csv", 1}}), "a.csv and 2 more files");
}

}  // namespace
}  // namespace lockstep
