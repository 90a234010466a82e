#include "core/data/csv_reader.hpp"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "core/base/error.hpp"
#include "core/data/carried_columns.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/csv_heads.hpp"
#include "core/data/csv_part_reader.hpp"
#include "core/data/csv_pieces.hpp"
#include "core/data/inflated_files.hpp"

namespace lockstep {
namespace {

/// The last column is a feature, or the target for want of data.target.
bool is_used_unasked(const CsvColumns& columns, const CsvOptions& options) {
  const Index use = columns.use.back();
  return use >= 0 || (use == CsvColumns::kTarget && options.targets.empty());
}

}  // namespace

CsvTable read_csv(Team& team, const std::vector<InputFile>& found, const CsvOptions& options) {
  assert(!found.empty());
  const std::vector<InputFile> files = inflated_files(team, found);
  const std::string& first_path = files.front().path;
  const CsvHeads heads = read_csv_heads(team, files, options);
  const CsvDialect& dialect = heads.dialect;
  CsvColumns columns =
      assign_csv_columns(heads.names, options, first_path,
                         dialect.has_header ? NamesFrom::header : NamesFrom::numbers);
  if (dialect.has_header && ends_with_delimiter(heads.first_record, dialect.delimiter)) {
    columns.header_hint =
        fmt::format("; the header ({}:1) ends with {}, so its last column has no name", first_path,
                    delimiter_name(dialect.delimiter));
  }
  const TableSchema& schema = columns.schema;
  const CsvPieces cut = cut_csv(team, files, heads);
  CsvPartReader reader(team, files, cut, columns, heads.dialect.delimiter, options);
  reader.read();

  CsvTable result;
  Table& table = result.table;
  table.feature_types = reader.agree_on_types();
  result.notes = reader.notes();
  if (options.spellings) result.spellings = reader.spellings();
  table.places = reader.places();
  CsvPart& part = reader.part();
  table.rows.begin = exclusive_scan(team, part.rows);
  table.rows.end = table.rows.begin + part.rows;
  table.total_rows = sum_over(team, part.rows);
  note_bad_rows(team, reader.bad_rows(), table);
  table.features = static_cast<Index>(schema.feature_names.size());
  table.feature_names = schema.feature_names;
  table.file_columns = columns_of_features(columns);
  table.target_kind = schema.target_kind;
  table.target_names = schema.target_names;
  table.values = std::move(part.values);
  table.target = std::move(part.target);
  if (schema.target_kind == TargetKind::classes) {
    table.class_names =
        agree_on_classes(team, reader.labels(), schema.target_name(), name_of(files), table.target);
  }
  take_carried_columns(team, columns, table);
  result.extra_columns = columns.extra;
  if (!columns.header_hint.empty() && is_used_unasked(columns, options)) {
    result.unnamed_last = first_path + ":1";
  }
  result.positions = columns_of_features(columns);
  result.dialect = heads.dialect;
  result.bytes_read = heads.bytes_read + cut.bytes_read + reader.bytes_read();
  return result;
}

}  // namespace lockstep
