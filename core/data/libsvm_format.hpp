#pragma once

#include <string_view>

#include "core/data/file_list.hpp"

namespace lockstep {

/// What separates the fields of a row.
constexpr bool is_libsvm_blank(char c) { return c == ' ' || c == '\t'; }

/// The fields of a line, from its left to its right.
class LibsvmFields {
 public:
  explicit LibsvmFields(std::string_view line) : rest_(line.substr(0, line.find('#'))) {}

  /// The next field: what is between blanks; empty after the last one, or at a comment.
  std::string_view next();

 private:
  std::string_view rest_;
};

/// True when the name ends in .svm, .libsvm or .svmlight, with .gz behind it or not, or the first
/// rows are "label index:value
/// index:value …" with spaces between, as no CSV of more than one column has them. Throws IoError.
bool looks_like_libsvm(const InputFile& file);

}  // namespace lockstep
