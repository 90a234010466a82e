#include "core/data/lsd_header.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/memory.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/sparse_values.hpp"

namespace lockstep {
namespace {

static_assert(std::endian::native == std::endian::little, "files are written as memory has them");

using Json = nlohmann::ordered_json;

constexpr std::array<unsigned char, 8> kMagic{0x89, 'L', 'S', 'D', '\r', '\n', 0x1A, '\n'};
constexpr std::uint32_t kVersion = 1;

// Bounds far beyond all data that fits on a disk, within which no size overflows.
constexpr Index kMostRows = Index{1} << 48;
constexpr Index kMostBlockRows = Index{1} << 24;
constexpr Index kMostByteColumns = Index{1} << 32;
constexpr Index kMostColumns = Index{1} << 27;
constexpr Index kMostCells = Index{1} << 48;

struct Preamble {
  std::array<unsigned char, kMagic.size()> magic{kMagic};
  std::uint32_t version = kVersion;
  std::uint32_t zero = 0;
  std::uint64_t description = 0;
  std::uint64_t blocks = 0;
  std::uint64_t file = 0;
  LsdHash hash{};
  std::uint64_t last_zero = 0;
};
static_assert(sizeof(Preamble) == kLsdAlignment);

struct Entry {
  std::uint64_t bytes = 0;
  std::uint64_t cells = 0;
  LsdHash hash{};
};
static_assert(sizeof(Entry) == 32);

Index header_size(Index description, Index blocks) {
  return round_up(static_cast<Index>(sizeof(Preamble)) + description +
                      blocks * static_cast<Index>(sizeof(Entry)),
                  kLsdAlignment);
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw DamagedLsd(path, what);
}

Preamble preamble_of(std::span<const std::byte> start) {
  Preamble preamble;
  std::memcpy(&preamble, start.data(), sizeof preamble);
  return preamble;
}

const char* word_of(NumberSpelling::Kind kind) {
  switch (kind) {
    case NumberSpelling::Kind::shortest:
      return "shortest";
    case NumberSpelling::Kind::integer:
      return "integer";
    case NumberSpelling::Kind::listed:
      return "listed";
    default:
      return "lost";
  }
}

Json json_of(const LsdColumn& column) {
  Json json{{"name", column.name},     {"position", column.position}, {"numbers", column.numbers},
            {"others", column.others}, {"missing", column.missing},   {"min", column.min},
            {"max", column.max}};
  if (column.type.kind == ColumnKind::category) {
    json["texts"] = column.type.categories;
    return json;
  }
  json["spelling"] = word_of(column.spelling.kind);
  if (column.spelling.kind == NumberSpelling::Kind::listed) {
    Json& texts = json["spellings"] = Json::array();
    for (const auto& [bits, text] : column.spelling.texts) texts.push_back(text);
  }
  return json;
}

/// What is wrong with a description, to be said by who knows the file.
struct WrongDescription : std::exception {};

/// The members of an object, with what they have to be checked.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {
    if (!json.is_object()) throw WrongDescription();
  }

  const Json& list(const char* name) const {
    const Json& value = at(name);
    if (!value.is_array()) throw WrongDescription();
    return value;
  }
  bool has(const char* name) const { return json_.contains(name); }
  std::string text(const char* name) const { return text_of(at(name)); }
  bool flag(const char* name) const {
    const Json& value = at(name);
    if (!value.is_boolean()) throw WrongDescription();
    return value.get<bool>();
  }
  Index integer(const char* name, Index least, Index most) const {
    const Json& value = at(name);
    if (!value.is_number_integer()) throw WrongDescription();
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
      throw WrongDescription();
    }
    const auto number = value.get<std::int64_t>();
    if (number < least || number > most) throw WrongDescription();
    return number;
  }
  double real(const char* name) const {
    const Json& value = at(name);
    if (!value.is_number() || !std::isfinite(value.get<double>())) throw WrongDescription();
    return value.get<double>();
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> texts;
    for (const Json& value : list(name)) texts.push_back(text_of(value));
    return texts;
  }

 private:
  static std::string text_of(const Json& value) {
    if (!value.is_string()) throw WrongDescription();
    return value.get<std::string>();
  }
  const Json& at(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) throw WrongDescription();
    return *found;
  }

  const Json& json_;
};

