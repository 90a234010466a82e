#include "core/data/class_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/base/error.hpp"
#include "core/base/options.hpp"

namespace lockstep {
namespace {

/// The value of a label that can be told from its neighbours as a number: identifiers of 17 digits
/// must not melt into one class.
bool parse_label(std::string_view label, double& out) {
  double value = 0;
  if (!parse_csv_number(label, value) || std::fabs(value) >= 0x1p53) return false;
  out = value + 0.0;  // −0 and 0 are one class
  return true;
}

/// The distinct labels of all ranks.
std::vector<std::string> distinct_labels(Team& team, const std::vector<std::string>& mine) {
  std::string text;
  // Each label after its size: it may hold any character.
  guard(team, "joining labels", [&] {
    for (const std::string& label : mine) text += fmt::format("{}:", label.size()) + label;
  });
  const std::vector<std::string> texts = all_gather_text(team, text);
  std::vector<std::string> labels;
  guard(team, "joining labels", [&] {
    std::set<std::string> distinct;
    for (const std::string& theirs : texts) {
      for (std::size_t at = 0; at < theirs.size();) {
        const std::size_t colon = theirs.find(':', at);
        const std::size_t size = std::stoul(theirs.substr(at, colon - at));
        distinct.insert(theirs.substr(colon + 1, size));
        at = colon + 1 + size;
      }
    }
    labels.assign(distinct.begin(), distinct.end());
  });
  return labels;
}

}  // namespace

bool parse_csv_number(std::string_view text, double& out) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return parse_real(text, out);
}

bool are_numbers(const std::vector<std::string>& labels) {
  double ignored = 0;
  return std::all_of(labels.begin(), labels.end(),
                     [&](const std::string& label) { return parse_label(label, ignored); });
}

std::string canonical_label(std::string_view label) {
  double value = 0;
  return parse_label(label, value) ? format_real(value) : std::string(label);
}

ClassLabels::ClassLabels(std::vector<std::string> known)
    : known_(true), numeric_(are_numbers(known)), names_(std::move(known)) {
  for (std::size_t i = 0; i < names_.size(); ++i) codes_.emplace(names_[i], static_cast<Index>(i));
  index_of_code_.resize(names_.size());
  std::iota(index_of_code_.begin(), index_of_code_.end(), Index{0});
}

std::optional<Index> ClassLabels::code(std::string_view label) {
  const auto found = codes_.find(label);
  if (found != codes_.end()) return found->second;
  if (!known_) {
    const auto next = static_cast<Index>(labels_.size());
    labels_.emplace_back(label);
    codes_.emplace(labels_.back(), next);
    return next;
  }
  double value = 0;
  if (!numeric_ || !parse_label(label, value)) return std::nullopt;
  const auto same_number = codes_.find(format_real(value));
  if (same_number == codes_.end()) return std::nullopt;
  return same_number->second;
}

void ClassLabels::agree(Team& team) {
  if (known_) return;
  const std::vector<std::string> all = distinct_labels(team, labels_);
  index_of_code_.resize(labels_.size());
  if (!are_numbers(all)) {
    names_ = all;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      index_of_code_[i] = std::lower_bound(all.begin(), all.end(), labels_[i]) - all.begin();
    }
    return;
  }
  std::map<double, Index> index_of_value;
  double value = 0;
  for (const std::string& label : all) {
    parse_label(label, value);
    index_of_value[value] = 0;
  }
  for (auto& [number, index] : index_of_value) {
    index = static_cast<Index>(names_.size());
    names_.push_back(format_real(number));
  }
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    parse_label(labels_[i], value);
    index_of_code_[i] = index_of_value.at(value);
  }
}

std::vector<std::string> agree_on_classes(Team& team, ClassLabels& labels, const std::string& name,
                                          const std::string& data, std::vector<double>& target) {
  labels.agree(team);
  if (labels.names().size() > ClassLabels::kMostClasses) {
    throw DataError(data + ": " + too_many_classes(name));
  }
  for (double& code : target) {
    code = static_cast<double>(labels.index_of_code(static_cast<Index>(code)));
  }
  return labels.names();
}

std::string too_many_classes(const std::string& column) {
  return fmt::format(
      "more than {} different labels in column {}; is it a number to be predicted (model.type = "
      "linear) rather than a class?",
      ClassLabels::kMostClasses, quoted(column));
}

}  // namespace lockstep
