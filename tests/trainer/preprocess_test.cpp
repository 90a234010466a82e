// Text, gaps and scales of columns as a user meets them: what train fits, evaluate and predict
// apply.

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/format/safetensors.hpp"
#include "tests/trainer/program_runner.hpp"
#include "trainer/run/model.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

/// Houses whose price follows from rooms, area and town; rooms and towns have gaps.
std::string houses(Index rows, std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  const Words towns{"Aarau", "\"Bern, old town\"", "Chur"};
  std::string text = "area,rooms,attic_rooms,town,code,price\n";
  for (Index i = 0; i < rows; ++i) {
    const auto town = draws.below(3);
    const auto rooms = 1 + draws.below(6);
    const auto area = 20 * rooms + draws.below(30);
    const auto attic = draws.below(3);
    const auto price = 3 * area + 50 * town + 10 * attic + draws.below(20);
    text += std::to_string(area) + "," + (draws.below(8) == 0 ? "?" : std::to_string(rooms)) + "," +
            std::to_string(attic) + "," + (draws.below(8) == 0 ? "" : towns[town]) + "," +
            std::to_string(100 + 7 * town) + "," + std::to_string(price) + "\n";
  }
  return text;
}

const char* const kConfig =
    "[data]\ntrain = train.csv\ntest = test.csv\ntarget = price\nmissing = ?,n/a\n"
    "categorical = code\n"
    "[preprocess]\nscale = standard\ntarget_scale = standard\nimpute = median\nencode = onehot\n"
    "[preprocess.area]\nscale = log1p\n"
    "[preprocess.*rooms]\nscale = robust\nindicator = yes\n"
    "[preprocess.town]\nimpute = constant\nfill = elsewhere\n"
    "[preprocess.code]\nimpute = most_frequent\n"
    "[model]\ntype = linear\n[train]\nepochs = 20\nlearning_rate = 0.05\n";

/// A folder with the houses and their configuration.
void write_houses(const TestFolder& folder) {
  folder.write("a.ini", kConfig);
  folder.write("train.csv", houses(1003, 1));
  folder.write("test.csv", houses(200, 2));
}

test::ProgramRun train(const TestFolder& folder, const Words& more = {}, int ranks = 0,
                       int threads = 1) {
  auto run = run_program(folder.path(), ranks,
                         Words{"train", "--config=a.ini", "--output.dir=run", "--overwrite"} + more,
                         threads);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run;
}

const Words kEvaluate{"evaluate", "--model=run/model.safetensors", "--json"};

TEST(PreprocessProgram, TrainsTheSameModelOnAnyRanksAndThreads) {
  const TestFolder folder;
  write_houses(folder);
  std::set<std::string> models;
  std::set<std::string> metrics;
  for (const auto& [ranks, threads] :
       std::vector<std::pair<int, int>>{{0, 1}, {0, 2}, {1, 1}, {2, 1}, {3, 2}, {4, 1}, {7, 2}}) {
    train(folder, {}, ranks, threads);
    models.insert(folder.read("run/model.safetensors"));
    metrics.insert(folder.read("run/metrics.jsonl"));
  }
  EXPECT_EQ(models.size(), 1U);
  EXPECT_EQ(metrics.size(), 1U);
  EXPECT_GT(json::parse(folder.read("run/result.json"))["test"]["r2"].get<double>(), 0.8);
}

TEST(PreprocessProgram, AResolvedConfigurationTrainsTheSameModel) {
  const TestFolder folder;
  write_houses(folder);
  train(folder, {"--preprocess.code.encode=hash", "--preprocess.code.buckets=5"});
  const std::string model = folder.read("run/model.safetensors");
  folder.write("a.ini", folder.read("run/config.ini"));
  train(folder);
  EXPECT_EQ(folder.read("run/model.safetensors"), model);
}

TEST(PreprocessProgram, EvaluatesAndPredictsAsItTrained) {
  const TestFolder folder;
  write_houses(folder);
  train(folder);
  const json result = json::parse(folder.read("run/result.json"));
  std::set<std::string> predictions;
  for (const int ranks : {0, 3}) {
    // That "?" is a missing cell is known from the model.
    const auto evaluated =
        run_program(folder.path(), ranks, kEvaluate + Words{"--data.test=test.csv"});
    ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
    EXPECT_EQ(json::parse(evaluated.out), result["test"]);
    EXPECT_EQ(evaluated.err, "");
    const auto predicted = run_program(
        folder.path(), ranks,
        {"predict", "--model=run/model.safetensors", "--data.test=test.csv", "--output=p.csv"});
    ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
    predictions.insert(folder.read("p.csv"));
  }
  EXPECT_EQ(predictions.size(), 1U);
  const auto inspected =
      run_program(folder.path(), 0, {"inspect", "run/model.safetensors", "--json"});
  EXPECT_EQ(
      json::parse(inspected.out)["inputs"],
      (Words{"area", "rooms", "rooms_missing", "attic_rooms", "town=Aarau", "town=Bern, old town",
             "town=Chur", "town=elsewhere", "code=100", "code=107", "code=114"}));
}

