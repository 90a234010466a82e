#include "core/data/libsvm_format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/gzip_reader.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

bool is_number(std::string_view text) {
  double ignored = 0;
  return parse_csv_number(text, ignored);
}

bool is_pair(std::string_view field, bool may_be_query) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view index = field.substr(0, colon);
  const std::string_view value = field.substr(colon + 1);
  return is_number(value) && (is_digits(index) || (may_be_query && index == "qid"));
}

/// What a line may say of the format.
enum class Evidence { none, libsvm, other };

Evidence evidence_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  // Tabs alone separate the columns of other files.
  for (std::size_t at = 0; (at = line.find('\t', at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_not_of(" \t", at), line.size());
    const bool has_space = line.substr(at, end - at).find(' ') != std::string_view::npos ||
                           (at > 0 && line[at - 1] == ' ') || end == line.size();
    if (!has_space) return Evidence::other;
    at = end;
  }
  LibsvmFields fields(line);
  std::string_view field = fields.next();
  if (field.empty()) return Evidence::none;  // a comment, or blank
  if (!is_number(field)) return Evidence::other;
  field = fields.next();
  if (field.empty()) return Evidence::none;  // a row of zeros, or a column of numbers
  for (bool is_first = true; !field.empty(); field = fields.next(), is_first = false) {
    if (!is_pair(field, is_first)) return Evidence::other;
  }
  return Evidence::libsvm;
}

}  // namespace

std::string_view LibsvmFields::next() {
  const std::size_t begin = rest_.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  const std::size_t end = std::min(rest_.find_first_of(" \t", begin), rest_.size());
  const std::string_view field = rest_.substr(begin, end - begin);
  rest_.remove_prefix(end);
  return field;
}

bool looks_like_libsvm(const InputFile& input) {
  constexpr std::array<std::string_view, 3> kEndings{".svm", ".libsvm", ".svmlight"};
  std::string_view name = input.path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  for (const std::string_view ending : kEndings) {
    if (name.ends_with(ending)) return true;
  }
  constexpr Index kLookedAt = Index{1} << 16;
  RangeFile file(input);
  const bool packed = is_gzip(file);
  std::string head(static_cast<std::size_t>(packed ? kLookedAt : std::min(kLookedAt, input.size)),
                   '\0');
  if (packed) {
    try {
      head.resize(GzipReader(file).read(std::as_writable_bytes(std::span<char>(head))));
    } catch (const DataError&) {
      return false;  // that it is damaged is said when it is read
    }
  } else {
    file.read_at(0, std::span<char>(head));
  }
  const bool goes_on =
      packed ? static_cast<Index>(head.size()) == kLookedAt : kLookedAt < input.size;
  std::string_view rest = head;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    // A row longer than what is looked at: its last field is cut.
    const bool is_cut = end == rest.size() && goes_on;
    if (is_cut) line = line.substr(0, std::min(line.find_last_of(" \t"), line.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const Evidence evidence = evidence_of(line);
    if (evidence != Evidence::none) return evidence == Evidence::libsvm;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace lockstep
