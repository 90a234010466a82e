#include "trainer/run/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"

namespace lockstep::trainer {

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  const auto width_of = [](const std::string& text) {  // code points of UTF-8
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
  };
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t j = 0; j < row.size(); ++j) widths[j] = std::max(widths[j], width_of(row[j]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t j = 0; j < row.size(); ++j) {
      const std::string blanks(widths[j] - width_of(row[j]), ' ');
      text += j == 0 ? row[j] + blanks : "  " + blanks + row[j];
    }
    text += '\n';
  }
  return text;
}

std::string name_text(const std::string& name) {
  std::string text = lockstep::quoted(name);
  return text.substr(1, text.size() - 2);
}

std::string plural(std::int64_t n, const std::string& noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string memory_text(std::int64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / (1 << 20);
  return mebibytes < 1024 ? fmt::format("{:.0f} MiB", std::max(1.0, mebibytes))
                          : fmt::format("{:.1f} GiB", mebibytes / 1024);
}

}  // namespace lockstep::trainer
