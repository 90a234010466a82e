#include "trainer/run/data_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/data/csv_reader.hpp"
#include "core/data/idx_reader.hpp"
#include "core/data/libsvm_reader.hpp"
#include "core/data/npy_reader.hpp"
#include "core/model/losses.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/model/network.hpp"
#include "trainer/cli/key_rules.hpp"
#include "trainer/run/binary_data.hpp"
#include "trainer/run/data_notes.hpp"
#include "trainer/run/data_objections.hpp"
#include "trainer/run/generated_data.hpp"
#include "trainer/run/quarantine.hpp"

namespace lockstep::trainer {
namespace {

/// Refuses keys of the generator on the command line of a command that reads files alone. A
/// configuration file may have them, for its data may be replaced.
void check_generates_nothing(const Session& session, DataRole role) {
  // Training may generate its rows and be tested on files.
  const std::string& command = session.arguments.command;
  if ((command == "train" || command == "check") && role == DataRole::test) return;
  const Settings& settings = session.settings;
  for (const Option& option : settings.options()) {
    if (!option.name.starts_with("synthetic.")) continue;
    if (settings.origin(option.name) != Origin::command_line) continue;
    refuse_key(settings, option.name, "data files");
  }
}

/// The files of rows.
std::vector<InputFile> data_files(Session& session, DataRole role) {
  const Settings& settings = session.settings;
  check_generates_nothing(session, role);
  if (settings.texts(data_key(role)).empty()) {
    throw ConfigError(fmt::format("{}: data.format = {} needs files", data_key(role),
                                  settings.text("data.format")));
  }
  return find_files(session, data_key(role));
}

/// The rows of CSV files; tells what was found out about them. *Collective*.
Table load_csv(Session& session, const std::vector<InputFile>& files, const CsvOptions& options) {
  check_quarantine(session);
  CsvTable csv = read_csv(session.team, files, options);
  warn_of_csv(session, name_of(files), csv, options.schema.has_value());
  report_bad_rows(session, csv.table);
  return std::move(csv.table);
}

/// The rows of .npy files; warns as of CSV. *Collective*.
Table load_npy(Session& session, DataRole role, const std::vector<InputFile>& files,
               const CsvOptions& columns) {
  check_keys(session.settings, role, ".npy files",
             {"data.numeric", "data.missing", "data.delimiter", "data.header", "data.index_base"});
  const NpyOptions options{columns, data_key(role) + "_labels"};
  const bool has_labels = columns.target_kind != TargetKind::none &&
                          !session.settings.texts(options.labels_key).empty();
  if (has_labels) {
    check_keys(session.settings, role, ".npy files with data.train_labels", {"data.target"});
  }
  const auto labels =
      has_labels ? find_files(session, options.labels_key) : std::vector<InputFile>();
  check_quarantine(session);
  NpyTable npy = read_npy(session.team, files, labels, options);
  report_bad_rows(session, npy.table);
  warn_of_npy(session, name_of(files), npy);
  return std::move(npy.table);
}

/// Refuses what LIBSVM files cannot give.
void check_libsvm(Session& session, DataRole role, const std::vector<InputFile>& files,
                  const std::optional<TableSchema>& schema, CsvFeatures features) {
  check_keys(session.settings, role, "LIBSVM files",
             {"data.target", "data.ignore", "data.categorical", "data.numeric", "data.missing",
              "data.train_labels", "data.delimiter", "data.header", "data.weight"});
  if (features == CsvFeatures::categories) {
    throw DataError(files.front().path + ": a LIBSVM file, where CSV or .npy is needed");
  }
  if (schema) check_categories(*schema, "a LIBSVM file");
}

/// The rows of LIBSVM files. The settings, and so the model, get the base of the training rows, for
/// other sets to be read alike. *Collective*.
Table load_libsvm(Session& session, DataRole role, const std::vector<InputFile>& files,
                  TargetKind target, const std::optional<TableSchema>& schema,
                  CsvFeatures features) {
  Settings& settings = session.settings;
  LibsvmOptions options{target, schema, std::nullopt, features == CsvFeatures::typed,
                        csv_options(settings).on_bad_row};
  const std::string base = "data.index_base";
  if (!settings.is_word(base, "auto")) options.index_base = settings.text(base) == "0" ? 0 : 1;
  check_quarantine(session);
  LibsvmTable libsvm = read_libsvm(session.team, files, options);
  report_bad_rows(session, libsvm.table);
  warn_of_libsvm(session, name_of(files), libsvm, schema.has_value());
  if (role == DataRole::train) {
    settings.set(base, fmt::format("{}", libsvm.index_base), settings.origin(base),
                 std::string(settings.place(base)));
  }
  return std::move(libsvm.table);
}

}  // namespace

bool has_data(const Settings& settings, DataRole role) {
  if (!settings.texts(data_key(role)).empty()) return true;
  if (!is_synthetic(settings, DataRole::train)) return false;
  if (role == DataRole::train) return true;
  const bool is_split =
      settings.real("data.test_fraction") > 0 || !settings.is_word("data.folds", "none");
  return !is_split && settings.integer("synthetic.test_rows") > 0;
}

bool names_data(const Settings& settings, DataRole role) {
  if (!settings.texts(data_key(role)).empty() || settings.text("data.format") == "synthetic") {
    return true;
  }
  return has_data(settings, role) &&
         std::any_of(settings.options().begin(), settings.options().end(), [&](const Option& o) {
           return o.name.starts_with("synthetic.") && settings.given(o.name);
         });
}

void check_spares_data(Session& session, DataRole role, const std::string& output) {
  if (is_synthetic(session.settings, role)) return;
  for (const std::string& name : {data_key(role), data_key(role) + "_labels"}) {
    if (session.settings.texts(name).empty()) continue;
    check_spares(session, output, "--output", paths_of(find_files(session, name)), name);
  }
}

TargetKind wanted_target(const Settings& settings) {
  const bool numbers = takes_any_target(settings) && is_synthetic(settings, DataRole::train) &&
                       synthetic_kind(settings) == SyntheticKind::linear;
  return numbers ? TargetKind::number : predicted_target(settings);
}

void check_one_target(const Session& session) {
  const Settings& settings = session.settings;
  const std::vector<std::string> targets = settings.texts("data.target");
  if (targets.size() < 2) return;
  throw PlacedConfigError(fmt::format(
      "{}: error: data.target: {} takes one column, found {}: {}; name one of them with "
      "--data.target={}",
      settings.place("data.target"), session.arguments.command, targets.size(),
      joined_names(targets), targets.front()));
}

Table load_table(Session& session, DataRole role, TargetKind target,
                 const std::optional<TableSchema>& schema, CsvFeatures features,
                 const CsvRules& rules) {
  const Settings& settings = session.settings;
  if (is_synthetic(settings, role)) return load_generated(session, role, target, schema);
  const std::vector<InputFile> files = data_files(session, role);
  const FileFormat format = format_of(session, role, files);
  CsvOptions options = csv_options(settings);
  options.target_kind = target;
  options.schema = schema;
  // Only training has a use for weights: where a model is measured, no row counts more.
  const std::string& weight = settings.text("data.weight");
  if (!schema) options.weight = weight;
  if (schema && !weight.empty()) options.ignored.push_back(weight);
  options.features = features;
  options.rules = rules;
  // What predicts may be given rows with or without what is predicted.
  options.target_is_optional = role == DataRole::test && features == CsvFeatures::categories;
  if (format == FileFormat::lsd) {
    const LsdFile lsd = open_named_lsd(session, role, files.front());
    return load_lsd(session, role, lsd, options);
  }
  if (format == FileFormat::idx || format == FileFormat::npy) {
    check_streams(session, role, {format, files, {}});
  }
  if (format == FileFormat::idx) {
    check_keys(
        settings, role, "IDX files",
        {"data.target", "data.ignore", "data.categorical", "data.numeric", "data.missing",
         "data.delimiter", "data.header", "data.weight", "data.index_base", "data.on_bad_row"});
    if (features == CsvFeatures::categories) {
      throw DataError(files.front().path + ": an IDX file, where CSV or .npy is needed");
    }
    if (schema) check_categories(*schema, "an IDX file");
    const IdxOptions idx_options{target, data_key(role) + "_labels", schema};
    const bool labelled = target != TargetKind::none;
    if (labelled && settings.texts(idx_options.labels_key).empty()) {
      throw ConfigError(fmt::format("{}: IDX images need the files of their labels here",
                                    idx_options.labels_key));
    }
    const auto labels =
        labelled ? find_files(session, idx_options.labels_key) : std::vector<InputFile>();
    return read_idx(session.team, files, labels, idx_options).table;
  }
  if (format == FileFormat::libsvm) {
    check_libsvm(session, role, files, schema, features);
    if (auto cached = load_cached(session, role, {format, files, {}}, options)) {
      return std::move(*cached);
    }
    check_streams(session, role, {format, files, {}});
    return load_libsvm(session, role, files, target, schema, features);
  }
  if (format == FileFormat::npy) return load_npy(session, role, files, options);
  check_keys(settings, role, "CSV files", {"data.train_labels", "data.index_base"});
  if (auto cached = load_cached(session, role, {format, files, {}}, options)) {
    return std::move(*cached);
  }
  check_streams(session, role, {format, files, {}});
  return load_csv(session, files, options);
}

Columns load_columns(Session& session, bool with_target) {
  const Settings& settings = session.settings;
  const DataRole role = DataRole::train;
  if (!names_data(settings, role)) {
    throw UsageError(
        fmt::format("{}: no data; name it with --data.train FILE", session.arguments.command));
  }
  if (is_synthetic(settings, role)) {
    Table table = load_table(session, role, TargetKind::none, std::nullopt);
    if (!with_target) table.target_kind = TargetKind::none;
    return columns_of(session.team, std::move(table));
  }
  if (with_target) check_one_target(session);
  const std::vector<InputFile> files = data_files(session, role);
  const FileFormat format = format_of(session, role, files);
  const bool labelled = with_target && !settings.texts("data.train_labels").empty();
  if (format == FileFormat::idx) {
    return columns_of(
        session.team,
        load_table(session, role, labelled ? TargetKind::classes : TargetKind::none, std::nullopt));
  }
  if (format == FileFormat::libsvm) {
    return columns_of(session.team,
                      load_table(session, role, with_target ? TargetKind::number : TargetKind::none,
                                 std::nullopt));
  }
  CsvOptions options = csv_options(settings);
  options.target_kind = TargetKind::none;
  options.target_is_feature = with_target;
  options.features = CsvFeatures::typed;
  Table table;
  if (format == FileFormat::lsd) {
    const LsdFile lsd = open_named_lsd(session, role, files.front());
    const bool has_target = with_target && lsd.header.has_labels;
    if (has_target) {
      options.target_kind = lsd.header.format == "idx" ? TargetKind::classes : TargetKind::number;
    }
    table = load_lsd(session, role, lsd, options);
    if (lsd.header.has_labels) return columns_of(session.team, std::move(table));
  } else if (format == FileFormat::npy) {
    if (labelled) options.target_kind = TargetKind::number;
    table = load_npy(session, role, files, options);
    if (labelled) return columns_of(session.team, std::move(table));
  } else if (auto cached = load_cached(session, role, {format, files, {}}, options)) {
    table = std::move(*cached);
  } else {
    table = load_csv(session, files, options);
  }
  Columns columns = columns_of(session.team, std::move(table));
  if (!with_target || options.targets.empty()) return columns;
  const auto target =
      std::find(columns.names.begin(), columns.names.end(), options.targets.front());
  if (target != columns.names.end()) columns.target = target - columns.names.begin();
  return columns;
}

}  // namespace lockstep::trainer
