#include "tests/fuzz/targets.hpp"
#include "trainer/cli/config_file.hpp"
#include "trainer/cli/option_schema.hpp"

namespace lockstep::test {
namespace {

using trainer::config_value;
using trainer::option_schema;
using trainer::read_config;

void read_anything(std::string_view input) {
  static const std::vector<Option> schema = option_schema();
  Settings settings(schema);
  (void)read_config(input, "input.ini", settings);
  std::string copy;
  for (const Option& option : settings.options()) {
    if (!settings.given(option.name)) continue;
    const std::size_t dot = option.name.find('.');
    copy += "[" + option.name.substr(0, dot) + "]\n" + option.name.substr(dot + 1) + " = " +
            config_value(settings.text(option.name)) + "\n";
  }
  Settings again(schema);
  require(read_config(copy, "copy.ini", again).empty(), "a value is refused when it is written");
  for (const Option& option : settings.options()) {
    require(again.text(option.name) == settings.text(option.name),
            "a value is another one when it is written");
  }
}

}  // namespace

const FuzzTarget& config_target() {
  static const FuzzTarget target{
      "config",
      read_anything,
      {"# c\n[train]\nepochs = 20   # c\nlearning_rate=1e-3\n; c\n[model]\r\nhidden = 5, 6\r\n",
       "\xEF\xBB\xBF[data]\ntarget = \"a # \\\"b\\\\\"\ntrain = a.csv, b*.csv\n[train]\n",
       "[penalty]\nl2 = nan\n[trian]\nx\n[run]\nthreads = auto"}};
  return target;
}

}  // namespace lockstep::test
