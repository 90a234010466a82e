// The entry point that libFuzzer calls; LOCKSTEP_FUZZ_TARGET names the function of the target.
// With LOCKSTEP_FUZZ_SEEDS=FOLDER it first writes the target's seeds there.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/fuzz/targets.hpp"

namespace {

void write_seeds(const std::string& folder) {
  int number = 0;
  for (const std::string& seed : lockstep::test::LOCKSTEP_FUZZ_TARGET().seeds) {
    std::ofstream(folder + "/seed-" + std::to_string(++number), std::ios::binary) << seed;
  }
}

}  // namespace

// The names are libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  if (const char* folder = std::getenv("LOCKSTEP_FUZZ_SEEDS"); folder != nullptr) {
    write_seeds(folder);
  }
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lockstep::test::LOCKSTEP_FUZZ_TARGET().run(
      std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
