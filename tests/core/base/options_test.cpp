#include "core/base/options.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

Option make(std::string name, OptionType type, std::string default_value) {
  Option option;
  option.name = std::move(name);
  option.type = type;
  option.default_value = std::move(default_value);
  return option;
}

/// One option of every type and kind of range.
std::vector<Option> options() {
  Option epochs = make("train.epochs", OptionType::integer, "10");
  epochs.min = 1;
  Option batch = make("train.batch_size", OptionType::integer, "256");
  batch.min = 1;
  batch.choices = {"all"};
  Option lanes = make("train.lanes", OptionType::integer, "auto");
  lanes.min = 1;
  lanes.max = 65536;
  lanes.power_of_two = true;
  lanes.choices = {"auto"};
  Option seed = make("train.seed", OptionType::integer, "1");
  seed.min = 0;
  seed.max = 0x1p63;
  Option rate = make("train.learning_rate", OptionType::real, "auto");
  rate.min = 0;
  rate.min_excluded = true;
  rate.choices = {"auto"};
  Option momentum = make("train.momentum", OptionType::real, "0");
  momentum.min = 0;
  momentum.max = 1;
  momentum.max_excluded = true;
  Option optimizer = make("train.optimizer", OptionType::choice, "adam");
  optimizer.choices = {"adam", "adamw", "sgd"};
  Option nesterov = make("train.nesterov", OptionType::flag, "false");
  Option hidden = make("model.hidden", OptionType::integers, "512,256");
  hidden.min = 1;
  Option rates = make("train.rates", OptionType::reals, "0.5");
  rates.max = 1;
  Option files = make("data.train", OptionType::texts, "");
  files.affects_result = false;
  Option target = make("data.target", OptionType::text, "");
  Option root = make("data.root", OptionType::path, "");
  root.affects_result = false;
  return {epochs,   batch,  lanes, seed,  rate,   momentum, optimizer,
          nesterov, hidden, rates, files, target, root};
}

/// The message with which a value is refused, or "accepted".
std::string error_of(const std::string& name, const std::string& value) {
  Settings settings(options());
  try {
    settings.set(name, value, Origin::file, "a.ini:1");
  } catch (const ConfigError& error) {
    EXPECT_FALSE(settings.given(name == "train.epoch" ? "train.epochs" : name));
    return error.what();
  }
  return "accepted";
}

/// The canonical text that a value is stored as.
std::string stored(const std::string& name, const std::string& value) {
  Settings settings(options());
  settings.set(name, value, Origin::file, "a.ini:1");
  return settings.text(name);
}

TEST(ParseReal, ReadsWholeDecimalNumbers) {
  double x = 0;
  EXPECT_TRUE(parse_real("0.1", x));
  EXPECT_EQ(x, 0.1);
  EXPECT_TRUE(parse_real("-1e-8", x));
  EXPECT_EQ(x, -1e-8);
  EXPECT_TRUE(parse_real(".5", x));
  EXPECT_EQ(x, 0.5);
  EXPECT_TRUE(parse_real("5.", x));
  EXPECT_EQ(x, 5);
  EXPECT_TRUE(parse_real("1E3", x));
  EXPECT_EQ(x, 1000);
  EXPECT_TRUE(parse_real("4.9406564584124654e-324", x));
  EXPECT_EQ(x, std::numeric_limits<double>::denorm_min());
}

TEST(ParseReal, RefusesTheRestAndLeavesTheNumberAlone) {
  double x = 7;
  for (const char* text :
       {"",    " ",      " 1",  "1 ",   "1 2",      "+1",    "0x10",   "0x1p3",  "nan", "-nan",
        "NAN", "nan(1)", "inf", "-inf", "infinity", "1e999", "-1e999", "1e-999", "1,5", "1.5.2",
        "1e",  "e1",     ".",   "-",    "--1",      "1f",    "1_000",  "٣"}) {
    EXPECT_FALSE(parse_real(text, x)) << text;
  }
  EXPECT_FALSE(parse_real(std::string_view("1\0", 2), x));
  EXPECT_EQ(x, 7);
}

