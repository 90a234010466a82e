#include "trainer/cli/config_file.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "trainer/cli/option_schema.hpp"

namespace lockstep::trainer {
namespace {

using Errors = std::vector<std::string>;

/// The settings after reading `text`, which must be without errors.
Settings read(const std::string& text) {
  Settings settings(option_schema());
  EXPECT_EQ(read_config(text, "a.ini", settings), Errors{}) << text;
  return settings;
}

Errors errors_of(const std::string& text) {
  Settings settings(option_schema());
  return read_config(text, "a.ini", settings);
}

std::string weight_of(const std::string& assignment) {
  return read("[data]\n" + assignment + "\n").text("data.weight");
}

TEST(ConfigFile, ReadsSectionsKeysAndTheirPlaces) {
  const Settings settings = read(
      "# an experiment\n"
      "\n"
      "[train]\n"
      "epochs = 3\n"
      "  learning_rate=0.5  \n"
      "[ model ]   ; with blanks\n"
      "\thidden = 64, 32\n"
      "[train]\n"
      "batch_size = all");
  EXPECT_EQ(settings.integer("train.epochs"), 3);
  EXPECT_EQ(settings.real("train.learning_rate"), 0.5);
  EXPECT_EQ(settings.integers("model.hidden"), (std::vector<Index>{64, 32}));
  EXPECT_TRUE(settings.is_word("train.batch_size", "all"));
  EXPECT_EQ(settings.place("train.epochs"), "a.ini:4");
  EXPECT_EQ(settings.place("train.batch_size"), "a.ini:9");
  EXPECT_EQ(settings.origin("train.epochs"), Origin::file);
  EXPECT_EQ(settings.origin("train.seed"), Origin::standard);
}

TEST(ConfigFile, NothingIsAConfigurationToo) {
  for (const char* text :
       {"", "\n", "\r\n\r\n", "# only a comment", "; and another", "[train]", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(errors_of(text), Errors{}) << text;
  }
}

TEST(ConfigFile, TakesLineEndsAndByteOrderMarkOfWindows) {
  const Settings settings = read("\xEF\xBB\xBF[train]\r\nepochs = 3\r\n\r\n# done\r\n");
  EXPECT_EQ(settings.integer("train.epochs"), 3);
  EXPECT_EQ(settings.place("train.epochs"), "a.ini:2");
}

TEST(ConfigFile, CommentsStartAfterABlankOnly) {
  EXPECT_EQ(weight_of("weight = a # b"), "a");
  EXPECT_EQ(weight_of("weight = a ; b"), "a");
  EXPECT_EQ(weight_of("weight = a\t# b"), "a");
  EXPECT_EQ(weight_of("weight = a#b;c"), "a#b;c");
  EXPECT_EQ(weight_of("weight =#1"), "#1");
  EXPECT_EQ(weight_of("weight = # nothing"), "");
  EXPECT_EQ(weight_of("weight ="), "");
  EXPECT_EQ(weight_of("weight = a = b"), "a = b");
  EXPECT_EQ(weight_of("  # indented comment = 1"), "");
}

TEST(ConfigFile, NoLineContinues) {
  const Settings settings = read("[data]\nweight = a\\\nignore = b\n");
  EXPECT_EQ(settings.text("data.weight"), "a\\");
  EXPECT_EQ(settings.texts("data.ignore"), (std::vector<std::string>{"b"}));
}

TEST(ConfigFile, QuotesKeepWhatTheyHold) {
  EXPECT_EQ(weight_of("weight = \"a # b\""), "a # b");
  EXPECT_EQ(weight_of("weight = \" a \"  # why"), " a ");
  EXPECT_EQ(weight_of("weight = \"\""), "");
  EXPECT_EQ(weight_of(R"(weight = "C:\x \"y\" \\")"), R"(C:\x "y" \)");
  EXPECT_EQ(weight_of("weight = a \"b\""), "a \"b\"");
  EXPECT_EQ(errors_of("[data]\nweight = \"a # b"),
            Errors{"a.ini:2: error: data.weight: expected a closing '\"', found '\"a # b'"});
  EXPECT_EQ(errors_of("[data]\nweight = \"a\\\""),
            Errors{"a.ini:2: error: data.weight: expected a closing '\"', found '\"a\\\"'"});
  EXPECT_EQ(errors_of("[data]\nweight = \"a\" b"),
            Errors{"a.ini:2: error: data.weight: expected a comment or nothing after the closing "
                   "'\"', found 'b'"});
  EXPECT_EQ(errors_of("[data]\nweight = \"a\"#b"),
            Errors{"a.ini:2: error: data.weight: expected a comment or nothing after the closing "
                   "'\"', found '#b'"});
}

TEST(ConfigFile, ValuesReadBackAsTheyWere) {
  for (const char* value : {"", "a", "a b", " a", "a ", "\ta", "#a", "a #b", "a;b", "; a", "a#b",
                            "\"", "\"a\"", "a\"b", "\\", "\" # \\\\\" ;", "=", "[x]", "größer"}) {
    EXPECT_EQ(weight_of("weight = " + config_value(value)), value);
    EXPECT_EQ(weight_of("weight = " + config_value(value) + "  # default"), value);
  }
  EXPECT_EQ(config_value("a b"), "a b");
  EXPECT_EQ(config_value("a #b"), "\"a #b\"");
}

TEST(ConfigFile, ReportsEveryErrorWithItsLine) {
  Settings settings(option_schema());
  const Errors errors = read_config(
      "epochs = 3\n"
      "[train]\n"
      "epoch = 3\n"
      "epochs = 5\n"
      "epochs = 6\n"
      "batch_size = -1\n"
      "learning_rate = nan\n"
      "momentum 0.9\n"
      "= 4\n"
      "optimizer = adm\n"
      "[trian]\n"
      "anything = goes\n"
      "[model\n"
      "type = mlp\n"
      "[penalty]\n"
      "l2 = 1e999\n",
      "conf/quickstart.ini", settings);
  EXPECT_EQ(
      errors,
      (Errors{
          "conf/quickstart.ini:1: error: key 'epochs' outside a section; did you mean "
          "'epochs' below '[train]'?",
          "conf/quickstart.ini:3: error: unknown key 'train.epoch' (did you mean "
          "'train.epochs'?)",
          "conf/quickstart.ini:5: error: duplicate key 'train.epochs', first on line 4",
          "conf/quickstart.ini:6: error: train.batch_size: expected an integer ≥ 1 or all, "
          "found '-1'",
          "conf/quickstart.ini:7: error: train.learning_rate: expected a real > 0 or auto, "
          "found 'nan'",
          "conf/quickstart.ini:8: error: expected 'key = value', found 'momentum 0.9'",
          "conf/quickstart.ini:9: error: expected a key before '=', found '= 4'",
          "conf/quickstart.ini:10: error: train.optimizer: unknown value 'adm'; known: "
          "adagrad, adam, adamw, amsgrad, lamb, lars, lbfgs, rmsprop, sgd (did you mean 'adam'?)",
          "conf/quickstart.ini:11: error: unknown section '[trian]' (did you mean "
          "'[train]'?)",
          "conf/quickstart.ini:13: error: expected ']' after a section's name, found "
          "'[model'",
          "conf/quickstart.ini:16: error: penalty.l2: expected a real ≥ 0, found '1e999'",
      }));
  EXPECT_EQ(settings.integer("train.epochs"), 5);
}

TEST(ConfigFile, AColumnMayHaveASectionOfItsOwn) {
  const Settings settings = read(
      "[preprocess]\nscale = standard\n[preprocess.total_rooms]\nscale = log1p\n"
      "[preprocess.fixed acidity]  # with a blank\nimpute = mean\n[preprocess.a.b*]\nscale = "
      "none\n");
  EXPECT_EQ(settings.text("preprocess.scale"), "standard");
  EXPECT_EQ(settings.text("preprocess.total_rooms.scale"), "log1p");
  EXPECT_EQ(settings.place("preprocess.total_rooms.scale"), "a.ini:4");
  EXPECT_EQ(settings.text("preprocess.fixed acidity.impute"), "mean");
  EXPECT_EQ(settings.text("preprocess.a.b*.scale"), "none");
  EXPECT_EQ(errors_of("[preprocess.x]\nscal = none\nscale = none\nscale = log1p\n"
                      "[preprocess.]\nscale = none\n[train.x]\nepochs = 3\n"),
            (Errors{"a.ini:2: error: unknown key 'preprocess.x.scal' (did you mean "
                    "'preprocess.x.scale'?)",
                    "a.ini:4: error: duplicate key 'preprocess.x.scale', first on line 3",
                    "a.ini:5: error: unknown section '[preprocess.]' (did you mean "
                    "'[preprocess]'?)",
                    "a.ini:7: error: unknown section '[train.x]' (did you mean '[train]'?)"}));
}

TEST(ConfigFile, TellsASectionFromAKey) {
  EXPECT_EQ(errors_of("[]"), Errors{"a.ini:1: error: unknown section '[]'"});
  EXPECT_EQ(errors_of("[zzzzzzzzz]\n"), Errors{"a.ini:1: error: unknown section '[zzzzzzzzz]'"});
  EXPECT_EQ(errors_of("[train] epochs = 3"),
            Errors{"a.ini:1: error: expected ']' after a section's name, found '[train] epochs = "
                   "3'"});
  EXPECT_EQ(errors_of("train.epochs = 3"),
            Errors{"a.ini:1: error: key 'train.epochs' outside a section; did you mean 'epochs' "
                   "below '[train]'?"});
  EXPECT_EQ(errors_of("zzzzzzzzzzzz = 3"),
            Errors{"a.ini:1: error: key 'zzzzzzzzzzzz' outside a section"});
  EXPECT_EQ(errors_of("[adam]\nmomentum = 0.9"),
            Errors{"a.ini:2: error: unknown key 'adam.momentum' (did you mean "
                   "'train.momentum'?)"});
  EXPECT_EQ(errors_of("[train]\nepochs # = 3"),
            Errors{"a.ini:2: error: expected 'key = value', found 'epochs # = 3'"});
  EXPECT_EQ(errors_of("[train]\nEpochs = 3"),
            Errors{"a.ini:2: error: unknown key 'train.Epochs' (did you mean 'train.epochs'?)"});
}

TEST(ConfigFile, EscapesWhatIsNoText) {
  EXPECT_EQ(errors_of(std::string("\x89PNG\x00\x01", 6)),
            Errors{"a.ini:1: error: expected 'key = value', found '\\x89PNG\\x00\\x01'"});
}

class LoadConfigText : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  std::string write(const char* name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("lockstep-config-" +
       std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

template <class ErrorType>
std::string message_of(const std::string& path) {
  try {
    load_config_text(path);
  } catch (const ErrorType& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(LoadConfigText, ReadsBytesAsTheyAre) {
  const std::string text("[train]\r\nepochs = 3\n\0", 21);
  EXPECT_EQ(load_config_text(write("a.ini", text)), text);
  EXPECT_EQ(load_config_text(write("empty.ini", "")), "");
  const std::string largest(1 << 20, '#');
  EXPECT_EQ(load_config_text(write("largest.ini", largest)), largest);
}

TEST_F(LoadConfigText, NamesTheFileThatItCannotRead) {
  EXPECT_EQ(message_of<MissingInputError>(path("none.ini")),
            path("none.ini") + ": no such configuration file");
  EXPECT_EQ(message_of<MissingInputError>(path("")),
            path("") + ": expected a configuration file, found a directory");
  const std::string large = write("large.ini", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(message_of<ConfigError>(large),
            large + ": expected a configuration file, found more than 1 MiB");
}

TEST_F(LoadConfigText, NamesTheFileThatCannotBeOpenedOrRead) {
  // A socket can be opened by nobody, not even root; address 0 of this process is never mapped.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path("socket");
  ASSERT_LT(name.size(), sizeof(address.sun_path));
  name.copy(address.sun_path, name.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(message_of<MissingInputError>(name),
            name + ": cannot open the configuration file: No such device or address");
  close(descriptor);
  EXPECT_EQ(message_of<IoError>("/proc/self/mem"), "/proc/self/mem: reading failed");
}

}  // namespace
}  // namespace lockstep::trainer
