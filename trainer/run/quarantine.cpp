#include "trainer/run/quarantine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/data/shared_file.hpp"
#include "trainer/run/data_files.hpp"

namespace lockstep::trainer {
namespace {

constexpr const char* kKey = "data.quarantine";
/// So many rows are told of one by one.
constexpr std::size_t kTold = 5;

/// Commands that look at runs write nothing, whatever the runs have written.
bool may_write(const Session& session) {
  const std::string& command = session.arguments.command;
  return command != "verify" && command != "bisect";
}

std::string lines_of(const std::vector<BadRow>& rows) {
  std::string lines;
  for (const BadRow& row : rows) {
    const nlohmann::ordered_json line{
        {"place", row.place}, {"problem", row.problem}, {"row", row.bytes}};
    lines += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  }
  return lines;
}

/// Writes the lines of all sets so far. *Collective*.
void write_quarantine(Session& session, const std::string& path) {
  SharedFile file(session.team, path);
  Index begin = 0;
  for (const std::string& lines : session.quarantined) {
    const auto size = static_cast<std::int64_t>(lines.size());
    const Index offset = begin + exclusive_scan(session.team, size);
    guard(session.team, "writing " + path,
          [&] { file.write_at(offset, std::as_bytes(std::span<const char>(lines))); });
    begin += sum_over(session.team, size);
  }
  file.commit();
}

}  // namespace

void check_quarantine(Session& session) {
  const Settings& settings = session.settings;
  const std::string& path = settings.text(kKey);
  if (path.empty() || !may_write(session)) return;
  for (const char* key : {"data.train", "data.train_labels", "data.test", "data.test_labels"}) {
    if (settings.texts(key).empty()) continue;
    try {
      check_spares(session, path, kKey, paths_of(find_files(session, key)), key);
    } catch (const MissingInputError&) {  // says whoever reads them, if anybody does
    }
  }
  check_spares(session, path, kKey, {session.arguments.model}, "--model");
  check_spares(session, path, kKey, {session.arguments.config_file}, "--config");
  check_spares(session, path, kKey, {settings.text("train.init_from")}, "train.init_from");
}

void report_bad_rows(Session& session, const Table& table) {
  if (!session.reports_bad_rows) return;
  const BadRows& bad = table.bad_rows;
  const std::string& path = session.settings.text(kKey);
  if (!path.empty() && may_write(session)) {
    session.quarantined.push_back(lines_of(bad.here));
    write_quarantine(session, path);
  }
  if (bad.count == 0) return;
  for (std::size_t i = 0; i < std::min(kTold, bad.first.size()); ++i) {
    const BadRow& row = bad.first[i];
    say(session, fmt::format("warning: {}: {}; the row is left out", row.place, row.problem));
  }
  const std::string all = !may_write(session) ? ""
                          : path.empty()      ? "; data.quarantine names a file to have them all"
                                              : "; all are in " + path;
  say(session, fmt::format("warning: {} of {} rows are left out (data.on_bad_row = skip){}",
                           bad.count, table.total_rows + bad.count, all));
}

}  // namespace lockstep::trainer