NumberSpelling spelling_of(const Members& members) {
  NumberSpelling spelling;
  const std::string word = members.text("spelling");
  using Kind = NumberSpelling::Kind;
  spelling.kind = Kind::lost;
  for (const Kind kind : {Kind::shortest, Kind::integer, Kind::listed, Kind::lost}) {
    if (word == word_of(kind)) spelling.kind = kind;
  }
  if (word != word_of(spelling.kind)) throw WrongDescription();
  if (spelling.kind != Kind::listed) return spelling;
  for (std::string& text : members.texts("spellings")) {
    double number = 0;
    if (!parse_csv_number(text, number)) throw WrongDescription();
    spelling.texts.emplace(std::bit_cast<std::uint64_t>(number), std::move(text));
  }
  return spelling;
}

LsdColumn column_of(const Json& json, Index rows) {
  const Members members(json);
  LsdColumn column;
  column.name = members.text("name");
  column.position = members.integer("position", 0, kMostColumns);
  column.numbers = members.integer("numbers", 0, rows);
  column.others = members.integer("others", 0, rows);
  column.missing = members.integer("missing", 0, rows);
  if (column.numbers + column.others + column.missing != rows) throw WrongDescription();
  column.min = members.real("min");
  column.max = members.real("max");
  if (members.has("texts")) {
    column.type = {ColumnKind::category, members.texts("texts")};
    const auto& texts = column.type.categories;
    const bool ascends =
        std::adjacent_find(texts.begin(), texts.end(), std::greater_equal<>()) == texts.end();
    if (!ascends || (!texts.empty() && texts.front().empty())) throw WrongDescription();
  } else {
    column.spelling = spelling_of(members);
    if (column.others > 0) throw WrongDescription();
  }
  return column;
}

LsdSource source_of(const Json& json, Index rows) {
  const Members members(json);
  return {members.text("path"), members.integer("size", 0, INT64_MAX),
          members.integer("modified", INT64_MIN, INT64_MAX), members.integer("rows", 0, rows),
          members.integer("first_line", 0, INT64_MAX - rows)};
}

/// All but the blocks.
LsdHeader header_of(const Json& json) {
  const Members members(json);
  LsdHeader header;
  header.format = members.text("format");
  const std::array<std::string_view, 4> formats{"csv", "idx", "libsvm", "npy"};
  if (std::find(formats.begin(), formats.end(), header.format) == formats.end()) {
    throw WrongDescription();
  }
  header.reading = members.text("reading");
  header.missing = members.texts("missing");
  header.ignored = members.texts("ignored");
  header.has_header = members.flag("has_header");
  header.are_arrays = members.flag("are_arrays");
  header.has_labels = members.flag("has_labels");
  header.rows = members.integer("rows", 1, kMostRows);
  header.block_rows = members.integer("block_rows", 1, kMostBlockRows);
  header.byte_columns = members.integer("byte_columns", 0, kMostByteColumns);
  header.sparse = members.flag("sparse");
  header.smallest_index = members.integer("smallest_index", 0, INT64_MAX);
  header.largest_index = members.integer("largest_index", -1, kMostSparseColumns - 1);
  for (const Json& source : members.list("sources")) {
    header.sources.push_back(source_of(source, header.rows));
  }
  for (const Json& column : members.list("columns")) {
    header.columns.push_back(column_of(column, header.rows));
  }
  std::vector<std::string> names;
  for (const LsdColumn& column : header.columns) names.push_back(column.name);
  if (header.has_labels && !names.empty()) names.pop_back();
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) throw WrongDescription();
  // Features are columns, bytes, or sparse; beside the latter two stand labels alone.
  const bool others = header.byte_columns > 0 || header.sparse;
  const std::size_t labels = header.has_labels ? 1 : 0;
  const bool fits =
      others ? header.columns.size() == labels && !(header.byte_columns > 0 && header.sparse)
             : header.columns.size() > labels;
  const bool text_labels = header.has_labels && !header.columns.empty() &&
                           header.columns.back().type.kind == ColumnKind::category;
  const bool has_indices = header.largest_index >= 0;
  const bool indices_fit = has_indices
                               ? header.sparse && header.smallest_index <= header.largest_index
                               : header.smallest_index == std::numeric_limits<Index>::max();
  if (!fits || text_labels || !indices_fit) throw WrongDescription();
  Index rows = 0;
  for (const LsdSource& source : header.sources) rows += source.rows;
  if (rows != 0 && rows != header.rows) throw WrongDescription();
  return header;
}

}  // namespace

