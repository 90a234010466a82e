// Damage to a model file is seen, wherever it is.

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/format/file_descriptor.hpp"
#include "core/format/safetensors.hpp"
#include "tests/trainer/program_runner.hpp"
#include "trainer/run/model.hpp"

namespace lockstep::trainer {
namespace {

using test::run_program;
using test::TestFolder;

/// What reading a model does with these bytes: true where it takes them.
bool is_taken(const std::string& text) {
  try {
    const SafetensorsFile file =
        decode_safetensors("model", std::as_bytes(std::span<const char>(text)));
    check_model_file(file);
    read_model(file);
    return true;
  } catch (const DataError&) {
    return false;
  }
}

TEST(ModelFile, TenThousandFlippedBitsAndCutsAreSeen) {
  const TestFolder folder;
  const std::vector<std::vector<std::string>> kinds{
      {"--model.type=mlp", "--model.hidden=7", "--preprocess.scale=standard"},
      {"--model.type=naive_bayes"}};
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    std::vector<std::string> arguments{"train", "--output.dir=run", "--overwrite",
                                       "--synthetic.kind=blobs", "--synthetic.rows=200"};
    arguments.insert(arguments.end(), kinds[kind].begin(), kinds[kind].end());
    ASSERT_EQ(run_program(folder.path(), 0, arguments).exit_code, 0);
    const std::string whole = folder.read("run/model.safetensors");
    ASSERT_TRUE(is_taken(whole));
    const RandomStream random(kind + 1, Purpose::synthetic);
    for (std::uint64_t trial = 0; trial < 5000; ++trial) {
      const auto words = random.words(trial);
      const auto at = static_cast<std::size_t>(words[0] % whole.size());
      std::string damaged = whole;
      if (trial % 10 == 0) {
        damaged.resize(at);
      } else {
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << (words[1] % 8)));
      }
      EXPECT_FALSE(is_taken(damaged)) << "trial " << trial << " at " << at;
    }
  }
}

}  // namespace
}  // namespace lockstep::trainer
