#include "trainer/cli/sweep_space.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "trainer/cli/config_file.hpp"
#include "trainer/cli/option_schema.hpp"

namespace lockstep::trainer {
namespace {

using Texts = std::vector<std::string>;

Settings read(const std::string& sweep) {
  Settings settings(option_schema());
  EXPECT_EQ(read_config("[sweep]\n" + sweep, "a.ini", settings), Texts{}) << sweep;
  return settings;
}

Texts trials(const std::string& sweep) {
  const Settings settings = read(sweep);
  Texts texts;
  for (const Trial& trial : trials_of(settings, swept_keys(settings))) {
    texts.push_back(trial_text(trial));
  }
  return texts;
}

std::string error(const std::string& sweep) {
  try {
    trials(sweep);
  } catch (const PlacedConfigError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(SweepSpace, AGridIsEveryCombinationOfCanonicalValues) {
  EXPECT_EQ(trials("train.learning_rate = 0.10, 1e-2\ntrain.optimizer = sgd,adam\n"),
            (Texts{"train.learning_rate=0.1 train.optimizer=sgd",
                   "train.learning_rate=0.1 train.optimizer=adam",
                   "train.learning_rate=0.01 train.optimizer=sgd",
                   "train.learning_rate=0.01 train.optimizer=adam"}));
  EXPECT_EQ(trials("model.hidden = 64 | 64, 32 | 128"),
            (Texts{"model.hidden=64", "model.hidden=64,32", "model.hidden=128"}));
  EXPECT_EQ(trials("model.hidden = 64, 32"), (Texts{"model.hidden=64", "model.hidden=32"}))
      << "commas stand between values";
  EXPECT_EQ(trials("preprocess.total_rooms.scale = none, log1p"),
            (Texts{"preprocess.total_rooms.scale=none", "preprocess.total_rooms.scale=log1p"}));
}

TEST(SweepSpace, DrawsStayInTheirRange) {
  const Settings settings = read(
      "search = random\ntrials = 400\n"
      "penalty.l2 = log_uniform( 1e-6, 1e-2 )\n"
      "train.momentum = uniform(0.25, 0.75)\n"
      "train.batch_size = uniform(3, 5)\n");
  const std::vector<Trial> all = trials_of(settings, swept_keys(settings));
  ASSERT_EQ(all.size(), 400U);
  std::set<std::string> batches;
  int small = 0;
  double momentum = 0;
  for (const Trial& trial : all) {
    ASSERT_EQ(trial[0].key, "penalty.l2");
    const double l2 = std::stod(trial[0].value);
    EXPECT_TRUE(1e-6 <= l2 && l2 <= 1e-2) << l2;
    small += l2 < 1e-4 ? 1 : 0;
    batches.insert(trial[1].value);
    momentum += std::stod(trial[2].value) / 400;
    EXPECT_EQ(fmt::format("{:.3e}", l2), fmt::format("{:.3e}", std::stod(trial[0].value)));
    EXPECT_LE(trial[0].value.size(), std::string("1.234e-06").size()) << "four digits";
  }
  EXPECT_EQ(batches, (std::set<std::string>{"3", "4", "5"})) << "both ends among them";
  EXPECT_NEAR(small, 200, 50) << "half of the logarithms";
  EXPECT_NEAR(momentum, 0.5, 0.04);
}

TEST(SweepSpace, DrawsAreTheSameEveryTimeAndNoneTwice) {
  const std::string sweep =
      "search = random\ntrials = 50\ntrain.learning_rate = 1, 2, 3\ntrain.momentum = 0, 0.5\n";
  const Texts once = trials(sweep);
  EXPECT_EQ(once.size(), 6U) << "there are no more";
  EXPECT_EQ(std::set<std::string>(once.begin(), once.end()).size(), once.size());
  EXPECT_EQ(trials(sweep), once);
  Settings other = read(sweep);
  other.set("train.seed", "2", Origin::file, "");
  const std::vector<Trial> of_other = trials_of(other, swept_keys(other));
  EXPECT_NE(trial_text(of_other.front()) + trial_text(of_other[1]), once[0] + once[1]);
  const std::string range = "search = random\ntrials = 7\ntrain.learning_rate = uniform(1, 2)\n";
  EXPECT_EQ(trials(range).size(), 7U);
}

TEST(SweepSpace, DrawsFromANarrowRangeHaveMoreDigits) {
  const Texts drawn =
      trials("search = random\ntrials = 20\nadam.beta2 = uniform(0.9995, 0.9999)\n");
  EXPECT_EQ(drawn.size(), 20U);
}

TEST(SweepSpace, MistakesAreNamedWithTheirPlace) {
  EXPECT_EQ(error("train.learning_rate = 0.1, -1"),
            "a.ini:2: error: sweep.train.learning_rate: expected a real > 0 or auto, found '-1'");
  EXPECT_EQ(error("train.learning_rate = 0.1, 0.10"),
            "a.ini:2: error: sweep.train.learning_rate: has the value '0.1' twice");
  EXPECT_EQ(error("train.learning_rate = 0.1,"),
            "a.ini:2: error: sweep.train.learning_rate: expected a real > 0 or auto, found ''");
  EXPECT_EQ(error("train.optimizer = adm"),
            "a.ini:2: error: sweep.train.optimizer: unknown value 'adm'; known: adagrad, adam, "
            "adamw, amsgrad, lamb, lars, lbfgs, rmsprop, sgd (did you mean 'adam'?)");
  EXPECT_EQ(error("train.learning_rate = uniform(1, 2)"),
            "a.ini:2: error: sweep.train.learning_rate: a range has no end of values to try; list "
            "some, or set sweep.search = random");
  EXPECT_EQ(error("search = random\ntrain.learning_rate = uniform(2, 1)"),
            "a.ini:3: error: sweep.train.learning_rate: expected a lower and an upper number, "
            "found 'uniform(2, 1)'");
  EXPECT_EQ(error("search = random\ntrain.learning_rate = loguniform(1, 2)"),
            "a.ini:3: error: sweep.train.learning_rate: expected values, uniform(LOW, HIGH) or "
            "log_uniform(LOW, HIGH), found 'loguniform(1, 2)'");
  EXPECT_EQ(error("search = random\ntrain.learning_rate = log_uniform(1e-323, 1)"),
            "a.ini:3: error: sweep.train.learning_rate: log_uniform needs numbers above 0, found "
            "1e-323");
  EXPECT_EQ(error("search = random\npenalty.l2 = log_uniform(0, 1)"),
            "a.ini:3: error: sweep.penalty.l2: log_uniform needs numbers above 0, found 0");
  EXPECT_EQ(error("search = random\ntrain.optimizer = uniform(0, 1)"),
            "a.ini:3: error: sweep.train.optimizer: takes no number; list its values");
  EXPECT_EQ(error("data.folds = 3, 5"),
            "a.ini:2: error: sweep.data.folds: trials with other values would be measured on other "
            "rows; remove it");
  EXPECT_EQ(error("run.threads = 1, 2"),
            "a.ini:2: error: sweep.run.threads: it changes no model; remove it");
  EXPECT_EQ(error(""),
            "command line: error: sweep: there is nothing to try; set values of a key, as in "
            "--sweep.train.learning_rate=0.1,0.01");
  std::string many;
  for (int i = 1; i <= 101; ++i) many += fmt::format("{}{}", i == 1 ? "" : ",", i);
  EXPECT_EQ(error("train.batch_size = " + many + "\ntrain.epochs = " + many),
            "a.ini:3: error: sweep.train.epochs: makes more than 10000 trials; list fewer values, "
            "or set sweep.search = random");
}

TEST(SweepSpace, UnknownKeysAreUnknownThereToo) {
  Settings settings(option_schema());
  EXPECT_EQ(read_config("[sweep]\ntrain.learning_rat = 1\n", "a.ini", settings),
            Texts{"a.ini:2: error: unknown key 'sweep.train.learning_rat' (did you mean "
                  "'sweep.train.learning_rate'?)"});
  EXPECT_EQ(read_config("[sweep]\ntrain.momentum = 0\ntrain.momentum = 1\n", "a.ini", settings),
            Texts{"a.ini:3: error: duplicate key 'sweep.train.momentum', first on line 2"});
  EXPECT_EQ(read_config("[sweep]\nsweep.train.momentum = 0\n", "a.ini", settings).size(), 1U);
}

}  // namespace
}  // namespace lockstep::trainer
