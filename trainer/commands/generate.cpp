#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "core/data/table_writer.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"

namespace lockstep::trainer {
namespace {

void write_table(Session& session, const Table& table, const std::string& name) {
  const std::string base = session.arguments.output + "/" + name;
  if (session.arguments.format == "csv") {
    write_csv(session.team, table, base + ".csv");
    return;
  }
  const bool images = session.settings.text("synthetic.kind") == "digits";
  const std::vector<Index> dimensions =
      images ? std::vector<Index>{28, 28} : std::vector<Index>{table.features};
  write_idx(session.team, table, dimensions,
            fmt::format("{}-images-idx{}-ubyte", base, dimensions.size() + 1),
            base + "-labels-idx1-ubyte");
}

}  // namespace

void generate_data(Session& session) {
  session.settings.set("data.format", "synthetic", Origin::command_line, "generate");
  guard(session.team, "making the output directory", [&] {
    if (!session.is_root()) return;
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
    write_table(session, table, role == DataRole::train ? "train" : "test");
  }
  say(session, fmt::format("data in {}", session.arguments.output));
}

}  // namespace lockstep::trainer