TEST(ParseInteger, ReadsAllOfIndexAndNothingElse) {
  Index n = 0;
  EXPECT_TRUE(parse_integer("9223372036854775807", n));
  EXPECT_EQ(n, std::numeric_limits<Index>::max());
  EXPECT_TRUE(parse_integer("-9223372036854775808", n));
  EXPECT_EQ(n, std::numeric_limits<Index>::min());
  EXPECT_TRUE(parse_integer("007", n));
  EXPECT_EQ(n, 7);
  for (const char* text : {"", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "9223372036854775808",
                           "-9223372036854775809", "nan", "abc", "1a", "-"}) {
    EXPECT_FALSE(parse_integer(text, n)) << text;
  }
  EXPECT_EQ(n, 7);
}

TEST(FormatReal, IsTheShortestTextThatReadsBack) {
  EXPECT_EQ(format_real(0.1), "0.1");
  EXPECT_EQ(format_real(1), "1");
  EXPECT_EQ(format_real(1e-8), "1e-08");
  EXPECT_EQ(format_real(1.0 / 3), "0.3333333333333333");
  for (const double x : {0.1, 1.0 / 3, -1.7976931348623157e308, 5e-324, 1e22, 123456789.123}) {
    double back = 0;
    EXPECT_TRUE(parse_real(format_real(x), back));
    EXPECT_EQ(back, x);
  }
}

TEST(Trimmed, RemovesSpacesAndTabsAtTheEnds) {
  EXPECT_EQ(trimmed(" \ta b\t "), "a b");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Option, NamesItsTypeAndRange) {
  const Settings settings(options());
  const auto facts = [&](const char* name) {
    return settings.find(name)->type_name() + " | " + settings.find(name)->range_text();
  };
  EXPECT_EQ(facts("train.epochs"), "integer | ≥ 1");
  EXPECT_EQ(facts("train.batch_size"), "integer or all | ≥ 1");
  EXPECT_EQ(facts("train.lanes"), "power of two or auto | in [1, 65536]");
  EXPECT_EQ(facts("train.seed"), "integer | in [0, 2^63-1]");
  EXPECT_EQ(facts("train.learning_rate"), "real or auto | > 0");
  EXPECT_EQ(facts("train.momentum"), "real | in [0, 1)");
  EXPECT_EQ(facts("train.optimizer"), "one of adam, adamw, sgd | ");
  EXPECT_EQ(facts("train.nesterov"), "true or false | ");
  EXPECT_EQ(facts("model.hidden"), "list of integers | ≥ 1");
  EXPECT_EQ(facts("train.rates"), "list of reals | ≤ 1");
  EXPECT_EQ(facts("data.train"), "list of texts | ");
  EXPECT_EQ(facts("data.target"), "text | ");
  EXPECT_EQ(facts("data.root"), "path | ");
}

TEST(Option, WritesRoundBoundsInFull) {
  Option option = make("a.b", OptionType::integer, "1");
  option.min = 1;
  option.max = 1e9;
  EXPECT_EQ(option.range_text(), "in [1, 1000000000]");
  option.min = 0.25;
  option.min_excluded = true;
  EXPECT_EQ(option.range_text(), "in (0.25, 1000000000]");
}

