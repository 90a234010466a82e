#include "core/data/number_spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/options.hpp"
#include "core/data/class_labels.hpp"

namespace lockstep {
namespace {

std::string integer_text(double number) {
  return fmt::format("{}", static_cast<std::int64_t>(number));
}

/// All digits, and a double holds them exactly.
bool is_plain_integer(std::string_view text, double number) {
  return std::fabs(number) < 0x1p53 && number == std::trunc(number) && integer_text(number) == text;
}

}  // namespace

std::string NumberSpelling::text_of(double number) const {
  if (kind == Kind::integer && std::fabs(number) < 0x1p53) return integer_text(number);
  if (kind == Kind::listed) {
    const auto found = texts.find(std::bit_cast<std::uint64_t>(number));
    if (found != texts.end()) return found->second;
  }
  return format_real(number);
}

void SpellingCollector::add(std::string_view text, double number) {
  integers_ = integers_ && is_plain_integer(text, number);
  if (too_many_) return;
  const bool is_new = texts_.emplace(text, number).second;
  if (!is_new || texts_.size() <= kMostTexts) return;
  too_many_ = true;
  texts_.clear();
}

NumberSpelling SpellingCollector::agree(Team& team) const {
  NumberSpelling all;
  const bool integers = min_over(team, integers_ ? 1 : 0) == 1;
  bool keeps = max_over(team, too_many_ ? 1 : 0) == 0;
  if (integers) {
    all.kind = NumberSpelling::Kind::integer;
    return all;
  }
  std::string mine;
  for (const auto& [text, number] : texts_) mine += text + '\n';  // no number has one
  std::map<std::string, double> texts;
  for (const std::string& theirs : all_gather_text(team, keeps ? mine : "")) {
    for (std::size_t at = 0; at < theirs.size();) {
      const std::size_t end = theirs.find('\n', at);
      std::string text = theirs.substr(at, end - at);
      double number = 0;
      parse_csv_number(text, number);
      texts.emplace(std::move(text), number);
      at = end + 1;
    }
  }
  if (!keeps || texts.size() > kMostTexts) return all;
  const bool shortest = std::all_of(texts.begin(), texts.end(), [](const auto& each) {
    return format_real(each.second) == each.first;
  });
  if (shortest) {
    all.kind = NumberSpelling::Kind::shortest;
    return all;
  }
  for (const auto& [text, number] : texts) {
    const auto [known, is_new] = all.texts.emplace(std::bit_cast<std::uint64_t>(number), text);
    if (is_new) continue;
    all.texts.clear();
    return all;
  }
  all.kind = NumberSpelling::Kind::listed;
  return all;
}

}  // namespace lockstep
