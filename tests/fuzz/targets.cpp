#include "tests/fuzz/targets.hpp"

#include <cstdio>
#include <cstdlib>

namespace lockstep::test {

std::vector<const FuzzTarget*> fuzz_targets() {
  return {&csv_target(), &libsvm_target(),      &idx_target(),   &npy_target(),
          &lsd_target(), &safetensors_target(), &config_target()};
}

void require(bool holds, std::string_view message) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %.*s\n", static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace lockstep::test