TEST(Settings, SaysWhatWasExpectedAndFound) {
  EXPECT_EQ(error_of("train.epochs", "abc"), "train.epochs: expected an integer ≥ 1, found 'abc'");
  EXPECT_EQ(error_of("train.epochs", "-1"), "train.epochs: expected an integer ≥ 1, found '-1'");
  EXPECT_EQ(error_of("train.epochs", ""), "train.epochs: expected an integer ≥ 1, found ''");
  EXPECT_EQ(error_of("train.batch_size", "al"),
            "train.batch_size: expected an integer ≥ 1 or all, found 'al'");
  EXPECT_EQ(error_of("train.lanes", "3"),
            "train.lanes: expected a power of two in [1, 65536] or auto, found '3'");
  EXPECT_EQ(error_of("train.lanes", "131072"),
            "train.lanes: expected a power of two in [1, 65536] or auto, found '131072'");
  EXPECT_EQ(error_of("train.lanes", "0"),
            "train.lanes: expected a power of two in [1, 65536] or auto, found '0'");
  EXPECT_EQ(error_of("train.seed", "9223372036854775808"),
            "train.seed: expected an integer in [0, 2^63-1], found '9223372036854775808'");
  EXPECT_EQ(error_of("train.learning_rate", "-1"),
            "train.learning_rate: expected a real > 0 or auto, found '-1'");
  EXPECT_EQ(error_of("train.learning_rate", "0"),
            "train.learning_rate: expected a real > 0 or auto, found '0'");
  EXPECT_EQ(error_of("train.learning_rate", "nan"),
            "train.learning_rate: expected a real > 0 or auto, found 'nan'");
  EXPECT_EQ(error_of("train.learning_rate", "1e999"),
            "train.learning_rate: expected a real > 0 or auto, found '1e999'");
  EXPECT_EQ(error_of("train.momentum", "1"),
            "train.momentum: expected a real in [0, 1), found '1'");
  EXPECT_EQ(error_of("train.nesterov", "yes"),
            "train.nesterov: expected true or false, found 'yes'");
  EXPECT_EQ(error_of("data.target", "a\nb"),
            "data.target: expected text without control characters, found 'a\\x0ab'");
  EXPECT_EQ(error_of("data.train", "a\x01"),
            "data.train: expected text without control characters, found 'a\\x01'");
}

TEST(Settings, NamesTheWrongElementOfAList) {
  EXPECT_EQ(error_of("model.hidden", "0"),
            "model.hidden: expected integers ≥ 1 separated by commas, found '0'");
  EXPECT_EQ(error_of("model.hidden", ""),
            "model.hidden: expected integers ≥ 1 separated by commas, found ''");
  EXPECT_EQ(error_of("model.hidden", "512,,3"),
            "model.hidden: expected integers ≥ 1 separated by commas, found '' in '512,,3'");
  EXPECT_EQ(error_of("model.hidden", "512,x"),
            "model.hidden: expected integers ≥ 1 separated by commas, found 'x' in '512,x'");
  EXPECT_EQ(error_of("train.rates", "0.5,2"),
            "train.rates: expected reals ≤ 1 separated by commas, found '2' in '0.5,2'");
  EXPECT_EQ(error_of("data.train", "a.csv,"),
            "data.train: expected texts separated by commas, found '' in 'a.csv,'");
}

TEST(Settings, ListsTheKnownWordsAndSuggestsOne) {
  EXPECT_EQ(error_of("train.optimizer", "adm"),
            "train.optimizer: unknown value 'adm'; known: adam, adamw, sgd (did you mean 'adam'?)");
  EXPECT_EQ(error_of("train.optimizer", "newton"),
            "train.optimizer: unknown value 'newton'; known: adam, adamw, sgd");
  EXPECT_EQ(
      error_of("train.optimizer", "Adam"),
      "train.optimizer: unknown value 'Adam'; known: adam, adamw, sgd (did you mean 'adam'?)");
}

TEST(Settings, SuggestsAKeyForAnUnknownOne) {
  EXPECT_EQ(error_of("train.epoch", "3"),
            "unknown key 'train.epoch' (did you mean 'train.epochs'?)");
  const Settings settings(options());
  EXPECT_EQ(settings.nearest("model.momentum"), "train.momentum");  // right key, wrong section
  EXPECT_EQ(settings.nearest("epochs"), "train.epochs");
  EXPECT_EQ(settings.nearest("zzz.yyyyyyyyyyyy"), "");
  Settings changed(options());
  try {
    changed.set("zzz.yyyyyyyyyyyy", "1", Origin::file, "");
    FAIL() << "an unknown key was accepted";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "unknown key 'zzz.yyyyyyyyyyyy'");
  }
}

