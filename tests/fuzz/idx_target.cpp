#include "core/data/idx_reader.hpp"
#include "tests/core/data/idx_files.hpp"
#include "tests/fuzz/tables.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

/// The first byte says how much of the rest is the labels' file; the images' follows.
void read_anything(std::string_view input) {
  if (input.size() < 2) return;
  const auto labels_size = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const InputFile labels = fuzz_file("labels", input.substr(0, labels_size));
  const InputFile images =
      fuzz_file("images", input.substr(std::min<std::size_t>(labels_size, input.size())));
  if (labels.size == 0 || images.size == 0) return;  // refused when files are looked for
  const auto read = [&](Team& team) { return read_idx(team, {images}, {labels}, {}).table; };
  read_on_one_rank_and_three(input, read);
}

std::string seed(const std::string& labels, const std::string& images) {
  return static_cast<char>(labels.size()) + labels + images;
}

}  // namespace

const FuzzTarget& idx_target() {
  static const FuzzTarget target{
      "idx",
      read_anything,
      {seed(idx_text({3}, some_bytes(3)), idx_text({3, 2, 2}, some_bytes(12))),
       seed(gzip(idx_text({2}, some_bytes(2))), gzip(idx_text({2, 5}, some_bytes(10)))),
       seed(idx_text({4}, some_bytes(4)), gzip(idx_text({2, 1}, "ab")) + gzip("cd"))}};
  return target;
}

}  // namespace lockstep::test
