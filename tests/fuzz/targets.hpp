#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::test {

/// A reader that is fed anything. Beyond not crashing, each target has a property that must hold
/// for every input; it ends the process with a message when it does not.
struct FuzzTarget {
  std::string name;
  void (*run)(std::string_view input);
  std::vector<std::string> seeds;  ///< inputs that get far, to be mutated
};

const FuzzTarget& csv_target();          ///< read_csv: the same on one rank and on three
const FuzzTarget& libsvm_target();       ///< read_libsvm: the same on one rank and on three
const FuzzTarget& idx_target();          ///< read_idx: the same on one rank and on two
const FuzzTarget& npy_target();          ///< read_npy: the same on one rank and on three
const FuzzTarget& lsd_target();          ///< read_lsd: the same on one rank and on three
const FuzzTarget& safetensors_target();  ///< what decodes is written and read back the same
const FuzzTarget& config_target();       ///< every value that is read is written and read back

std::vector<const FuzzTarget*> fuzz_targets();

/// Ends the process with the message when `holds` is false: libFuzzer and ctest both notice.
void require(bool holds, std::string_view message);

}  // namespace lockstep::test
