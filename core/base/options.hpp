#pragma once

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

enum class OptionType { text, path, flag, integer, real, choice, integers, texts, reals };

/// One configuration key: all that --help, the reference, the parser and the model file need.
struct Option {
  std::string name;  ///< "section.key"
  OptionType type = OptionType::text;
  std::string default_value;  ///< as a user would write it
  std::string help;           ///< one sentence, without a full stop

  double min = -std::numeric_limits<double>::infinity();  ///< of numbers, and of a list's elements
  double max = std::numeric_limits<double>::infinity();
  bool min_excluded = false;
  bool max_excluded = false;
  bool power_of_two = false;           ///< of integers: 1, 2, 4, 8, … only
  std::vector<std::string> choices{};  ///< all words of a choice; words beside the numbers ("auto")
  bool empty_elements = false;         ///< of texts: an element may be empty
  bool affects_result = true;          ///< part of what a model is a function of
  /// Some columns may have values of their own: "section.COLUMN.key", COLUMN a name or a glob.
  bool per_column = false;

  std::string type_name() const;   ///< "real", "integer or all", "one of none, standard, minmax"
  std::string range_text() const;  ///< "> 0", "in [0, 1)", or ""

  /// The value in its canonical spelling: numbers and lists without blanks or leading zeros, so
  /// that equal values are equal texts. Throws ConfigError as Settings::set does.
  std::string canonical(std::string_view value) const;
};

/// The parts of a key. Only keys of columns have a `column`, which may hold dots itself.
struct KeyParts {
  std::string_view section;
  std::string_view column;  ///< empty in "section.key"
  std::string_view key;
};
KeyParts key_parts(std::string_view name);

/// "section.key" for "section.COLUMN.key" too.
std::string base_key(std::string_view name);

/// Where a value came from; ordered by precedence.
enum class Origin { standard, file, command_line };

/// Values that a key is tried with are set as "sweep.KEY".
inline constexpr std::string_view kSweepSection = "sweep";
std::string swept_name(std::string_view key);

/// The values of all options of a run, each checked against its option. A value that a column has
/// of its own makes an option of its own, which stands behind those of its section.
class Settings {
 public:
  explicit Settings(std::vector<Option> options);

  /// Checks and stores a value. `place` is "file:line" or "command line", for config.ini.
  /// A value of lower precedence than the present one is checked and dropped, so the order of
  /// the calls does not matter between origins.
  /// Throws ConfigError without the place in front: "train.epochs: expected …, found …".
  void set(const std::string& name, std::string_view value, Origin origin,
           const std::string& place);

  /// Forgets a value that was given: the default again, or, of a column, no value of its own.
  void reset(const std::string& name);

  const std::vector<Option>& options() const { return options_; }
  const Option* find(std::string_view name) const;  ///< nullptr when unknown
  /// `set` takes this name: it is known, or one that a column may have.
  bool takes(std::string_view name) const;
  /// Columns, or globs, may have values in this section.
  bool has_columns(std::string_view section) const;
  /// The columns, and globs, that have values of their own in this section, sorted.
  std::vector<std::string> columns(std::string_view section) const;

  /// The keys that are to be tried with several values, sorted. text() and place() of
  /// swept_name(key) are what was given for them: any text, which who sweeps takes apart.
  std::vector<std::string> swept() const;

  /// The key that was probably meant by an unknown `name`, or "": one of the same name in another
  /// section, else the nearest by edit distance.
  std::string nearest(std::string_view name) const;

  // Typed access; asking for a name that does not exist or has another type is a programmer error.
  const std::string& text(std::string_view name) const;  ///< also path, choice, and words
  bool flag(std::string_view name) const;
  Index integer(std::string_view name) const;
  double real(std::string_view name) const;
  std::vector<Index> integers(std::string_view name) const;
  std::vector<double> reals(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  bool is_word(std::string_view name, std::string_view word) const;  ///< "auto", "all", …

  Origin origin(std::string_view name) const;
  const std::string& place(std::string_view name) const;
  /// The value is the option's default, whether somebody gave it or not.
  bool is_default(std::string_view name) const;
  bool given(std::string_view name) const { return origin(name) != Origin::standard; }

  /// The values that a model is a function of, name → canonical text, sorted by name.
  std::map<std::string, std::string> affecting_result() const;

 private:
  struct Value {
    std::string text;
    Origin origin = Origin::standard;
    std::string place;
  };
  static Value default_of(const Option& option);
  const Option* option_for_columns(std::string_view name) const;
  bool is_swept(std::string_view name) const;
  void add_for_column(const Option& option);
  const Value& value(std::string_view name) const;

  std::vector<Option> options_;
  std::map<std::string, Value, std::less<>> values_;
};

/// Whole-string conversions: no blanks, no hexadecimal, no nan or inf, no overflow.
/// They return false instead of throwing, and leave `out` untouched then.
bool parse_real(std::string_view text, double& out);
bool parse_integer(std::string_view text, Index& out);

/// `text` without the blanks (spaces and tabs) at both ends.
std::string_view trimmed(std::string_view text);

/// The shortest text that parse_real reads back as the same number.
std::string format_real(double value);

}  // namespace lockstep