TEST(PreprocessProgram, IsTheSameAsAFileThatWasPreparedByHand) {
  const TestFolder folder;
  std::string raw = "n,c,y\n";
  std::string prepared = "n,n_missing,c=a,c=b,y\n";
  for (int i = 0; i < 500; ++i) {
    const bool gap = i % 7 == 3;
    const std::string y = i % 3 == 0 ? "no" : "yes";
    const std::string n = std::to_string(i % 13);
    raw += gap ? "" : n;
    raw += i % 2 == 0 ? ",a," : ",b,";
    raw += y + "\n";
    prepared += gap ? "2.5,1" : n + ",0";
    prepared += i % 2 == 0 ? ",1,0," : ",0,1,";
    prepared += y + "\n";
  }
  folder.write("raw.csv", raw);
  folder.write("prepared.csv", prepared);
  const Words model{
      "train",       "--model.type=softmax",       "--train.epochs=2", "--output.dir=run",
      "--overwrite", "--preprocess.n.scale=minmax"};
  const auto parameters = [&](const Words& more) {
    const auto run = run_program(folder.path(), 0, model + more);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return json::parse(folder.read("run/result.json"))["parameters_sha256"];
  };
  EXPECT_EQ(parameters({"--data.train=raw.csv", "--preprocess.c.encode=onehot",
                        "--preprocess.n.impute=constant", "--preprocess.n.fill=2.5",
                        "--preprocess.n.indicator=yes"}),
            parameters({"--data.train=prepared.csv"}));
}

TEST(PreprocessProgram, TellsOfUnknownCategories) {
  const TestFolder folder;
  folder.write("a.ini",
               "[data]\ntrain = train.csv\n[preprocess]\nencode = onehot\n"
               "[model]\ntype = linear\n[train]\nepochs = 1\n");
  folder.write("train.csv", "n,c,y\n1,red,1\n2,blue,2\n3,red,3\n");
  folder.write("test.csv", "n,c,y\n1,mauve,1\n2,red,2\n3,taupe,3\n4,mauve,4\n");
  const Words test = kEvaluate + Words{"--data.test=test.csv"};
  train(folder);
  const auto zero = run_program(folder.path(), 3, test);
  EXPECT_EQ(zero.exit_code, 0);
  EXPECT_EQ(zero.err,
            "warning: test.csv:2:2: column 'c': 3 cells of categories that the training data does "
            "not have, the first 'mauve', are 0 in all features of the column\n");
  train(folder, {"--preprocess.unknown=error"});
  const auto refused = run_program(folder.path(), 3, test);
  EXPECT_EQ(refused.exit_code, 65);
  EXPECT_EQ(refused.err,
            "lockstep: error: test.csv:2:2: category 'mauve' in column 'c' does not occur in the "
            "training data\n");
  train(folder, {"--preprocess.encode=ordinal", "--preprocess.c.impute=most_frequent"});
  const auto ordinal = run_program(folder.path(), 0, test);
  EXPECT_EQ(ordinal.exit_code, 0);
  EXPECT_EQ(ordinal.err,
            "warning: test.csv:2:2: column 'c': 3 cells of categories that the training data does "
            "not have, the first 'mauve', are taken as missing\n");
  train(folder, {"--preprocess.encode=ordinal"});
  EXPECT_EQ(run_program(folder.path(), 0, test).err, refused.err);
  train(folder, {"--preprocess.encode=hash", "--preprocess.buckets=8"});
  const auto hashed = run_program(folder.path(), 0, test);
  EXPECT_EQ(hashed.exit_code, 0);
  EXPECT_EQ(hashed.err, "");
}

