#include "core/data/idx_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <span>
#include <sstream>

#include "core/base/error.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/idx_scatter.hpp"
#include "core/data/range_file.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kByteValues = 256;

/// The files of features and those of targets, with what their headers say.
struct Sources {
  std::vector<IdxSource> images;
  std::vector<IdxSource> labels;
};

/// Reads the headers of `files` and lays their rows end to end.
std::vector<IdxSource> read_headers(const std::vector<InputFile>& files, Index& bytes_read) {
  std::vector<IdxSource> sources;
  Index row = 0;
  for (const InputFile& input : files) {
    RangeFile file(input);
    const IdxHeader header = read_idx_header(file);
    bytes_read += file.bytes_read();
    sources.push_back({input, header, {row, row + header.items()}});
    row += header.items();
  }
  return sources;
}

void check_images(const std::vector<IdxSource>& images) {
  for (const IdxSource& source : images) {
    const IdxSource& first = images.front();
    if (source.header.item_size == first.header.item_size) continue;
    throw DataError(fmt::format("{}: items of {} bytes, but of {} bytes in {}", source.file.path,
                                source.header.item_size, first.header.item_size, first.file.path));
  }
}

void check_labels(const Sources& sources) {
  for (std::size_t i = 0; i < sources.labels.size(); ++i) {
    const IdxSource& labels = sources.labels[i];
    const IdxSource& images = sources.images[i];
    if (labels.header.dimensions.size() != 1) {
      throw DataError(fmt::format("{}: expected one dimension in a file of labels, found {}",
                                  labels.file.path, labels.header.dimensions.size()));
    }
    if (labels.header.items() != images.header.items()) {
      throw DataError(fmt::format("{} has {} labels, but {} has {} images", labels.file.path,
                                  labels.header.items(), images.file.path, images.header.items()));
    }
  }
}

std::string to_text(const std::vector<IdxSource>& sources) {
  std::string text;
  for (const IdxSource& source : sources) {
    const IdxHeader& header = source.header;
    text += fmt::format("{} {} {} {} ", header.items(), header.item_size, header.data_begin,
                        header.compressed ? 1 : 0);
  }
  return text;
}

/// As far as reading rows needs them: the dimensions of an item are their product.
std::vector<IdxSource> from_text(std::istringstream& text, const std::vector<InputFile>& files) {
  std::vector<IdxSource> sources;
  Index row = 0;
  for (const InputFile& file : files) {
    IdxHeader header;
    Index items = 0;
    text >> items >> header.item_size >> header.data_begin >> header.compressed;
    header.dimensions = {items, header.item_size};
    sources.push_back({file, header, {row, row + items}});
    row += items;
  }
  return sources;
}

/// What rank 0 reads in the headers, on every rank. *Collective*.
Sources share_sources(Team& team, const std::vector<InputFile>& images,
                      const std::vector<InputFile>& labels, Index& bytes_read) {
  std::string text;
  guard(team, "reading the headers", [&] {
    if (team.rank() != 0) return;
    Sources sources{read_headers(images, bytes_read), read_headers(labels, bytes_read)};
    check_images(sources.images);
    check_labels(sources);
    text = to_text(sources.images) + to_text(sources.labels);
  });
  broadcast_text(team, text, 0);
  std::istringstream stream(text);
  Sources sources;
  sources.images = from_text(stream, images);
  sources.labels = from_text(stream, labels);
  return sources;
}

void check_features(const Table& table, const TableSchema& schema, const std::string& path) {
  if (table.feature_names.size() != schema.feature_names.size()) {
    throw DataError(fmt::format("{}: items of {} bytes, but the model has {} features", path,
                                table.features, schema.feature_names.size()));
  }
  for (std::size_t j = 0; j < table.feature_names.size(); ++j) {
    if (table.feature_names[j] == schema.feature_names[j]) continue;
    throw DataError(fmt::format("{}: feature {} is {} in an IDX file, but {} in the model", path, j,
                                table.feature_names[j], quoted(schema.feature_names[j])));
  }
}

