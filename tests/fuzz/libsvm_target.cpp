#include <algorithm>
#include <cctype>

#include "core/data/libsvm_format.hpp"
#include "core/data/libsvm_reader.hpp"
#include "tests/fuzz/tables.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

/// An index may be so large that the names of the columns, on each rank, take more memory than a
/// fuzzer has.
bool may_be_wide(std::string_view text) {
  std::ptrdiff_t digits = 0;
  return std::any_of(text.begin(), text.end(), [&](char c) {
    digits = std::isdigit(static_cast<unsigned char>(c)) != 0 ? digits + 1 : 0;
    return digits == 5;
  });
}

/// The first byte says how the rest, the file, is to be read.
void read_anything(std::string_view input) {
  if (input.size() < 2) return;
  const auto how = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  LibsvmOptions options;
  options.target_kind = how % 3 == 0   ? TargetKind::classes
                        : how % 3 == 1 ? TargetKind::number
                                       : TargetKind::none;
  if (how / 3 % 3 > 0) options.index_base = how / 3 % 3 - 1;
  if (how / 9 % 2 == 1) options.typed = true;
  if (how / 18 % 2 == 1) {
    options.schema = TableSchema{{"c0", "c1", "c2"}, TargetKind::classes, {"y"}, {"-1", "1"}};
  } else if (may_be_wide(input)) {
    return;
  }
  const InputFile file = fuzz_file("a.txt", input);
  looks_like_libsvm(file);
  const auto read = [&](Team& team) { return read_libsvm(team, {file}, options).table; };
  read_on_one_rank_and_three(input, read);
}

}  // namespace

const FuzzTarget& libsvm_target() {
  static const FuzzTarget kTarget{
      "libsvm",
      read_anything,
      {std::string(1, '\0') + "+1 1:2 3:0.5\n-1 2:1e-3 # x\n# y\n\n1\n",
       "\1\xEF\xBB\xBF"
       "1.5 qid:3 7:1 2:-4.25\r\n-2 0:1\r\n0.123456789012345 12:1.2345678\n",
       "\2"
       "1 1:2\t5:1 \n2 5:1 4:1 3:1 4:2\n",
       "\3"
       "1 0:1 1:1 2:1 40:7\n3 1:12345678.5\n",
       "\6"
       "1 1:1 0:1\n1,2 3:4\n",
       "\x12"
       "1 1:5 4:9 3:2\n-1 99999999:1 2:3\n1.0 2:7",
       "\x13"
       "1 2:nan 3:inf\n4:5\n",
       "\x15"
       "-1 0:-0 1:.5 2:7.\n1 3:1\n"}};
  return kTarget;
}

}  // namespace lockstep::test
