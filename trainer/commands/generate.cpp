#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "core/data/table_writer.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"

namespace lockstep::trainer {
namespace {

/// Files of one set: one of CSV, or images and labels.
std::vector<std::string> file_names(const Session& session, const std::string& set) {
  const std::string base = session.arguments.output + "/" + set;
  if (session.arguments.format == "csv") return {base + ".csv"};
  const bool images = session.settings.text("synthetic.kind") == "digits";
  return {base + (images ? "-images-idx3-ubyte" : "-images-idx2-ubyte"),
          base + "-labels-idx1-ubyte"};
}

const char* set_name(DataRole role) { return role == DataRole::train ? "train" : "test"; }

/// Before anything is written, so that a folder of data is not half replaced.
void check_free(const Session& session) {
  if (session.arguments.overwrite) return;
  for (const DataRole role : {DataRole::train, DataRole::test}) {
    if (!has_data(session.settings, role)) continue;
    for (const std::string& name : file_names(session, set_name(role))) {
      std::error_code error;
      if (!std::filesystem::exists(name, error)) continue;
      throw OutputError(
          fmt::format("{}: exists; choose another --output, or replace it with --overwrite", name));
    }
  }
}

void write_table(Session& session, const Table& table, const std::string& set) {
  const std::vector<std::string> names = file_names(session, set);
  if (session.arguments.format == "csv") {
    write_csv(session.team, table, names[0]);
    return;
  }
  const bool images = session.settings.text("synthetic.kind") == "digits";
  const std::vector<Index> dimensions =
      images ? std::vector<Index>{28, 28} : std::vector<Index>{table.features};
  write_idx(session.team, table, dimensions, names[0], names[1]);
}

}  // namespace

void generate_data(Session& session) {
  session.settings.set("data.format", "synthetic", Origin::command_line, "generate");
  guard(session.team, "making the output directory", [&] {
    if (!session.is_root()) return;
    check_free(session);
    std::error_code error;
    std::filesystem::create_directories(session.arguments.output, error);
    if (error) {
      throw OutputError(fmt::format("{}: cannot make this directory: {}", session.arguments.output,
                                    error.message()));
    }
  });
  for (const DataRole role : {DataRole::train, DataRole::test}) {
    if (!has_data(session.settings, role)) continue;
    const Table table = load_table(session, role, TargetKind::none, std::nullopt);
    write_table(session, table, set_name(role));
  }
  say(session, fmt::format("data in {}", session.arguments.output));
}

}  // namespace lockstep::trainer
