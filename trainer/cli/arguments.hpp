#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep::trainer {

/// A configuration key that the command line sets.
struct Override {
  std::string key;  ///< known, "section.key"
  std::string value;
};

/// The command line, taken apart. The values of configuration keys are not checked here but when
/// they are resolved against the configuration file.
struct Arguments {
  std::string command;  ///< empty for `lockstep --help` and `lockstep --version`
  std::string config_file;
  std::vector<Override> overrides;  ///< in the order given, no key twice
  bool help = false;
  bool version = false;
  bool json = false;
  bool overwrite = false;
  std::string resume;     ///< of train: the directory of a run
  std::string run;        ///< of verify and bisect: the directory of a run
  std::string other_run;  ///< of bisect: that of another
  Index epoch = 0;        ///< of verify; 0 when it is not given
  std::string model;
  std::string output;
  std::string format;    ///< of generate: csv or idx; of decompose and predict: npy or csv
  std::string method;    ///< of decompose
  std::string solver;    ///< of decompose
  Index components = 0;  ///< of decompose; 0 when it is not given
};

/// Parses the arguments after the program's name. Options are written `--name=value` or
/// `--name value`, in full. Throws UsageError for whatever is unknown, missing, given twice or
/// not expected; with --help, what is missing does not matter.
Arguments parse_arguments(const std::vector<std::string>& arguments);

}  // namespace lockstep::trainer