TEST(PreprocessProgram, AHashDependsOnTheTextAlone) {
  const TestFolder folder;
  folder.write("a.ini",
               "[data]\ntrain = train.csv\n[preprocess]\nencode = hash\nbuckets = 64\n"
               "[model]\ntype = linear\n[train]\nepochs = 3\n");
  folder.write("train.csv", "n,c,y\n1,red,1\n2,blue,2\n3,red,3\n");
  train(folder);
  const auto predicted = [&](const std::string& rows) {
    folder.write("test.csv", "n,c\n" + rows);
    const auto run = run_program(
        folder.path(), 2,
        {"predict", "--model=run/model.safetensors", "--data.test=test.csv", "--output=p.csv"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const std::string text = folder.read("p.csv");
    return text.substr(text.find('\n') + 1);
  };
  const std::string red = predicted("1,red\n");
  const std::string other = predicted("1,unheard of\n");
  EXPECT_NE(red, other);
  EXPECT_EQ(
      predicted("1,unheard of\n1,red\n1,a\n1,unheard of\n").substr(0, other.size() + red.size()),
      other + red);
}

TEST(PreprocessProgram, FillsColumnsThatHadNoGapsAndRefusesOthers) {
  const TestFolder folder;
  folder.write("a.ini",
               "[data]\ntrain = train.csv\n[preprocess.a]\nimpute = median\n"
               "[model]\ntype = linear\n[train]\nepochs = 1\n");
  folder.write("train.csv", "a,b,y\n1,1,1\n5,2,2\n3,3,3\n");
  train(folder);
  folder.write("test.csv", "a,b,y\n,1,1\n3,1,1\n");
  EXPECT_EQ(run_program(folder.path(), 2, kEvaluate + Words{"--data.test=test.csv"}).exit_code, 0);
  folder.write("test.csv", "a,b,y\n1,1,1\n2,,1\n");
  const auto run = run_program(folder.path(), 2, kEvaluate + Words{"--data.test=test.csv"});
  EXPECT_EQ(run.exit_code, 65);
  EXPECT_EQ(run.err, "lockstep: error: test.csv:3:2: missing value in column 'b'\n");
}

/// Lets `damage` change the metadata of the model of the houses; returns what evaluate says of it.
test::ProgramRun evaluate_changed(const std::function<void(Metadata&)>& change) {
  const TestFolder folder;
  write_houses(folder);
  train(folder);
  const SafetensorsFile file = read_safetensors(folder.file("run/model.safetensors"));
  Metadata metadata = file.metadata();
  change(metadata);
  write_model_file(folder.file("run/model.safetensors"), file.tensors(), metadata);
  return run_program(folder.path(), 2, kEvaluate + Words{"--data.test=test.csv"});
}

TEST(PreprocessProgram, RefusesDamagedTransforms) {
  const auto error_with = [](const std::function<void(json&)>& change) {
    const auto run = evaluate_changed([&](Metadata& metadata) {
      json transform = json::parse(metadata.at("feature_transform"));
      change(transform);
      metadata["feature_transform"] = transform.dump();
    });
    EXPECT_EQ(run.exit_code, 65);
    const std::string place = "lockstep: error: run/model.safetensors: damaged model description: ";
    EXPECT_EQ(run.err.substr(0, place.size()), place);
    return run.err.substr(place.size());
  };
  EXPECT_EQ(error_with([](json& t) { t["version"] = 7; }),
            "feature_transform: version: expected an integer in [1, 1]\n");
  EXPECT_EQ(error_with([](json& t) { t["columns"].erase(0); }),
            "feature_transform: columns: expected a list of 5\n");
  EXPECT_EQ(error_with([](json& t) { t["columns"][3]["fill"] = 4; }),
            "feature_transform: column 'town': fill: expected an integer in [0, 3]\n");
  EXPECT_EQ(error_with([](json& t) { t["columns"][1]["scaling"]["scale"] = 0; }),
            "feature_transform: column 'rooms': scaling: scale: expected a number > 0\n");
  EXPECT_EQ(error_with([](json& t) { t["columns"][1].erase("indicator"); }),
            "as many features as network inputs were expected\n");
}

TEST(PreprocessProgram, ReadsModelsOfTheFormerFormat) {
  const TestFolder folder;
  const Words data{"--synthetic.kind=linear", "--synthetic.features=3", "--synthetic.rows=300",
                   "--synthetic.test_rows=50"};
  ASSERT_EQ(run_program(folder.path(), 0,
                        Words{"train", "--model.type=linear", "--train.epochs=1",
                              "--preprocess.scale=minmax", "--preprocess.target_scale=standard",
                              "--output.dir=run"} +
                            data)
                .exit_code,
            0);
  const SafetensorsFile file = read_safetensors(folder.file("run/model.safetensors"));
  Metadata metadata = file.metadata();
  const json columns = json::parse(metadata.at("feature_transform")).at("columns");
  json former{{"kind", "minmax"}};
  for (const json& column : columns) {
    former["offset"].push_back(column["scaling"]["offset"]);
    former["scale"].push_back(column["scaling"]["scale"]);
  }
  const json target = json::parse(metadata.at("target_scaling"));
  metadata["format"] = "1";
  metadata["feature_scaling"] = former.dump();
  metadata["target_scaling"] = json{
      {"kind", "standard"},
      {"offset", {target["offset"]}},
      {"scale", {target["scale"]}}}.dump();
  metadata.erase("feature_transform");
  metadata.erase("checksum");
  write_safetensors(folder.file("run/model.safetensors"), file.tensors(), metadata);
  const auto run = run_program(folder.path(), 2, kEvaluate + data);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(json::parse(run.out), json::parse(folder.read("run/result.json"))["test"]);
}

}  // namespace
}  // namespace lockstep::trainer