/// Which byte values occur on any rank. *Collective*.
std::array<std::int64_t, kByteValues> occurring(Team& team, std::span<const std::uint8_t> bytes) {
  std::array<std::int64_t, kByteValues> occurs{};
  for (const std::uint8_t v : bytes) occurs[v] = 1;
  team.all_reduce(occurs, IntegerReduction::max);
  return occurs;
}

/// Throws about the first label in file order that is none of the known classes. *Collective*.
void check_known(Team& team, const std::array<std::int64_t, kByteValues>& index,
                 std::span<const std::uint8_t> bytes, Index first_row,
                 const std::vector<IdxSource>& labels) {
  constexpr auto kValues = static_cast<std::int64_t>(kByteValues);
  constexpr std::int64_t kNone = INT64_MAX;
  std::int64_t first = kNone;
  for (std::size_t i = 0; i < bytes.size() && first == kNone; ++i) {
    if (index[bytes[i]] < 0) first = (first_row + static_cast<Index>(i)) * kValues + bytes[i];
  }
  first = min_over(team, first);
  if (first == kNone) return;
  for (const IdxSource& source : labels) {
    if (!source.rows.contains(first / kValues)) continue;
    throw DataError(fmt::format("{}: class {} of item {} does not occur in the training data",
                                source.file.path, first % kValues,
                                first / kValues - source.rows.begin));
  }
}

/// Turns labels into class indices; the table has room for them. *Collective*.
void make_classes(Team& team, std::span<const std::uint8_t> bytes, const IdxOptions& options,
                  const std::vector<IdxSource>& labels, Table& table) {
  std::array<std::int64_t, kByteValues> index{};
  if (options.schema) {
    table.class_names = options.schema->class_names;
    ClassLabels known(table.class_names);
    for (std::size_t v = 0; v < kByteValues; ++v) {
      index[v] = known.code(fmt::format("{}", v)).value_or(-1);
    }
    check_known(team, index, bytes, table.rows.begin, labels);
  } else {
    const auto occurs = occurring(team, bytes);
    for (std::size_t v = 0; v < kByteValues; ++v) {
      if (occurs[v] == 0) continue;
      index[v] = static_cast<std::int64_t>(table.class_names.size());
      table.class_names.push_back(fmt::format("{}", v));
    }
  }
  std::transform(bytes.begin(), bytes.end(), table.target.begin(),
                 [&](std::uint8_t v) { return static_cast<double>(index[v]); });
}

}  // namespace

IdxTable read_idx(Team& team, const std::vector<InputFile>& images,
                  const std::vector<InputFile>& labels, const IdxOptions& options) {
  assert(!images.empty());
  const bool wants_labels = options.target_kind != TargetKind::none;
  if (wants_labels && labels.size() != images.size()) {
    throw ConfigError(fmt::format("{}: expected {} files of labels, as many as of images, found {}",
                                  options.labels_key, images.size(), labels.size()));
  }
  IdxTable result;
  Table& table = result.table;
  const Sources sources = share_sources(
      team, images, wants_labels ? labels : std::vector<InputFile>(), result.bytes_read);

  table.total_rows = sources.images.back().rows.end;
  const std::vector<Index> boundaries = even_boundaries(table.total_rows, team.size());
  table.rows = part_of(boundaries, team.rank());
  table.features = sources.images.front().header.item_size;
  for (Index j = 0; j < table.features; ++j) table.feature_names.push_back(fmt::format("p{}", j));
  if (options.schema) check_features(table, *options.schema, images.front().path);
  table.values = scatter_rows(team, sources.images, boundaries, result.bytes_read);

  if (wants_labels) {
    check_one_label(options.schema, sources.labels.front().file.path);
    table.target_names = name_of_labels(options.schema);
    table.target_kind = options.schema ? options.schema->target_kind : options.target_kind;
    const Buffer<std::uint8_t> bytes =
        scatter_rows(team, sources.labels, boundaries, result.bytes_read);
    guard(team, "taking the labels", [&] { table.target.resize(bytes.size()); });
    if (table.target_kind == TargetKind::classes) {
      make_classes(team, bytes, options, sources.labels, table);
    } else {
      std::copy(bytes.begin(), bytes.end(), table.target.begin());
    }
  }
  return result;
}

}  // namespace lockstep
