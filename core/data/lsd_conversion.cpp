#include "core/data/lsd_conversion.hpp"

#include <utility>

#include "core/base/options.hpp"

namespace lockstep {
namespace {

/// What is the same of all formats.
LsdHeader header_of(const Table& table, std::vector<LsdSource> sources) {
  LsdHeader header;
  const std::vector<Index> rows = table.places.rows_of_files();
  const std::vector<Index> first_lines = table.places.first_lines();
  for (std::size_t f = 0; f < rows.size(); ++f) {
    sources[f].rows = rows[f];
    sources[f].first_line = first_lines[f];
  }
  header.sources = std::move(sources);
  header.are_arrays = table.places.are_arrays();
  header.has_labels = table.target_kind != TargetKind::none;
  return header;
}

/// The column of a file of labels.
LsdColumn column_of_labels(NumberSpelling spelling) {
  LsdColumn column;
  column.name = "label";
  column.spelling = std::move(spelling);
  return column;
}

}  // namespace

CsvOptions csv_options_for_lsd(const CsvOptions& options) {
  CsvOptions all;
  all.delimiter = options.delimiter;
  all.header = options.header;
  all.missing = options.missing;
  all.ignored = options.ignored;
  all.target_kind = TargetKind::none;
  all.features = CsvFeatures::typed;
  all.spellings = true;
  return all;
}

NpyOptions npy_options_for_lsd(const CsvOptions& options, bool has_labels) {
  NpyOptions all;
  all.columns.ignored = options.ignored;
  all.columns.target_kind = has_labels ? TargetKind::number : TargetKind::none;
  all.columns.target_is_feature = true;  // so that a label may be missing
  all.columns.features = CsvFeatures::typed;
  return all;
}

IdxOptions idx_options_for_lsd(bool has_labels) {
  IdxOptions all;
  all.target_kind = has_labels ? TargetKind::number : TargetKind::none;
  return all;
}

LibsvmOptions libsvm_options_for_lsd() {
  LibsvmOptions all;
  all.target_kind = TargetKind::number;
  all.index_base = 0;  // columns are the indices of the file
  return all;
}

LsdHeader lsd_header_of(const CsvTable& csv, const CsvOptions& options,
                        std::vector<LsdSource> sources) {
  LsdHeader header = header_of(csv.table, std::move(sources));
  header.format = "csv";
  header.missing = options.missing;
  header.ignored = options.ignored;
  header.has_header = csv.dialect.has_header;
  for (std::size_t j = 0; j < csv.table.feature_names.size(); ++j) {
    LsdColumn& column = header.columns.emplace_back();
    column.name = csv.table.feature_names[j];
    column.position = csv.positions[j];
    column.spelling = csv.spellings[j];
  }
  return header;
}

LsdHeader lsd_header_of(const NpyTable& npy, const NpyOptions& options,
                        std::vector<LsdSource> sources) {
  LsdHeader header = header_of(npy.table, std::move(sources));
  header.format = "npy";
  header.ignored = options.columns.ignored;
  for (const std::string& name : npy.table.feature_names) {
    LsdColumn& column = header.columns.emplace_back();
    column.name = name;
    parse_integer(name.substr(1), column.position);
    column.spelling = npy.spelling;
  }
  if (header.has_labels) header.columns.push_back(column_of_labels(npy.labels_spelling));
  return header;
}

LsdHeader lsd_header_of(const IdxTable& idx, std::vector<LsdSource> sources) {
  LsdHeader header = header_of(idx.table, std::move(sources));
  header.format = "idx";
  if (header.has_labels) {
    header.columns.push_back(column_of_labels({NumberSpelling::Kind::integer, {}}));
  }
  return header;
}

LsdHeader lsd_header_of(const LibsvmTable& libsvm, std::vector<LsdSource> sources) {
  LsdHeader header = header_of(libsvm.table, std::move(sources));
  header.format = "libsvm";
  header.smallest_index = libsvm.smallest_index;
  header.largest_index = libsvm.largest_index;
  header.columns.push_back(column_of_labels({}));
  return header;
}

}  // namespace lockstep
