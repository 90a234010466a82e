#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/format/npy.hpp"
#include "core/format/npy_header.hpp"
#include "tests/support/reference.hpp"

namespace lockstep::test {

/// A file that numpy wrote, and what is in it.
struct NpyExample {
  std::string file;
  int version = 1;
  NpyHeader header;  ///< but for data_begin
  std::vector<std::vector<double>> rows;
  std::vector<std::string> digits;  ///< of integers, row after row
};

/// One for each type in one dimension and in two of either order, and one of the later versions in
/// either order (core/format/make_reference.py).
inline std::vector<NpyExample> npy_examples() {
  std::vector<NpyExample> examples;
  const nlohmann::json all = reference("format");
  for (const auto& json : all["examples"]) {
    NpyExample example;
    const auto hexadecimal = json["file"].get<std::string>();
    for (std::size_t i = 0; i < hexadecimal.size(); i += 2) {
      example.file += static_cast<char>(std::stoi(hexadecimal.substr(i, 2), nullptr, 16));
    }
    example.version = json["version"][0].get<int>();
    example.header.type = *std::find_if(kNpyTypes.begin(), kNpyTypes.end(), [&](NpyType type) {
      return name_of(type) == json["type"].get<std::string>();
    });
    example.header.fortran_order = json["fortran_order"].get<bool>();
    example.header.shape = json["shape"].get<std::vector<Index>>();
    example.rows = json["rows"].get<std::vector<std::vector<double>>>();
    example.digits = json["digits"].get<std::vector<std::string>>();
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace lockstep::test