LsdHash lsd_hash(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

Range LsdHeader::rows_of(Index block) const {
  const Index begin = block * block_rows;
  return {begin, std::min(begin + block_rows, rows)};
}

Index LsdHeader::size() const {
  return header_size(static_cast<Index>(describe_lsd(*this).size()),
                     static_cast<Index>(blocks.size()));
}

LsdBlockParts parts_of_block(const LsdHeader& header, Index rows, Index cells) {
  LsdBlockParts parts{};
  parts.bytes = round_up(rows * static_cast<Index>(header.columns.size()) * 8, kLsdAlignment);
  parts.lengths = parts.bytes + round_up(rows * header.byte_columns, kLsdAlignment);
  parts.indices = parts.lengths + (header.sparse ? round_up(rows * 4, kLsdAlignment) : 0);
  parts.numbers = parts.indices + round_up(cells * 4, kLsdAlignment);
  parts.end = parts.numbers + round_up(cells * 8, kLsdAlignment);
  return parts;
}

Index LsdHeader::bytes_of_block(Index rows_in_block, Index cells) const {
  return parts_of_block(*this, rows_in_block, cells).end;
}

std::string describe_lsd(const LsdHeader& header) {
  Json json{{"format", header.format},
            {"reading", header.reading},
            {"missing", header.missing},
            {"ignored", header.ignored},
            {"has_header", header.has_header},
            {"are_arrays", header.are_arrays},
            {"has_labels", header.has_labels},
            {"rows", header.rows},
            {"block_rows", header.block_rows},
            {"byte_columns", header.byte_columns},
            {"sparse", header.sparse},
            {"smallest_index", header.smallest_index},
            {"largest_index", header.largest_index}};
  Json& sources = json["sources"] = Json::array();
  for (const LsdSource& source : header.sources) {
    sources.push_back({{"path", source.path},
                       {"size", source.size},
                       {"modified", source.modified},
                       {"rows", source.rows},
                       {"first_line", source.first_line}});
  }
  Json& columns = json["columns"] = Json::array();
  for (const LsdColumn& column : header.columns) columns.push_back(json_of(column));
  // A path may be any bytes: what is no UTF-8 is no source that will be found again.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::byte> encode_lsd_header(const LsdHeader& header) {
  const std::string description = describe_lsd(header);
  Preamble preamble;
  preamble.description = description.size();
  preamble.blocks = header.blocks.size();
  const Index size =
      header_size(static_cast<Index>(description.size()), static_cast<Index>(header.blocks.size()));
  preamble.file = static_cast<std::uint64_t>(size);
  std::vector<Entry> entries;
  for (const LsdBlock& block : header.blocks) {
    entries.push_back({static_cast<std::uint64_t>(block.bytes),
                       static_cast<std::uint64_t>(block.cells), block.hash});
    preamble.file += entries.back().bytes;
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  std::byte* to = bytes.data() + sizeof preamble;
  std::memcpy(to, description.data(), description.size());
  to += description.size();
  if (!entries.empty()) std::memcpy(to, entries.data(), entries.size() * sizeof(Entry));
  std::memcpy(bytes.data(), &preamble, sizeof preamble);
  preamble.hash = lsd_hash(bytes);
  std::memcpy(bytes.data(), &preamble, sizeof preamble);
  return bytes;
}

Index lsd_header_size(const std::string& path, std::span<const std::byte> start, Index file_size) {
  if (start.size() < sizeof(Preamble)) refuse(path, "truncated: no whole header");
  const Preamble preamble = preamble_of(start);
  if (preamble.magic != kMagic) refuse(path, "no .lsd file");
  if (preamble.version != kVersion) {
    refuse(path, fmt::format("a file of version {}, expected {}", preamble.version, kVersion));
  }
  const auto size = static_cast<std::uint64_t>(file_size);
  if (preamble.file != size) {
    refuse(path, fmt::format("truncated or damaged: {} bytes, expected {}", size, preamble.file));
  }
  if (preamble.description > size || preamble.blocks > size / sizeof(Entry) ||
      header_size(static_cast<Index>(preamble.description), static_cast<Index>(preamble.blocks)) >
          file_size) {
    refuse(path, "the header is damaged (its sizes are wrong)");
  }
  return header_size(static_cast<Index>(preamble.description), static_cast<Index>(preamble.blocks));
}

LsdHeader decode_lsd_header(const std::string& path, std::span<const std::byte> bytes,
                            Index file_size) {
  const Index size = lsd_header_size(path, bytes, file_size);
  if (size != static_cast<Index>(bytes.size())) refuse(path, "truncated: no whole header");
  Preamble preamble = preamble_of(bytes);
  const LsdHash stated = preamble.hash;
  preamble.hash = {};
  std::vector<std::byte> hashed(bytes.begin(), bytes.end());
  std::memcpy(hashed.data(), &preamble, sizeof preamble);
  if (lsd_hash(hashed) != stated) refuse(path, "the header is damaged (its hash differs)");
  const auto* const text = reinterpret_cast<const char*>(bytes.data()) + sizeof preamble;
  LsdHeader header;
  try {
    header = header_of(Json::parse(text, text + preamble.description));
  } catch (const Json::exception&) {
    refuse(path, "the header is damaged (its description is no JSON)");
  } catch (const WrongDescription&) {
    refuse(path, "the header is damaged (its description is wrong)");
  }
  std::vector<Entry> entries(preamble.blocks);
  if (!entries.empty()) {
    std::memcpy(entries.data(), text + preamble.description, entries.size() * sizeof(Entry));
  }
  const Index blocks = (header.rows + header.block_rows - 1) / header.block_rows;
  if (blocks != static_cast<Index>(entries.size())) {
    refuse(path, "the header is damaged (its number of blocks is wrong)");
  }
  Index end = size;
  for (Index b = 0; b < blocks; ++b) {
    const Entry& entry = entries[static_cast<std::size_t>(b)];
    const bool fits =
        entry.cells <= std::uint64_t{kMostCells} && (header.sparse || entry.cells == 0) &&
        entry.bytes <= static_cast<std::uint64_t>(file_size - end) &&
        entry.bytes == static_cast<std::uint64_t>(header.bytes_of_block(
                           header.rows_of(b).size(), static_cast<Index>(entry.cells)));
    if (!fits) refuse(path, fmt::format("the header is damaged (block {} has a wrong size)", b));
    header.blocks.push_back(
        {static_cast<Index>(entry.bytes), static_cast<Index>(entry.cells), entry.hash});
    end += header.blocks.back().bytes;
  }
  if (end != file_size) refuse(path, "the header is damaged (the sizes of its blocks are wrong)");
  return header;
}

DamagedLsd::DamagedLsd(const std::string& path, const std::string& what)
    : DataError(fmt::format("{}: {}; convert the data again", path, what)) {}

}  // namespace lockstep
