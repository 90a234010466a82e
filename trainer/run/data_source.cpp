#include "trainer/run/data_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "core/base/error.hpp"
#include "core/data/csv_reader.hpp"
#include "core/data/generators.hpp"
#include "core/data/idx_reader.hpp"
#include "core/data/libsvm_reader.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/lsd_reader.hpp"
#include "core/data/npy_reader.hpp"
#include "core/model/losses.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/model/network.hpp"
#include "core/parallel/row_blocks.hpp"
#include "trainer/run/data_cache.hpp"
#include "trainer/run/data_notes.hpp"
#include "trainer/run/quarantine.hpp"

namespace lockstep::trainer {
namespace {

bool is_synthetic(const Settings& settings, DataRole role) {
  const std::string& format = settings.text("data.format");
  return format == "synthetic" || (format == "auto" && settings.texts(data_key(role)).empty());
}

SyntheticKind synthetic_kind(const Settings& settings) {
  const std::string& kind = settings.text("synthetic.kind");
  if (kind == "blobs") return SyntheticKind::blobs;
  if (kind == "moons") return SyntheticKind::moons;
  if (kind == "linear") return SyntheticKind::linear;
  return SyntheticKind::digits;
}

[[noreturn]] void refuse_key(const Settings& settings, const std::string& name,
                             const std::string& data) {
  throw PlacedConfigError(fmt::format("{}: error: {}: has no effect on {}; remove it",
                                      settings.place(name), name, data));
}

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

Table generate_table(Session& session, DataRole role) {
  const Settings& settings = session.settings;
  SyntheticOptions options;
  options.kind = synthetic_kind(settings);
  options.features = settings.integer("synthetic.features");
  options.classes = settings.integer("synthetic.classes");
  if (!settings.is_word("synthetic.noise", "auto"))
    options.noise = settings.real("synthetic.noise");
  const Index train_rows = settings.integer("synthetic.rows");
  const bool train = role == DataRole::train;
  const Index rows = train ? train_rows : settings.integer("synthetic.test_rows");
  const auto boundaries = RowBlocks(rows).row_boundaries(session.team.size());
  const auto rank = static_cast<std::size_t>(session.team.rank());
  Table table;
  guard(session.team, "generating rows", [&] {
    table = generate(options, static_cast<std::uint64_t>(settings.integer("train.seed")),
                     {boundaries[rank], boundaries[rank + 1]}, rows, train ? 0 : train_rows);
  });
  return table;
}

/// Refuses data without text for a model that was trained with categories.
void check_categories(const TableSchema& schema, const std::string& data) {
  for (std::size_t j = 0; j < schema.feature_types.size(); ++j) {
    if (schema.feature_types[j].kind == ColumnKind::number) continue;
    throw DataError(fmt::format("the model has categories in the column {}, which {} cannot hold",
                                lockstep::quoted(schema.feature_names[j]), data));
  }
}

/// Refuses generated rows that the model was not made for; classes get the model's numbers.
void fit_to_schema(const TableSchema& schema, TargetKind target, Table& table) {
  check_categories(schema, "synthetic data");
  if (schema.feature_names != table.feature_names) {
    throw DataError(
        fmt::format("the synthetic data has the features {}, but the model has {}",
                    lockstep::quoted(fmt::format("{}", fmt::join(table.feature_names, ", "))),
                    lockstep::quoted(fmt::format("{}", fmt::join(schema.feature_names, ", ")))));
  }
  if (target != TargetKind::classes) return;
  std::vector<double> index;
  for (const std::string& name : table.class_names) {
    const auto found = std::find(schema.class_names.begin(), schema.class_names.end(), name);
    if (found == schema.class_names.end()) {
      throw DataError(
          fmt::format("class {} of the synthetic data does not occur in the training data",
                      lockstep::quoted(name)));
    }
    index.push_back(static_cast<double>(found - schema.class_names.begin()));
  }
  for (double& y : table.target) y = index[static_cast<std::size_t>(y)];
  table.class_names = schema.class_names;
}

/// Refuses keys that the data, as it is, takes no notice of.
void check_keys(const Settings& settings, DataRole role, const std::string& data,
                std::initializer_list<const char*> unused) {
  for (const char* name : unused) {
    // Evaluate and predict take configurations that were written for training, and what a model
    // says of its data may have been said of another format.
    if (role != DataRole::train || settings.is_default(name)) continue;
    if (settings.origin(name) == Origin::standard) continue;
    refuse_key(settings, name, data);
  }
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
             {"data.numeric", "data.missing", "data.delimiter", "data.header", "data.index_base",
              "data.on_bad_row"});
  const NpyOptions options{columns, data_key(role) + "_labels"};
  const bool has_labels = columns.target_kind != TargetKind::none &&
                          !session.settings.texts(options.labels_key).empty();
  if (has_labels) {
    check_keys(session.settings, role, ".npy files with data.train_labels", {"data.target"});
  }
  const auto labels =
      has_labels ? find_files(session, options.labels_key) : std::vector<InputFile>();
  NpyTable npy = read_npy(session.team, files, labels, options);
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

/// Rows are to stay in their file.
bool streams(const Session& session, DataRole role) {
  return role == DataRole::train && session.arguments.command == "train" &&
         session.settings.text("data.stream") == "yes";
}

/// Refuses to read files into memory whose rows are to stay in them.
void check_streams(const Session& session, DataRole role, const std::vector<InputFile>& files) {
  if (!streams(session, role)) return;
  throw DataError(fmt::format(
      "{}: no .lsd file, as data.stream needs; convert it{}", name_of(files),
      session.settings.text("data.cache") == "off" ? ", or set data.cache = auto" : ""));
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

/// The .lsd file that was named, if it is not older than what it was made of. *Collective*.
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

/// The rows of an .lsd file, as those of what it was made of. *Collective*.
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
  warn_of_lsd(session, places_of(lsd).of(0), table);
  if (format == "libsvm" && role == DataRole::train) {
    settings.set(base, fmt::format("{}", table.index_base), settings.origin(base),
                 std::string(settings.place(base)));
  }
  return std::move(table.table);
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

/// The rows from a cache of the files, where data.cache asks for one that can be used.
/// *Collective*.
std::optional<Table> load_cached(Session& session, DataRole role, const DataFiles& files,
                                 const CsvOptions& options) {
  if (options.on_bad_row == OnBadRow::skip) return std::nullopt;  // it has good rows alone
  std::optional<LsdFile> lsd = cache_of(session, files, options);
  if (!lsd || !has_features_of(*lsd, options.schema)) return std::nullopt;
  if (!lsd_objection(*lsd, {options, std::nullopt}).empty()) return std::nullopt;
  try {
    return load_lsd(session, role, *lsd, options);
  } catch (const DamagedLsd& damaged) {
    lsd = cache_of(session, files, options, damaged.what());
  }
  if (!lsd) return std::nullopt;
  return load_lsd(session, role, *lsd, options);
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
  const std::string& type = settings.text("model.type");
  if (type == kNaiveBayesName) return TargetKind::classes;
  const std::string& loss = settings.text("model.loss");
  if (loss != "auto") return loss_traits(loss).target;
  const bool numbers = type == "mlp" && is_synthetic(settings, DataRole::train) &&
                       synthetic_kind(settings) == SyntheticKind::linear;
  return numbers ? TargetKind::number : loss_traits(model_preset(type).losses.front()).target;
}

Table load_table(Session& session, DataRole role, TargetKind target,
                 const std::optional<TableSchema>& schema, CsvFeatures features,
                 const CsvRules& rules) {
  const Settings& settings = session.settings;
  if (is_synthetic(settings, role)) {
    check_keys(settings, role, "synthetic data",
               {"data.target", "data.ignore", "data.categorical", "data.numeric", "data.missing",
                "data.train_labels", "data.test_labels", "data.delimiter", "data.header",
                "data.weight", "data.index_base", "data.on_bad_row"});
    if (settings.origin(data_key(role)) == Origin::command_line &&
        !settings.texts(data_key(role)).empty()) {
      refuse_key(settings, data_key(role), "synthetic data");
    }
    Table table = generate_table(session, role);
    if (target != TargetKind::none && table.target_kind != target) {
      throw ConfigError(fmt::format(
          "synthetic.kind: {} makes {}, but {} predicts {}", settings.text("synthetic.kind"),
          table.target_kind == TargetKind::number ? "a number to predict" : "classes",
          schema ? "the model" : "model.type = " + settings.text("model.type"),
          target == TargetKind::number ? "a number" : "classes"));
    }
    if (schema) fit_to_schema(*schema, target, table);
    return table;
  }
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
  if (format == FileFormat::idx || format == FileFormat::npy) check_streams(session, role, files);
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
    check_streams(session, role, files);
    return load_libsvm(session, role, files, target, schema, features);
  }
  if (format == FileFormat::npy) return load_npy(session, role, files, options);
  check_keys(settings, role, "CSV files", {"data.train_labels", "data.index_base"});
  if (auto cached = load_cached(session, role, {format, files, {}}, options)) {
    return std::move(*cached);
  }
  check_streams(session, role, files);
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
  const auto target = std::find(columns.names.begin(), columns.names.end(), options.target);
  if (with_target && target != columns.names.end()) {
    columns.target = target - columns.names.begin();
  }
  return columns;
}

}  // namespace lockstep::trainer
