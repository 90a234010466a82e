#include "core/format/npy_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kZipMagic = "PK\x03\x04";
constexpr std::string_view kEmptyZipMagic = "PK\x05\x06";
constexpr std::size_t kVersionEnd = 8;
/// Only records with very many fields have more.
constexpr Index kLongestDictionary = Index{1} << 20;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_zip(std::string_view start) {
  return start.starts_with(kZipMagic) || start.starts_with(kEmptyZipMagic);
}

/// Elements that are no number of NpyType, by the letter of their kind.
struct OtherElements {
  char kind;
  const char* what;
  const char* remedy;
};

constexpr std::array kOtherElements{
    OtherElements{'O', "Python objects", "pickles are never opened; save a.astype('f8')"},
    OtherElements{'b', "truth values", "save a.astype('u1')"},
    OtherElements{'c', "complex numbers", "save a.real and a.imag as columns"},
    OtherElements{'U', "text", "save numbers, or all of it as CSV"},
    OtherElements{'S', "text", "save numbers, or all of it as CSV"},
    OtherElements{'a', "text", "save numbers, or all of it as CSV"},
    OtherElements{'M', "dates", "save a.astype('i8')"},
    OtherElements{'m', "differences of dates", "save a.astype('i8')"},
    OtherElements{'V', "raw bytes", "save numbers"},
};

[[noreturn]] void refuse(const std::string& path, const std::string& what, std::string_view descr,
                         const std::string& remedy) {
  throw DataError(fmt::format("{}: expected numbers, found {} (dtype {}); {}", path, what,
                              quoted(descr), remedy));
}

std::optional<NpyType> find_type(std::string_view descr) {
  const auto found = std::find_if(kNpyTypes.begin(), kNpyTypes.end(),
                                  [&](NpyType type) { return name_of(type) == descr; });
  if (found == kNpyTypes.end()) return std::nullopt;
  return *found;
}

NpyType type_of(std::string_view descr, const std::string& path) {
  if (const auto type = find_type(descr)) return *type;
  const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != descr.npos;
  const std::string name(descr.substr(has_order ? 1 : 0));
  if (const auto byte = find_type("|" + name); byte && has_order) return *byte;
  if (has_order && descr[0] == '>' && find_type("<" + name)) {
    refuse(path, "big-endian numbers", descr, fmt::format("save a.astype('<{}')", name));
  }
  if (name == "f2") refuse(path, "numbers of half precision", descr, "save a.astype('<f4')");
  if (name.starts_with("f1")) {  // f10, f12, f16
    refuse(path, "numbers of extended precision", descr, "save a.astype('<f8')");
  }
  for (const OtherElements& other : kOtherElements) {
    if (!name.empty() && name[0] == other.kind) refuse(path, other.what, descr, other.remedy);
  }
  std::string known;
  for (const NpyType type : kNpyTypes) known += fmt::format(" {}", name_of(type));
  throw DataError(fmt::format("{}: unknown dtype {}; known:{}", path, quoted(descr), known));
}

/// Reads a dictionary from its beginning to its end.
class DictionaryParser {
 public:
  DictionaryParser(std::string_view text, Index begin, const std::string& path)
      : text_(text), begin_(begin), path_(path) {}

