#include "core/data/csv_reader.hpp"
#include "tests/fuzz/tables.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

/// The first byte says how the rest, the file, is to be read.
void read_anything(std::string_view input) {
  if (input.size() < 2) return;
  const auto how = static_cast<unsigned char>(input.front());
  CsvOptions options;
  options.target_kind = how % 3 == 0   ? TargetKind::classes
                        : how % 3 == 1 ? TargetKind::number
                                       : TargetKind::none;
  if (how / 3 % 2 == 1) options.ignored = {"x"};
  if (how / 6 % 3 == 1) options.targets = {"x"};
  if (how / 6 % 3 == 2 && options.target_kind == TargetKind::number) options.targets = {"y", "x"};
  if (how / 18 % 2 == 1) options.features = CsvFeatures::typed;
  if (how / 36 % 3 == 1) options.delimiter = ';';
  if (how / 108 % 2 == 1) options.header = CsvHeader::no;
  if (how % 5 == 1) options.missing = {"?", "3"};
  if (how % 7 == 1) {
    options.rules = [](const std::vector<std::string>& features) {
      CsvFeatureRules rules;
      rules.takes_mixed = false;
      rules.category = "c";
      return std::vector<CsvFeatureRules>(features.size(), rules);
    };
  }
  const InputFile file = fuzz_file("a.csv", input.substr(1));
  const auto read = [&](Team& team) { return read_csv(team, {file}, options).table; };
  read_on_one_rank_and_three(input, read);
}

}  // namespace

const FuzzTarget& csv_target() {
  static const FuzzTarget target{
      "csv",
      read_anything,
      {"\xDx,z,y\n1,2,3\n4,5,6\n7,8,9\n4,,1\n",
       std::string(1, '\0') + "x,z,y\n1,2,a\n3,4.5,b\n5e3,-6,a\n",
       "\1x,\"z \"\"q\"\"\",y\r\n1,2,3\r\n\r\n+4, 5 ,6\r\n",
       "\2\xEF\xBB\xBFx,,y\n1,0x2,3\n1,nan,1e999\n", "\3x,y\n1,\"a,b\"\n2,\"a\" \n3,c",
       "\6x,y\n1,a\n,b\n\"unclosed,c\n", "\x14n,c\n1,red\n,\n3,\"a,b\"\nx,7\n2,red\n",
       "\x14n;c\n\"a\nb\";\"\r\n\"\n1;\"\"\"\"\n2;\n",
       "\x82"
       "1,\"a\nb\n\",2\n3,c\"d,4\n\n"}};
  return target;
}

}  // namespace lockstep::test
