#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/base/error.hpp"
#include "core/format/safetensors.hpp"
#include "tests/fuzz/tables.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

bool same(const TensorView& a, const TensorView& b) {
  return a.name == b.name && a.type == b.type && a.shape == b.shape &&
         std::ranges::equal(a.data, b.data);
}

void decode_anything(std::string_view input) {
  const auto bytes = std::as_bytes(std::span(input));
  try {
    const SafetensorsFile file = decode_safetensors("input", bytes);
    const InputFile copy = fuzz_file("copy.safetensors", "");
    write_safetensors(copy.path, file.tensors(), file.metadata());
    const SafetensorsFile again = read_safetensors(copy.path);
    require(again.metadata() == file.metadata(), "metadata changed by writing");
    require(std::ranges::equal(again.tensors(), file.tensors(), same),
            "tensors changed by writing");
  } catch (const DataError&) {
    return;  // refused, with a message
  }
}

std::string file(std::string header, std::size_t data) {
  std::string size(8, '\0');
  size[0] = static_cast<char>(header.size() & 0xFFU);
  size[1] = static_cast<char>(header.size() >> 8U);
  return size + std::move(header) + std::string(data, 'x');
}

}  // namespace

const FuzzTarget& safetensors_target() {
  static const FuzzTarget target{
      "safetensors",
      decode_anything,
      {file(R"({"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,1],)"
            R"("data_offsets":[0,8]},"v":{"dtype":"F64","shape":[],"data_offsets":[8,16]}})",
            16),
       file(R"({"w":{"dtype":"F64","shape":[0,3],"data_offsets":[0,0]}}   )", 0)}};
  return target;
}

}  // namespace lockstep::test
