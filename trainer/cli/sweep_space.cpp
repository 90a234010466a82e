#include "trainer/cli/sweep_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/kernel/elementary.hpp"

namespace lockstep::trainer {
namespace {

/// Keys that say which rows there are. Trials are compared by the rows that they have in common.
constexpr std::array kRowKeys{
    "data.root",           "data.format",      "data.train",         "data.train_labels",
    "data.test",           "data.test_labels", "data.target",        "data.validation_fraction",
    "data.test_fraction",  "data.stratify",    "data.folds",         "data.on_bad_row",
    "synthetic.kind",      "synthetic.rows",   "synthetic.features", "synthetic.classes",
    "synthetic.test_rows", "synthetic.noise"};

/// Why the key cannot be swept, or "".
std::string objection_to_key(const Option& option) {
  if (std::find(kRowKeys.begin(), kRowKeys.end(), option.name) != kRowKeys.end()) {
    return "trials with other values would be measured on other rows";
  }
  const bool has_effect = option.affects_result || option.name == "train.init_from";
  return has_effect ? "" : "it changes no model";
}

/// "uniform(1, 2)" or "log_uniform(1, 2)": its two numbers as they are written.
std::optional<std::pair<std::string, std::string>> ends_of_range(std::string_view text,
                                                                 std::string_view name) {
  if (!text.starts_with(name) || text.size() < name.size() + 2) return std::nullopt;
  const std::string_view rest = trimmed(text.substr(name.size()));
  if (rest.size() < 2 || rest.front() != '(' || rest.back() != ')') return std::nullopt;
  const std::string_view inner = rest.substr(1, rest.size() - 2);
  const std::size_t comma = inner.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  return std::pair(std::string(trimmed(inner.substr(0, comma))),
                   std::string(trimmed(inner.substr(comma + 1))));
}

/// Reads what was given for one key.
class KeyReader {
 public:
  KeyReader(const Settings& settings, const std::string& key)
      : settings_(settings),
        key_(key),
        text_(trimmed(settings.text(swept_name(key)))),
        scratch_(settings) {}

  SweptKey read() {
    if (const std::string objection = objection_to_key(option()); !objection.empty()) {
      throw ConfigError(objection + "; remove it");
    }
    SweptKey swept{key_};
    for (const auto& [name, is_logarithmic] :
         {std::pair("uniform", false), std::pair("log_uniform", true)}) {
      if (const auto ends = ends_of_range(text_, name)) {
        swept.range = range_of(ends->first, ends->second, is_logarithmic);
        return swept;
      }
    }
    if (takes_numbers() && text_.find('(') != std::string::npos) {
      throw ConfigError(
          fmt::format("expected values, uniform(LOW, HIGH) or log_uniform(LOW, HIGH), found {}",
                      lockstep::quoted(text_)));
    }
    swept.values = values();
    return swept;
  }

 private:
  /// Of the key, or, of a column's key, that of all columns.
  const Option& option() const {
    const Option* own = settings_.find(key_);
    return own != nullptr ? *own : *settings_.find(base_key(key_));
  }

  bool takes_numbers() const {
    return option().type == OptionType::integer || option().type == OptionType::real;
  }

  /// As the key takes it; throws what it does not take.
  std::string canonical(std::string_view value) {
    scratch_.set(key_, value, Origin::command_line, "");
    return scratch_.text(key_);
  }

  std::vector<std::string> values() {
    std::vector<std::string> values;
    const char separator = text_.find('|') == std::string::npos ? ',' : '|';
    std::string_view rest = text_;
    while (true) {
      const std::size_t end = rest.find(separator);
      const std::string value = canonical(trimmed(rest.substr(0, end)));
      if (std::find(values.begin(), values.end(), value) != values.end()) {
        throw ConfigError(fmt::format("has the value {} twice", lockstep::quoted(value)));
      }
      values.push_back(value);
      if (end == std::string_view::npos) return values;
      rest.remove_prefix(end + 1);
    }
  }

  SweptRange range_of(const std::string& low, const std::string& high, bool is_logarithmic) {
    if (!takes_numbers()) throw ConfigError("takes no number; list its values");
    SweptRange range;
    range.is_integer = option().type == OptionType::integer;
    range.is_logarithmic = is_logarithmic;
    const bool are_numbers =
        parse_real(canonical(low), range.low) && parse_real(canonical(high), range.high);
    if (!are_numbers || range.low >= range.high) {
      throw ConfigError(
          fmt::format("expected a lower and an upper number, found {}", lockstep::quoted(text_)));
    }
    if (is_logarithmic && range.low < std::numeric_limits<double>::min()) {
      throw ConfigError(fmt::format("log_uniform needs numbers above 0, found {}", low));
    }
    if (range.is_integer && option().power_of_two) {
      throw ConfigError("takes powers of two alone; list its values");
    }
    return range;
  }

