#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_cache.hpp"
#include "trainer/run/data_source.hpp"

namespace lockstep::trainer {
namespace {

/// Before anything is read. *Collective*.
void check_output(Session& session) {
  const std::string& output = session.arguments.output;
  guard(session.team, "checking the output", [&] {
    std::error_code error;
    if (!session.is_root() || session.arguments.overwrite) return;
    if (!std::filesystem::exists(output, error)) return;
    throw OutputError(
        fmt::format("{}: exists; name another file, or replace it with --overwrite", output));
  });
  check_spares_data(session, DataRole::train, output);
}

}  // namespace

void convert_data(Session& session) {
  const Settings& settings = session.settings;
  if (settings.texts("data.train").empty() || settings.text("data.format") == "synthetic") {
    throw UsageError("convert: no data; name the files to convert");
  }
  check_output(session);
  DataFiles files;
  files.rows = find_files(session, "data.train");
  files.format = format_of(session, DataRole::train, files.rows);
  if (files.format == FileFormat::lsd) {
    throw DataError(fmt::format("{}: an .lsd file already", files.rows.front().path));
  }
  const bool takes_labels = files.format == FileFormat::idx || files.format == FileFormat::npy;
  if (!settings.texts("data.train_labels").empty()) {
    if (!takes_labels) {
      throw ConfigError(fmt::format("data.train_labels: {} has its labels beside its features",
                                    name_of(files.rows)));
    }
    files.labels = find_files(session, "data.train_labels");
  }
  convert(session, files, csv_options(settings), session.arguments.output);
  say(session, fmt::format("data in {}", session.arguments.output));
}

}  // namespace lockstep::trainer
