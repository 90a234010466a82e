#include "tests/fuzz/tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <xxhash.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <regex>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/thread_transport.hpp"
#include "core/base/error.hpp"
#include "tests/fuzz/targets.hpp"

namespace lockstep::test {
namespace {

constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(20);

/// Removed when the process ends.
class FuzzFolder {
 public:
  FuzzFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const auto base =
        std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    path_ = base / fmt::format("lockstep-fuzz-{}", ::getpid());
    std::filesystem::create_directories(path_);
  }
  FuzzFolder(const FuzzFolder&) = delete;
  FuzzFolder& operator=(const FuzzFolder&) = delete;
  FuzzFolder(FuzzFolder&&) = delete;
  FuzzFolder& operator=(FuzzFolder&&) = delete;
  ~FuzzFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string names_of(const Table& table) {
  std::string text =
      fmt::format("{} rows, {} features {}, target {} {} classes {}\n", table.total_rows,
                  table.features, table.feature_names, static_cast<int>(table.target_kind),
                  table.target_name(), table.class_names);
  for (const ColumnType& type : table.feature_types) {
    text += fmt::format("{} {}\n", static_cast<int>(type.kind), type.categories);
  }
  return text;
}

std::string rows_of(const Table& table) {
  std::string text;
  std::vector<double> row(static_cast<std::size_t>(table.features));
  for (Index r = 0; r < table.rows.size(); ++r) {
    table.copy_row(r, row.data());
    for (const double value : row) text += fmt::format("{} ", value);
    for (Index t = 0; t < table.targets(); ++t) text += fmt::format("| {}", table.targets_of(r)[t]);
    text += '\n';
  }
  return text;
}

}  // namespace

InputFile fuzz_file(const std::string& name, std::string_view content) {
  static const FuzzFolder folder;
  const std::filesystem::path path = folder.path() / name;
  std::ofstream(path, std::ios::binary) << content;
  return {path.string(), static_cast<Index>(content.size())};
}

std::string outcome_of_reading(int ranks, const std::function<Table(Team&)>& read) {
  std::vector<std::string> parts(static_cast<std::size_t>(ranks));
  std::vector<std::string> names(parts.size());
  try {
    comm::run_ranks(ranks, [&](comm::Transport& transport) {
      comm::Communicator team(transport, kTimeout);
      const Table table = read(team);
      const auto rank = static_cast<std::size_t>(team.rank());
      parts[rank] = rows_of(table);
      names[rank] = names_of(table);
      const bool holds_its_rows = table.rows.begin == exclusive_scan(team, table.rows.size()) &&
                                  sum_over(team, table.rows.size()) == table.total_rows;
      require(holds_its_rows, "the ranks' rows do not cover the table");
    });
  } catch (const Error& error) {
    static const std::regex place(R"( \(rank \d+ on [^()']*\)$)");
    return std::regex_replace(error.what(), place, "");
  }
  std::string outcome = names[0];
  for (const std::string& each : names) require(each == names[0], "ranks disagree on the columns");
  for (const std::string& part : parts) outcome += part;
  return outcome;
}

void read_on_one_rank_and_three(std::string_view input, const std::function<Table(Team&)>& read) {
  constexpr std::uint64_t kOneOf = LOCKSTEP_FUZZ_COMPARES_ONE_OF;
  const std::string alone = outcome_of_reading(1, read);
  if (XXH3_64bits(input.data(), input.size()) % kOneOf != 0) return;
  require(alone == outcome_of_reading(3, read), "one rank and three read different tables");
}

}  // namespace lockstep::test
