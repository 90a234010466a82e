// The short form of fuzzing: every seed, and mutations of it, through every target. The long form
// is scripts/fuzz.sh.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/base/random.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

constexpr int kMutants = 1500;

/// Bytes and words that mean something to some reader.
const std::vector<std::string>& words() {
  static const std::vector<std::string> all{",",
                                            "\n",
                                            "\r\n",
                                            "\"",
                                            "\"\"",
                                            " ",
                                            "\t",
                                            "-",
                                            "1e999",
                                            "nan",
                                            "0x1F",
                                            "a",
                                            "[",
                                            "]",
                                            "=",
                                            "#",
                                            "{",
                                            "}",
                                            ":",
                                            "99999999999999999999",
                                            "\\",
                                            "\xff",
                                            std::string(4, '\0'),
                                            std::string("\0\0\x08\x03", 4),
                                            "\x1f\x8b",
                                            "\x93NUMPY",
                                            "'shape': (3, 2), ",
                                            "True",
                                            "<f8",
                                            "\xEF\xBB\xBF"};
  return all;
}

std::size_t below(RandomSequence& draws, std::size_t n) { return draws.below(n); }

std::string mutated(std::string text, RandomSequence& draws) {
  for (std::size_t changes = 1 + below(draws, 4); changes > 0; --changes) {
    const std::size_t at = below(draws, text.size() + 1);
    const std::size_t length = below(draws, std::min<std::size_t>(text.size() - at, 8) + 1);
    switch (below(draws, 5)) {
      case 0:
        text.insert(at, words()[below(draws, words().size())]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(below(draws, text.size() + 1), text.substr(at, length));
        break;
      case 3:
        text.resize(at);
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(draws.below(256));
    }
  }
  return text;
}

class FuzzTargets : public testing::TestWithParam<const FuzzTarget*> {};

TEST_P(FuzzTargets, HoldForMutatedSeeds) {
  const FuzzTarget& target = *GetParam();
  const RandomStream stream(1, Purpose::synthetic);
  for (const std::string& seed : target.seeds) target.run(seed);
  for (int mutant = 0; mutant < kMutants; ++mutant) {
    RandomSequence draws(stream, static_cast<std::uint64_t>(mutant));
    target.run(mutated(target.seeds[below(draws, target.seeds.size())], draws));
  }
}

INSTANTIATE_TEST_SUITE_P(Readers, FuzzTargets, testing::ValuesIn(fuzz_targets()),
                         [](const auto& instance) { return instance.param->name; });

}  // namespace
}  // namespace lockstep::test
