#include "core/format/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "tests/core/format/temporary_directory.hpp"

namespace lockstep {
namespace {

using test::content_of;
using test::message_of;
using test::put_content;
using test::TemporaryDirectory;

/// While it lives, no file of this process grows beyond `bytes`: a full disk for tests.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  FileSizeLimit(FileSizeLimit&&) = delete;
  FileSizeLimit& operator=(FileSizeLimit&&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  using Handler = void (*)(int);
  Handler handler_;
  rlimit before_{};
};

TEST(AtomicFile, AppearsWithTheCommit) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.txt";
  {
    AtomicFile file(path);
    file.write("one ");
    file.write("two");
    EXPECT_FALSE(std::filesystem::exists(path));
    file.commit();
  }
  EXPECT_EQ(content_of(path), "one two");
  EXPECT_EQ(directory.names(), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, WithoutCommitNothingIsLeftAndTheOldFileStays) {
  const TemporaryDirectory directory;
  put_content(directory / "a.txt", "old");
  {
    AtomicFile file(directory / "a.txt");
    file.write("new");
  }
  EXPECT_EQ(content_of(directory / "a.txt"), "old");
  EXPECT_EQ(directory.names(), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, ReplacesALongerFile) {
  const TemporaryDirectory directory;
  put_content(directory / "a.txt", "a long old content");
  put_content(directory / "a.txt.tmp", "left by a killed run, and longer still than the other");
  write_text_file(directory / "a.txt", "new");
  EXPECT_EQ(content_of(directory / "a.txt"), "new");
  EXPECT_EQ(directory.names(), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, WorksInTheCurrentDirectory) {
  const TemporaryDirectory directory;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  write_text_file("a.txt", "text");
  std::filesystem::current_path(before);
  EXPECT_EQ(content_of(directory / "a.txt"), "text");
}

TEST(AtomicFile, NamesThePathThatCannotBeCreated) {
  const TemporaryDirectory directory;
  put_content(directory / "file", "");
  std::filesystem::create_directory(directory / "folder");
  const auto message = [&](const std::string& path) {
    return message_of<OutputError>([&] { write_text_file(path, "x"); });
  };
  EXPECT_EQ(message(directory / "none/a.txt"),
            directory / "none/a.txt: cannot create: No such file or directory");
  EXPECT_EQ(message(directory / "file/a.txt"),
            directory / "file/a.txt: cannot create: Not a directory");
  EXPECT_EQ(message(directory / "folder"), directory / "folder: cannot create: Is a directory");
  EXPECT_EQ(directory.names(), (std::vector<std::string>{"file", "folder"}));
}

TEST(AtomicFile, KeepsTheModeOfTheFileThatItReplaces) {
  using std::filesystem::perms;
  const TemporaryDirectory directory;
  put_content(directory / "file", "old");
  std::filesystem::permissions(directory / "file", perms::owner_read | perms::group_read);
  PendingFile pending(directory / "file");
  FileDescriptor first = pending.create();
  const auto mode_of = [&](const char* name) {
    return std::filesystem::status(directory / name).permissions();
  };
  EXPECT_NE(mode_of("file.tmp") & perms::owner_write, perms::none) << "others open it to write";
  first.close();
  pending.commit();
  EXPECT_EQ(mode_of("file"), perms::owner_read | perms::group_read);
}

TEST(AtomicFile, FollowsLinksAndSparesWhatIsNoRegularFile) {
  const TemporaryDirectory directory;
  put_content(directory / "real", "old");
  std::filesystem::create_symlink("real", directory / "link");
  write_text_file(directory / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "link"));
  EXPECT_EQ(content_of(directory / "real"), "new");
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(message_of<OutputError>([&] { const AtomicFile file(directory / "pipe"); }),
            directory / "pipe: cannot create: there is one that is no regular file");
  EXPECT_EQ(directory.names(), (std::vector<std::string>{"link", "pipe", "real"}));
}

TEST(AtomicFile, ADirectoryThatAppearsMeanwhileIsAnError) {
  const TemporaryDirectory directory;
  {
    AtomicFile file(directory / "a.txt");
    std::filesystem::create_directory(directory / "a.txt");
    EXPECT_EQ(message_of<OutputError>([&] { file.commit(); }),
              directory / "a.txt: cannot create: Is a directory");
  }
  EXPECT_EQ(directory.names(), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, AFailedWriteLeavesNothing) {
  const TemporaryDirectory directory;
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message =
        message_of<IoError>([&] { write_text_file(directory / "a.txt", std::string(2000, 'x')); });
  }
  EXPECT_EQ(message, directory / "a.txt: cannot write: File too large");
  EXPECT_TRUE(directory.names().empty());
}

TEST(LineFile, AppendsToWhatIsThereAndEveryLineIsVisibleAtOnce) {
  const TemporaryDirectory directory;
  const std::string path = directory / "metrics.jsonl";
  {
    LineFile file(path);
    file.append_line("{\"epoch\":1}");
    EXPECT_EQ(content_of(path), "{\"epoch\":1}\n");
  }
  LineFile file(path);
  file.append_line("");
  file.append_line("{\"epoch\":2}");
  EXPECT_EQ(content_of(path), "{\"epoch\":1}\n\n{\"epoch\":2}\n");
}

TEST(LineFile, LeavesNoPieceOfALine) {
  const TemporaryDirectory directory;
  const std::string path = directory / "metrics.jsonl";
  LineFile file(path);
  file.append_line("{\"epoch\":1}");
  std::string message;
  {
    const FileSizeLimit limit(20);  // the second line crosses it
    message = message_of<IoError>([&] { file.append_line("{\"epoch\":2}"); });
  }
  EXPECT_EQ(message, path + ": cannot write: File too large");
  EXPECT_EQ(content_of(path), "{\"epoch\":1}\n");
  file.append_line("{\"epoch\":2}");
  EXPECT_EQ(content_of(path), "{\"epoch\":1}\n{\"epoch\":2}\n");
}

TEST(LineFile, ReportsWhatFails) {
  const TemporaryDirectory directory;
  const std::string missing = directory / "none/a.jsonl";
  EXPECT_EQ(message_of<OutputError>([&] { LineFile file(missing); }),
            missing + ": cannot create: No such file or directory");
  LineFile full("/dev/full");  // takes nothing, as a full disk
  EXPECT_EQ(message_of<IoError>([&] { full.append_line("x"); }),
            "/dev/full: cannot write: No space left on device");
}

}  // namespace
}  // namespace lockstep