  NpyHeader parse() {
    skip_blanks();
    take('{', "a dictionary");
    for (skip_blanks(); !take_if('}'); skip_blanks()) {
      parse_item();
      skip_blanks();
      if (take_if('}')) break;
      take(',', "a comma or }");
    }
    skip_blanks();
    if (at_ < text_.size()) fail("nothing but blanks after the dictionary");
    for (const auto& [key, found] : std::initializer_list<std::pair<const char*, bool>>{
             {"descr", has_type_}, {"fortran_order", has_order_}, {"shape", has_shape_}}) {
      if (!found) throw DataError(fmt::format("{}: no '{}' in the header", path_, key));
    }
    return std::move(header_);
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    const std::string_view rest = text_.substr(at_);
    throw DataError(fmt::format("{}: header: expected {} at byte {}, found {}", path_, expected,
                                begin_ + static_cast<Index>(at_),
                                rest.empty() ? "its end" : quoted(rest)));
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  bool take_if(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void take(char c, const char* expected) {
    if (!take_if(c)) fail(expected);
  }

  bool take_if(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  /// A string in either quotes; no key and no known type has an escape in it.
  std::string_view take_string(const char* expected) {
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    const std::size_t end =
        quote == '\'' || quote == '"' ? text_.find(quote, at_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail(expected);
    const std::string_view content = text_.substr(at_ + 1, end - at_ - 1);
    if (content.find_first_of("\\\n") != std::string_view::npos) fail(expected);
    at_ = end + 1;
    return content;
  }

  /// Notes that the key was met; there must not be a second one.
  void meet(bool& met, std::size_t key_begin) {
    if (met) {
      at_ = key_begin;
      fail("each key once");
    }
    met = true;
    skip_blanks();
    take(':', "a colon");
    skip_blanks();
  }

  void parse_item() {
    constexpr const char* kKeys = "'descr', 'fortran_order' or 'shape'";
    const std::size_t key_begin = at_;
    const std::string_view key = take_string(kKeys);
    if (key == "descr") {
      meet(has_type_, key_begin);
      parse_descr();
    } else if (key == "fortran_order") {
      meet(has_order_, key_begin);
      header_.fortran_order = take_if("True");
      if (!header_.fortran_order && !take_if("False")) fail("True or False");
    } else if (key == "shape") {
      meet(has_shape_, key_begin);
      parse_shape();
    } else {
      at_ = key_begin;
      fail(kKeys);
    }
  }

  void parse_descr() {
    if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '(')) {
      refuse(path_, "records", bracketed(), "save their fields as columns of one array");
    }
    header_.type = type_of(take_string("the name of a dtype"), path_);
  }

  /// The text from a bracket to the one that closes it, for a message.
  std::string_view bracketed() const {
    int depth = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
      if (text_[i] == '[' || text_[i] == '(') ++depth;
      if ((text_[i] == ']' || text_[i] == ')') && --depth == 0) {
        return text_.substr(at_, i + 1 - at_);
      }
    }
    return text_.substr(at_);
  }

  void parse_shape() {
    take('(', "a tuple of dimensions");
    for (skip_blanks(); !take_if(')'); skip_blanks()) {
      header_.shape.push_back(take_dimension());
      skip_blanks();
      if (take_if(',')) continue;
      if (header_.shape.size() == 1) fail("a comma, for shapes are tuples,");
      take(')', "a comma or )");
      return;
    }
  }

  Index take_dimension() {
    const std::size_t end = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
    const std::string_view digits = text_.substr(at_, end - at_);
    if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) fail("a dimension");
    Index n = 0;
    const auto [last, code] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (code != std::errc{}) fail("a dimension below 2^63");
    at_ = end;
    take_if('L');
    return n;
  }

  std::string_view text_;
  Index begin_;
  const std::string& path_;
  std::size_t at_ = 0;
  NpyHeader header_;
  bool has_type_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

}  // namespace

bool starts_as_npy(std::span<const std::byte> start) {
  const std::string_view text = text_of(start);
  return text.starts_with(kMagic) || is_zip(text);
}

Range find_npy_dictionary(std::span<const std::byte> start, Index file_size,
                          const std::string& path) {
  const std::string_view text = text_of(start);
  if (is_zip(text)) {
    throw DataError(
        fmt::format("{}: a zip archive, as .npz files are; save each array in a .npy file of its "
                    "own, with numpy.save",
                    path));
  }
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint8_t>(start[i]); };
  if (!text.starts_with(kMagic)) {
    std::string found;
    for (std::size_t i = 0; i < std::min(start.size(), kMagic.size()); ++i) {
      found += fmt::format(" {:02x}", byte(i));
    }
    throw DataError(
        fmt::format("{}: not a .npy file: expected the magic bytes 93 4e 55 4d 50 59, found{}",
                    path, found.empty() ? " nothing" : found));
  }
  const auto check_holds = [&](Index bytes) {
    if (bytes <= file_size) return;
    throw DataError(fmt::format("{}: truncated: expected a header of {} bytes, found {}", path,
                                bytes, file_size));
  };
  check_holds(static_cast<Index>(kVersionEnd) + 2);
  const unsigned major = byte(kVersionEnd - 2);
  const unsigned minor = byte(kVersionEnd - 1);
  if (major < 1 || major > 3 || minor != 0) {
    throw DataError(fmt::format("{}: .npy file of version {}.{}; expected 1.0, 2.0 or 3.0", path,
                                major, minor));
  }
  const std::size_t size_bytes = major == 1 ? 2 : 4;
  const Index begin = static_cast<Index>(kVersionEnd + size_bytes);
  check_holds(begin);
  Index size = 0;  // little-endian
  for (std::size_t i = size_bytes; i-- > 0;) size = size * 256 + byte(kVersionEnd + i);
  if (size > kLongestDictionary) {
    throw DataError(fmt::format("{}: expected a header of at most {} bytes, found {}", path,
                                kLongestDictionary, size));
  }
  check_holds(begin + size);
  return {begin, begin + size};
}

NpyHeader parse_npy_dictionary(std::string_view text, Range place, const std::string& path) {
  NpyHeader header = DictionaryParser(text, place.begin, path).parse();
  header.data_begin = place.end;
  return header;
}

}  // namespace lockstep
