#include "trainer/run/preprocessing.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep::trainer {
namespace {

constexpr const char* kSection = "preprocess";

[[noreturn]] void refuse(const Settings& settings, const std::string& name,
                         const std::string& problem) {
  throw PlacedConfigError(fmt::format("{}: error: {}", settings.place(name), problem));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Chooses the values of the features, key by key.
class ColumnChooser {
 public:
  ColumnChooser(const Settings& settings, const std::vector<std::string>& features)
      : settings_(settings), features_(features) {
    for (std::string& column : settings.columns(kSection)) {
      if (contains(features, column)) continue;  // the exact name is looked up
      globs_.push_back(std::move(column));
    }
  }

  ColumnChoices choose() {
    check_matches();
    ColumnChoices choices;
    if (settings_.columns(kSection).empty() && !features_.empty()) {
      choices.options.assign(features_.size(), options_of(0));  // there may be a million
      return choices;
    }
    for (std::size_t j = 0; j < features_.size(); ++j) choices.options.push_back(options_of(j));
    choices.features_of = std::move(features_of_);
    check_effects(choices.features_of);
    return choices;
  }

 private:
  static std::string key_of(const std::string& column, const char* key) {
    return fmt::format("{}.{}.{}", kSection, column, key);
  }

  /// A key of the column's, for its place.
  std::string first_key(const std::string& column) const {
    for (const Option& option : settings_.options()) {
      if (key_parts(option.name).column == column) return option.name;
    }
    return kSection;
  }

  void check_matches() const {
    for (const std::string& glob : globs_) {
      const bool matches =
          std::any_of(features_.begin(), features_.end(), [&](const std::string& feature) {
            return fnmatch(glob.c_str(), feature.c_str(), 0) == 0;
          });
      if (matches) continue;
      const std::string near = nearest_name(glob, features_);
      refuse(settings_, first_key(glob),
             fmt::format("[{}.{}]: no feature column has this name, or fits it{}", kSection, glob,
                         near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
  }

  /// The key that feature j takes its value from.
  std::string source_of(std::size_t j, const char* key) const {
    const std::string& feature = features_[j];
    std::string own = key_of(feature, key);
    if (settings_.find(own) != nullptr) return own;
    std::string chosen;
    for (const std::string& glob : globs_) {
      const std::string name = key_of(glob, key);
      if (settings_.find(name) == nullptr) continue;
      if (fnmatch(glob.c_str(), feature.c_str(), 0) != 0) continue;
      if (!chosen.empty() && settings_.text(chosen) != settings_.text(name)) {
        refuse(
            settings_, name,
            fmt::format("{} and {} differ, and column {} fits both; give it a section of its own",
                        chosen, name, lockstep::quoted(feature)));
      }
      if (chosen.empty()) chosen = name;
    }
    return chosen.empty() ? fmt::format("{}.{}", kSection, key) : chosen;
  }

  ColumnOptions options_of(std::size_t j) {
    std::map<std::string, std::string> source;
    for (const char* key : {"scale", "impute", "fill", "indicator", "encode", "buckets",
                            "embedding_dim", "unknown"}) {
      source[key] = source_of(j, key);
    }
    const auto text = [&](const char* key) { return settings_.text(source[key]); };
    ColumnOptions options;
    options.scale = value_named<Scaling>(kScalingNames, text("scale"));
    options.impute = value_named<Imputation>(kImputationNames, text("impute"));
    options.fill = text("fill");
    options.indicator = text("indicator") == "yes";
    options.encode = value_named<Encoding>(kEncodingNames, text("encode"));
    options.buckets = settings_.integer(source["buckets"]);
    if (!settings_.is_word(source["embedding_dim"], "auto")) {
      options.dimension = settings_.integer(source["embedding_dim"]);
    }
    options.unknown = value_named<UnknownCategory>(kUnknownCategoryNames, text("unknown"));
    if (options.impute == Imputation::constant && options.fill.empty()) {
      refuse(settings_, source["impute"],
             fmt::format("{}: the constant for column {} is missing; set preprocess.fill",
                         source["impute"], lockstep::quoted(features_[j])));
    }
    for (const auto& [key, name] : source) {
      if (!key_parts(name).column.empty() && has_effect(options, key)) {
        features_of_[name].push_back(j);
      }
    }
    return options;
  }

  static bool has_effect(const ColumnOptions& options, std::string_view key) {
    if (key == "fill") return options.impute == Imputation::constant;
    if (key == "indicator") return options.impute != Imputation::none;
    if (key == "buckets") return options.encode == Encoding::hash;
    if (key == "embedding_dim") return options.encode == Encoding::embedding;
    if (key == "unknown") {
      return options.encode != Encoding::none && options.encode != Encoding::hash;
    }
    return true;
  }

  void check_effects(const std::map<std::string, std::vector<std::size_t>>& features_of) const {
    for (const Option& option : settings_.options()) {
      if (key_parts(option.name).section != kSection || key_parts(option.name).column.empty()) {
        continue;
      }
      if (features_of.count(option.name) > 0) continue;
      refuse(settings_, option.name,
             fmt::format("{}: has no effect beside the other keys of its columns; remove it",
                         option.name));
    }
  }

  const Settings& settings_;
  const std::vector<std::string>& features_;
  std::vector<std::string> globs_;
  std::map<std::string, std::vector<std::size_t>> features_of_;
};

/// Some column, or all of them, have another value than "none".
bool asks_for(const Settings& settings, const std::string& name) {
  const auto& options = settings.options();
  return std::any_of(options.begin(), options.end(), [&](const Option& option) {
    return base_key(option.name) == name && settings.text(option.name) != "none";
  });
}

void check_categorical(const Settings& settings, const std::vector<std::string>& features,
                       const ColumnChoices& choices) {
  const std::vector<std::string> categorical = settings.texts("data.categorical");
  for (std::size_t j = 0; j < features.size(); ++j) {
    if (choices.options[j].encode != Encoding::none || !contains(categorical, features[j]))
      continue;
    refuse(settings, "data.categorical",
           fmt::format("data.categorical: column {} is to be categories, but preprocess.encode is "
                       "none; set it, or [preprocess.{}] encode",
                       lockstep::quoted(features[j]), features[j]));
  }
}

/// Of sparse rows.
void check_zeros(const Settings& settings) {
  for (const Option& option : settings.options()) {
    if (base_key(option.name) != "preprocess.scale") continue;
    const std::string& scale = settings.text(option.name);
    if (scale == "none" || scale == "log1p") continue;
    refuse(settings, option.name,
           fmt::format("{}: {} would fill the zeros of sparse rows; take none or log1p, or data "
                       "that is not sparse",
                       option.name, scale));
  }
}

}  // namespace

ColumnChoices choose_columns(const Settings& settings, const std::vector<std::string>& features) {
  return ColumnChooser(settings, features).choose();
}

void check_kinds(const Settings& settings, const ColumnChoices& choices, const Table& train) {
  if (train.is_sparse()) check_zeros(settings);
  const auto encoding_of = [&](std::size_t j) {
    const bool is_category =
        !train.feature_types.empty() && train.feature_types[j].kind == ColumnKind::category;
    return is_category ? choices.options[j].encode : Encoding::none;
  };
  for (const auto& entry : choices.features_of) {
    const std::string& name = entry.first;
    const std::vector<std::size_t>& features = entry.second;
    if (settings.text(name) == "none") continue;
    const std::string_view key = key_parts(name).key;
    const auto of_all = [&](const auto& holds) {
      return std::all_of(features.begin(), features.end(),
                         [&](std::size_t j) { return holds(encoding_of(j)); });
    };
    const std::string column = lockstep::quoted(train.feature_names[features.front()]);
    const bool is_of_categories =
        key == "encode" || key == "buckets" || key == "embedding_dim" || key == "unknown";
    if (is_of_categories && of_all([](Encoding e) { return e == Encoding::none; })) {
      refuse(settings, name,
             fmt::format("{}: column {} holds numbers; name it in data.categorical, or remove the "
                         "key",
                         name, column));
    }
    if (key == "scale" &&
        of_all([](Encoding e) { return e != Encoding::none && e != Encoding::ordinal; })) {
      refuse(settings, name,
             fmt::format("{}: the features of column {} are no numbers that have a scale; remove "
                         "the key",
                         name, column));
    }
  }
}

CsvFeatures wanted_features(const Settings& settings) {
  const bool typed = asks_for(settings, "preprocess.encode") ||
                     asks_for(settings, "preprocess.impute") ||
                     !settings.texts("data.categorical").empty();
  return typed ? CsvFeatures::typed : CsvFeatures::numbers;
}

CsvRules rules_for_training(const Settings& settings) {
  return [&settings](const std::vector<std::string>& features) {
    const ColumnChoices choices = choose_columns(settings, features);
    check_categorical(settings, features, choices);
    std::vector<CsvFeatureRules> all;
    const std::vector<std::string>& numeric = settings.texts("data.numeric");
    for (std::size_t j = 0; j < features.size(); ++j) {
      const ColumnOptions& options = choices.options[j];
      const bool is_number =
          std::find(numeric.begin(), numeric.end(), features[j]) != numeric.end();
      CsvFeatureRules& rules = all.emplace_back();
      rules.takes_text = options.encode != Encoding::none;
      rules.takes_missing = options.impute != Imputation::none;
      rules.takes_mixed = false;
      if (options.impute == Imputation::constant) rules.category = options.fill;
      if (is_number) {
        rules.text_hint = "; set data.missing or data.ignore";
      } else if (!rules.takes_text) {
        rules.text_hint = "; set preprocess.encode, data.missing or data.ignore";
      }
      rules.missing_hint = "; set preprocess.impute or data.ignore";
    }
    return all;
  };
}

CsvRules rules_for_checking(const Settings& settings) {
  return [&settings](const std::vector<std::string>& features) {
    std::vector<CsvFeatureRules> all;
    for (const ColumnOptions& options : choose_columns(settings, features).options) {
      CsvFeatureRules& rules = all.emplace_back();
      if (options.impute == Imputation::constant) rules.category = options.fill;
    }
    return all;
  };
}

CsvUnknown unknown_for(Encoding encoding, UnknownCategory unknown, bool fills_missing) {
  const bool refuses = unknown == UnknownCategory::error;
  switch (encoding) {
    case Encoding::onehot:
    case Encoding::embedding:
      return refuses ? CsvUnknown::refused : CsvUnknown::kept;
    case Encoding::ordinal:
      return refuses || !fills_missing ? CsvUnknown::refused : CsvUnknown::missing;
    default:
      return CsvUnknown::kept;  // a hash has a place for it
  }
}

std::vector<CsvFeatureRules> rules_of(const FeatureTransform& transform) {
  std::vector<CsvFeatureRules> all;
  for (const ColumnTransform& column : transform.columns()) {
    CsvFeatureRules& rules = all.emplace_back();
    rules.takes_missing = column.fill.has_value();
    rules.unknown = unknown_for(column.encoding, column.unknown, column.fill.has_value());
  }
  return all;
}

CsvRules fixed_rules(const std::vector<CsvFeatureRules>& rules) {
  if (rules.empty()) return {};
  return [rules](const std::vector<std::string>&) { return rules; };
}

TableSchema schema_of_model(TableSchema schema, const FeatureTransform& transform) {
  std::vector<ColumnType>& types = schema.feature_types;
  for (std::size_t j = 0; j < transform.columns().size(); ++j) {
    const ColumnTransform& column = transform.columns()[j];
    if (column.fill && types.empty()) types.resize(transform.columns().size());
    if (column.encoding == Encoding::hash) types[j].categories.clear();
  }
  return schema;
}

}  // namespace lockstep::trainer