TEST(Settings, StoresEqualValuesAsEqualTexts) {
  EXPECT_EQ(stored("train.epochs", "0020"), "20");
  EXPECT_EQ(stored("train.momentum", "0.90"), "0.9");
  EXPECT_EQ(stored("train.momentum", "9e-1"), "0.9");
  EXPECT_EQ(stored("train.momentum", "-0"), "0");
  EXPECT_EQ(stored("train.learning_rate", "auto"), "auto");
  EXPECT_EQ(stored("train.lanes", "65536"), "65536");
  EXPECT_EQ(stored("train.seed", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(stored("model.hidden", " 64,\t032 "), "64,32");
  EXPECT_EQ(stored("train.rates", "1e0, -2.50"), "1,-2.5");
  EXPECT_EQ(stored("data.train", "a b.csv , *.csv"), "a b.csv,*.csv");
  EXPECT_EQ(stored("data.target", " as it is\t"), " as it is\t");
}

TEST(Settings, GivesTypedValues) {
  Settings settings(options());
  EXPECT_EQ(settings.integer("train.epochs"), 10);
  EXPECT_EQ(settings.real("train.momentum"), 0);
  EXPECT_FALSE(settings.flag("train.nesterov"));
  EXPECT_EQ(settings.text("train.optimizer"), "adam");
  EXPECT_EQ(settings.integers("model.hidden"), (std::vector<Index>{512, 256}));
  EXPECT_EQ(settings.reals("train.rates"), (std::vector<double>{0.5}));
  EXPECT_TRUE(settings.texts("data.train").empty());
  EXPECT_TRUE(settings.is_word("train.lanes", "auto"));
  EXPECT_FALSE(settings.is_word("train.batch_size", "all"));

  settings.set("train.batch_size", "all", Origin::file, "a.ini:3");
  settings.set("train.nesterov", "true", Origin::file, "a.ini:4");
  settings.set("data.train", "a.csv, b.csv", Origin::file, "a.ini:5");
  settings.set("data.target", "auto", Origin::file, "a.ini:6");
  EXPECT_TRUE(settings.is_word("train.batch_size", "all"));
  EXPECT_TRUE(settings.flag("train.nesterov"));
  EXPECT_EQ(settings.texts("data.train"), (std::vector<std::string>{"a.csv", "b.csv"}));
  EXPECT_FALSE(settings.is_word("data.target", "auto"));  // a column may be called so
}

TEST(Settings, HigherOriginWinsWhateverTheOrder) {
  Settings settings(options());
  EXPECT_EQ(settings.origin("train.epochs"), Origin::standard);
  EXPECT_EQ(settings.place("train.epochs"), "default");
  settings.set("train.epochs", "3", Origin::command_line, "command line");
  settings.set("train.epochs", "5", Origin::file, "a.ini:2");
  EXPECT_EQ(settings.integer("train.epochs"), 3);
  EXPECT_EQ(settings.origin("train.epochs"), Origin::command_line);
  EXPECT_EQ(settings.place("train.epochs"), "command line");
  EXPECT_THROW(settings.set("train.epochs", "x", Origin::file, "a.ini:2"), ConfigError);

  settings.set("train.momentum", "0.5", Origin::file, "a.ini:7");
  settings.set("train.momentum", "0.9", Origin::command_line, "command line");
  EXPECT_EQ(settings.real("train.momentum"), 0.9);
  EXPECT_TRUE(settings.given("train.momentum"));
  EXPECT_FALSE(settings.given("train.seed"));
}

TEST(Settings, ListsWhatAModelIsAFunctionOf) {
  Settings settings(options());
  settings.set("train.momentum", "0.90", Origin::file, "a.ini:7");
  const auto affecting = settings.affecting_result();
  EXPECT_EQ(affecting.size(), options().size() - 2);
  EXPECT_EQ(affecting.at("train.momentum"), "0.9");
  EXPECT_EQ(affecting.at("train.lanes"), "auto");
  EXPECT_EQ(affecting.count("data.root"), 0U);
  EXPECT_EQ(affecting.count("data.train"), 0U);
}

/// Of which columns may have values of their own.
std::vector<Option> options_of_columns() {
  Option scale = make("preprocess.scale", OptionType::choice, "none");
  scale.choices = {"none", "log1p"};
  scale.per_column = true;
  Option buckets = make("preprocess.buckets", OptionType::integer, "256");
  buckets.min = 1;
  buckets.per_column = true;
  const Option target = make("preprocess.target_scale", OptionType::text, "none");
  return {scale, buckets, target, make("train.epochs", OptionType::integer, "10")};
}

TEST(KeyParts, AColumnStandsBetweenTheFirstAndTheLastDot) {
  const auto parts = [](std::string_view name) {
    const KeyParts p = key_parts(name);
    return std::vector<std::string>{std::string(p.section), std::string(p.column),
                                    std::string(p.key)};
  };
  using Parts = std::vector<std::string>;
  EXPECT_EQ(parts("epochs"), (Parts{"", "", "epochs"}));
  EXPECT_EQ(parts("train.epochs"), (Parts{"train", "", "epochs"}));
  EXPECT_EQ(parts("preprocess.a.b c.scale"), (Parts{"preprocess", "a.b c", "scale"}));
  EXPECT_EQ(base_key("preprocess.a.b c.scale"), "preprocess.scale");
  EXPECT_EQ(base_key("train.epochs"), "train.epochs");
  EXPECT_EQ(base_key("epochs"), "epochs");
}

TEST(Settings, AColumnHasTheValuesThatItWasGiven) {
  Settings settings(options_of_columns());
  EXPECT_TRUE(settings.has_columns("preprocess"));
  EXPECT_FALSE(settings.has_columns("train"));
  EXPECT_TRUE(settings.takes("preprocess.a.b.scale"));
  EXPECT_EQ(settings.find("preprocess.a.b.scale"), nullptr);
  settings.set("preprocess.z.scale", "log1p", Origin::file, "a.ini:3");
  settings.set("preprocess.a.b.buckets", "07", Origin::command_line, "command line");
  settings.set("preprocess.z.buckets", "5", Origin::file, "a.ini:4");
  EXPECT_EQ(settings.text("preprocess.z.scale"), "log1p");
  EXPECT_EQ(settings.place("preprocess.z.scale"), "a.ini:3");
  EXPECT_EQ(settings.integer("preprocess.a.b.buckets"), 7);
  EXPECT_EQ(settings.integer("preprocess.buckets"), 256);
  EXPECT_EQ(settings.columns("preprocess"), (std::vector<std::string>{"a.b", "z"}));
  std::vector<std::string> names;
  for (const Option& option : settings.options()) names.push_back(option.name);
  EXPECT_EQ(names, (std::vector<std::string>{"preprocess.scale", "preprocess.buckets",
                                             "preprocess.target_scale", "preprocess.z.scale",
                                             "preprocess.z.buckets", "preprocess.a.b.buckets",
                                             "train.epochs"}));
  EXPECT_EQ(settings.affecting_result().at("preprocess.z.buckets"), "5");

  settings.set("preprocess.z.scale", "none", Origin::command_line, "command line");
  EXPECT_EQ(settings.text("preprocess.z.scale"), "none");
  settings.reset("preprocess.z.scale");
  EXPECT_EQ(settings.find("preprocess.z.scale"), nullptr);
  EXPECT_EQ(settings.columns("preprocess"), (std::vector<std::string>{"a.b", "z"}));
}

TEST(Settings, KeepWhatKeysAreToBeTriedWith) {
  Settings settings(options_of_columns());
  EXPECT_TRUE(settings.takes("sweep.train.epochs"));
  EXPECT_TRUE(settings.takes("sweep.preprocess.a.b.scale"));
  EXPECT_FALSE(settings.takes("sweep.train.epoch"));
  EXPECT_FALSE(settings.takes("sweep.epochs"));
  EXPECT_FALSE(settings.takes("sweep.sweep.train.epochs"));
  settings.set("sweep.train.epochs", "1, 2", Origin::file, "a.ini:3");
  settings.set("sweep.preprocess.z.scale", "any (text)", Origin::file, "a.ini:4");
  settings.set("sweep.train.epochs", "3", Origin::command_line, "command line");
  settings.set("sweep.train.epochs", "4", Origin::file, "a.ini:5");
  EXPECT_EQ(settings.swept(), (std::vector<std::string>{"preprocess.z.scale", "train.epochs"}));
  EXPECT_EQ(settings.text(swept_name("train.epochs")), "3");
  EXPECT_EQ(settings.place("sweep.train.epochs"), "command line");
  EXPECT_EQ(settings.text("train.epochs"), Settings(options_of_columns()).text("train.epochs"));
  EXPECT_EQ(settings.affecting_result(), Settings(options_of_columns()).affecting_result());
  EXPECT_EQ(settings.nearest("sweep.train.epoch"), "sweep.train.epochs");
  EXPECT_THROW(settings.set("sweep.train.epochs", "1\n2", Origin::file, ""), ConfigError);
  EXPECT_THROW(settings.set("sweep.train.epoch", "1", Origin::file, ""), ConfigError);
  settings.reset("sweep.train.epochs");
  EXPECT_EQ(settings.swept(), (std::vector<std::string>{"preprocess.z.scale"}));
}

TEST(Settings, RefusesKeysThatColumnsDoNotHave) {
  Settings settings(options_of_columns());
  const auto error = [&](const std::string& name, const std::string& value) -> std::string {
    try {
      settings.set(name, value, Origin::file, "a.ini:1");
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_EQ(error("preprocess.x.scal", "log1p"),
            "unknown key 'preprocess.x.scal' (did you mean 'preprocess.x.scale'?)");
  EXPECT_EQ(error("preprocess.x.epochs", "3"),
            "unknown key 'preprocess.x.epochs' (did you mean 'train.epochs'?)");
  EXPECT_EQ(error("train.x.epochs", "3"),
            "unknown key 'train.x.epochs' (did you mean 'train.epochs'?)");
  EXPECT_EQ(error("preprocess.x.scale", "log2"),
            "preprocess.x.scale: unknown value 'log2'; known: none, log1p (did you mean 'log1p'?)");
  for (const char* column : {"a #b", "#a", " a", "a;\t", "a ;b", "a\nb"}) {
    EXPECT_NE(error(std::string("preprocess.") + column + ".scale", "log1p").find("write ? for"),
              std::string::npos)
        << column;
  }
  EXPECT_TRUE(settings.columns("preprocess").empty()) << "nothing is left of what was refused";
}

TEST(Settings, AListMayHaveEmptyElementsWhereItSaysSo) {
  Option missing = make("data.missing", OptionType::texts, "");
  missing.empty_elements = true;
  Settings settings({missing, make("data.train", OptionType::texts, "")});
  settings.set("data.missing", "?, NA,,nan", Origin::file, "a.ini:1");
  EXPECT_EQ(settings.text("data.missing"), "?,NA,,nan");
  EXPECT_EQ(settings.texts("data.missing"), (std::vector<std::string>{"?", "NA", "", "nan"}));
  settings.set("data.missing", ",NA", Origin::file, "a.ini:1");
  EXPECT_EQ(settings.texts("data.missing"), (std::vector<std::string>{"", "NA"}));
  EXPECT_THROW(settings.set("data.train", "a,,b", Origin::file, "a.ini:2"), ConfigError);
}

TEST(Settings, ProgrammerErrorsAreLogicErrors) {
  const Settings settings(options());
  EXPECT_THROW(settings.text("train.epoch"), std::logic_error);
  EXPECT_THROW(settings.real("train.epochs"), std::logic_error);
  EXPECT_THROW(settings.integer("train.momentum"), std::logic_error);
  EXPECT_THROW(settings.integer("train.lanes"), std::logic_error);  // it is "auto"
  EXPECT_THROW(settings.real("train.learning_rate"), std::logic_error);
  EXPECT_THROW(settings.flag("train.optimizer"), std::logic_error);
  EXPECT_THROW(settings.texts("data.target"), std::logic_error);
  EXPECT_THROW(settings.integers("train.rates"), std::logic_error);
  EXPECT_THROW(settings.reals("model.hidden"), std::logic_error);
  EXPECT_THROW(
      Settings({make("a.b", OptionType::flag, "true"), make("a.b", OptionType::flag, "true")}),
      std::logic_error);
  EXPECT_THROW(Settings({make("a.b", OptionType::flag, "maybe")}), ConfigError);
}

TEST(Settings, NumbersDoNotDependOnTheLocale) {
  const char* old = std::setlocale(LC_NUMERIC, nullptr);
  const std::string before = old == nullptr ? "C" : old;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", ""}) std::setlocale(LC_NUMERIC, name);
  double x = 0;
  EXPECT_TRUE(parse_real("0.5", x));
  EXPECT_EQ(x, 0.5);
  EXPECT_EQ(format_real(0.5), "0.5");
  std::setlocale(LC_NUMERIC, before.c_str());
}

}  // namespace
}  // namespace lockstep