  const Settings& settings_;
  const std::string& key_;
  std::string text_;
  Settings scratch_;
};

[[noreturn]] void throw_all(const std::vector<std::string>& errors) {
  throw PlacedConfigError(fmt::format("{}", fmt::join(errors, "\n")));
}

std::string error_at(const Settings& settings, const std::string& key, const std::string& what) {
  return fmt::format("{}: error: {}: {}", settings.place(key), key, what);
}

/// With four digits, or as many more as a range takes that is narrow for its place.
double rounded(double value, const SweptRange& range) {
  const double place = std::max(std::fabs(range.low), std::fabs(range.high));
  int digits = 4;
  for (double width = range.high - range.low; 2 * width < place && digits < 17; width *= 10)
    ++digits;
  char text[32];
  const auto [end, ignored] = std::to_chars(std::begin(text), std::end(text), value,
                                            std::chars_format::scientific, digits - 1);
  double result = value;
  std::from_chars(std::begin(text), end, result);
  return result;
}

std::string drawn(const SweptRange& range, double uniform) {
  // Every integer has a range of its own.
  const double high = range.is_integer ? range.high + 1 : range.high;
  const double value = range.is_logarithmic
                           ? kernel::exp(kernel::log(range.low) +
                                         uniform * (kernel::log(high) - kernel::log(range.low)))
                           : range.low + uniform * (high - range.low);
  if (range.is_integer) {
    const double whole = std::clamp(std::floor(value), range.low, range.high);
    return std::to_string(static_cast<Index>(whole));
  }
  return format_real(std::clamp(rounded(value, range), range.low, range.high));
}

std::vector<Trial> grid(const Settings& settings, const std::vector<SweptKey>& keys) {
  std::vector<Trial> trials{{}};
  for (const SweptKey& key : keys) {
    if (key.range) {
      throw_all({error_at(settings, swept_name(key.key),
                          "a range has no end of values to try; list some, or set sweep.search = "
                          "random")});
    }
    std::vector<Trial> longer;
    if (trials.size() * key.values.size() > static_cast<std::size_t>(kMostTrials)) {
      throw_all({error_at(settings, swept_name(key.key),
                          fmt::format("makes more than {} trials; list fewer values, or set "
                                      "sweep.search = random",
                                      kMostTrials))});
    }
    for (const Trial& trial : trials) {
      for (const std::string& value : key.values) {
        longer.push_back(trial);
        longer.back().push_back({key.key, value});
      }
    }
    trials = std::move(longer);
  }
  return trials;
}

std::vector<Trial> draws(const Settings& settings, const std::vector<SweptKey>& keys) {
  constexpr Index kAttempts = 100;  // for one trial, if all were found already
  const auto seed = static_cast<std::uint64_t>(settings.integer("train.seed"));
  const RandomStream stream(seed, Purpose::sweep);
  const Index wanted = settings.integer("sweep.trials");
  std::vector<Trial> trials;
  std::set<std::string> known;
  for (Index number = 0; number < kAttempts * wanted; ++number) {
    Trial trial;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      RandomSequence sequence(stream, static_cast<std::uint64_t>(number), k);
      const auto& values = keys[k].values;
      trial.push_back({keys[k].key, keys[k].range ? drawn(*keys[k].range, sequence.uniform())
                                                  : values[sequence.below(values.size())]});
    }
    if (known.insert(trial_text(trial)).second) trials.push_back(std::move(trial));
    if (static_cast<Index>(trials.size()) == wanted) break;
  }
  return trials;
}

}  // namespace

std::vector<SweptKey> swept_keys(const Settings& settings) {
  std::vector<SweptKey> keys;
  std::vector<std::string> errors;
  for (const std::string& key : settings.swept()) {
    try {
      keys.push_back(KeyReader(settings, key).read());
    } catch (const ConfigError& error) {
      std::string what = error.what();
      if (what.starts_with(key + ": ")) what.erase(0, key.size() + 2);
      errors.push_back(error_at(settings, swept_name(key), what));
    }
  }
  if (!errors.empty()) throw_all(errors);
  if (keys.empty()) {
    throw_all(
        {"command line: error: sweep: there is nothing to try; set values of a key, as in "
         "--sweep.train.learning_rate=0.1,0.01"});
  }
  return keys;
}

std::vector<Trial> trials_of(const Settings& settings, const std::vector<SweptKey>& keys) {
  return settings.is_word("sweep.search", "random") ? draws(settings, keys) : grid(settings, keys);
}

std::string trial_text(const Trial& trial) {
  std::string text;
  for (const auto& [key, value] : trial) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  }
  return text;
}

}  // namespace lockstep::trainer
