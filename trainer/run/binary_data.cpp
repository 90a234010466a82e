#include "trainer/run/binary_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/lsd_reader.hpp"
#include "trainer/run/data_notes.hpp"
#include "trainer/run/data_objections.hpp"

namespace lockstep::trainer {
namespace {

/// Rows are to stay in their file: of those that train, and not of commands that look at columns.
bool streams(const Session& session, DataRole role) {
  static constexpr std::array<std::string_view, 5> kThatTrain{"train", "cv", "rerun", "verify",
                                                              "bisect"};
  return role == DataRole::train && session.settings.text("data.stream") == "yes" &&
         std::find(kThatTrain.begin(), kThatTrain.end(), session.arguments.command) !=
             kThatTrain.end();
}

/// The texts that stand for missing cells were chosen when the file was made: those of the model,
/// or those that the model will have.
void adopt_missing(Session& session, DataRole role, const LsdFile& lsd) {
  Settings& settings = session.settings;
  const std::string name = "data.missing";
  const std::vector<std::string>& texts = lsd.header.missing;
  if (settings.texts(name) == texts) return;
  const std::string list = fmt::format("{}", fmt::join(texts, ","));
  if (role != DataRole::train || settings.given(name)) {
    throw ConfigError(fmt::format(
        "{}: {} was made with {}, but here it is {}; convert the data again with the same", name,
        lsd.file.path, lockstep::quoted(list), lockstep::quoted(settings.text(name))));
  }
  settings.set(name, list, settings.origin(name), std::string(settings.place(name)));
}

/// Refuses keys that an .lsd file takes no notice of, as they are those of its source or were
/// heeded when it was made.
void check_lsd_keys(Session& session, DataRole role, const LsdFile& lsd) {
  const Settings& settings = session.settings;
  const std::string& format = lsd.header.format;
  const std::string data = fmt::format(".lsd files of {}", format);
  // A configuration may be that of the source, and name it with its labels.
  const std::string labels = data_key(role) + "_labels";
  for (const std::string& name :
       {std::string("data.delimiter"), std::string("data.header"), labels}) {
    const bool is_asked = settings.origin(name) == Origin::command_line;
    if (is_asked && !settings.is_default(name)) refuse_key(settings, name, ".lsd files");
  }
  check_keys(settings, role, ".lsd files", {"data.on_bad_row"});
  if (format != "csv") check_keys(settings, role, data, {"data.numeric", "data.missing"});
  if (format != "libsvm") check_keys(settings, role, data, {"data.index_base"});
  if (format == "npy" && lsd.header.has_labels) check_keys(settings, role, data, {"data.target"});
  if (format == "csv" || format == "npy") return;
  check_keys(settings, role, data,
             {"data.target", "data.ignore", "data.categorical", "data.weight"});
}

/// The schema's features are there under their names. Where they are not, the header of a CSV file
/// may have been taken for a row, or the other way round, and the schema tells that.
bool has_features_of(const LsdFile& lsd, const std::optional<TableSchema>& schema) {
  if (!schema || lsd.header.format != "csv") return true;
  const std::vector<LsdColumn>& columns = lsd.header.columns;
  return std::all_of(
      schema->feature_names.begin(), schema->feature_names.end(), [&](const std::string& name) {
        return std::any_of(columns.begin(), columns.end(),
                           [&](const LsdColumn& column) { return column.name == name; });
      });
}

}  // namespace

LsdFile open_named_lsd(Session& session, DataRole role, const InputFile& file) {
  LsdFile lsd = open_lsd(session.team, file);
  guard(session.team, "looking at the files", [&] {
    if (!session.is_root()) return;
    const std::string newer = newer_source(lsd);
    if (newer.empty()) return;
    throw DataError(
        fmt::format("{}: older than {}, which it was made of; convert it again", file.path, newer));
  });
  check_lsd_keys(session, role, lsd);
  if (lsd.header.format == "csv") adopt_missing(session, role, lsd);
  return lsd;
}

Table load_lsd(Session& session, DataRole role, const LsdFile& lsd, const CsvOptions& columns) {
  Settings& settings = session.settings;
  const std::string& format = lsd.header.format;
  LsdOptions options{columns, std::nullopt, data_key(role) + "_labels", streams(session, role)};
  if (format == "idx" || format == "libsvm") {
    if (columns.features == CsvFeatures::categories) {
      throw DataError(fmt::format("{}: made of {}, where CSV or .npy is needed", lsd.file.path,
                                  format == "idx" ? "an IDX file" : "a LIBSVM file"));
    }
    if (columns.schema) {
      check_categories(*columns.schema, format == "idx" ? "an IDX file" : "a LIBSVM file");
    }
  }
  const std::string base = "data.index_base";
  if (!settings.is_word(base, "auto")) options.index_base = settings.text(base) == "0" ? 0 : 1;
  LsdTable table = read_lsd(session.team, lsd, options);
  warn_of_lsd(session, places_of(lsd).of(0), lsd.header, table, columns.schema.has_value());
  if (format == "libsvm" && role == DataRole::train) {
    settings.set(base, fmt::format("{}", table.index_base), settings.origin(base),
                 std::string(settings.place(base)));
  }
  return std::move(table.table);
}

std::optional<Table> load_cached(Session& session, DataRole role, const DataFiles& files,
                                 const CsvOptions& options) {
  if (options.on_bad_row == OnBadRow::skip) return std::nullopt;  // it has good rows alone
  std::optional<LsdFile> lsd = cache_of(session, files, options);
  if (!lsd || !has_features_of(*lsd, options.schema)) return std::nullopt;
  const std::string objection = lsd_objection(*lsd, {options, std::nullopt});
  if (!objection.empty() && streams(session, role)) {
    throw DataError(objection + ", and read it into memory (data.stream = no)");
  }
  if (!objection.empty()) return std::nullopt;
  try {
    return load_lsd(session, role, *lsd, options);
  } catch (const DamagedLsd& damaged) {
    lsd = cache_of(session, files, options, damaged.what());
  }
  if (!lsd) return std::nullopt;
  return load_lsd(session, role, *lsd, options);
}

void check_streams(const Session& session, DataRole role, const DataFiles& files) {
  if (!streams(session, role)) return;
  const bool may_be_cached = files.format == FileFormat::csv || files.format == FileFormat::libsvm;
  const bool is_off = session.settings.text("data.cache") == "off";
  throw DataError(fmt::format("{}: no .lsd file, as data.stream needs; {}", name_of(files.rows),
                              !may_be_cached ? "convert it"
                              : is_off       ? "convert it, or set data.cache = auto"
                                             : "data.cache could not make one"));
}

}  // namespace lockstep::trainer
