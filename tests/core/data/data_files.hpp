#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/file_list.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"
#include "tests/core/format/temporary_directory.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep::test {

/// A directory that all ranks of a team see; rank 0 makes it, writes to it, and removes it.
class TeamDirectory {
 public:
  explicit TeamDirectory(Team& team) : team_(team) {
    if (team.rank() == 0) {
      own_ = std::make_unique<TemporaryDirectory>();
      path_ = own_->path();
    }
    broadcast_text(team, path_, 0);
  }
  TeamDirectory(const TeamDirectory&) = delete;
  TeamDirectory& operator=(const TeamDirectory&) = delete;
  TeamDirectory(TeamDirectory&&) = delete;
  TeamDirectory& operator=(TeamDirectory&&) = delete;
  ~TeamDirectory() = default;

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Writes a file. *Collective*.
  InputFile put(std::string_view name, std::string_view content) {
    const std::string path = *this / name;
    if (team_.rank() == 0) put_content(path, content);
    team_.barrier();
    return {path, static_cast<Index>(content.size())};
  }

  /// A file that was written by the code under test. *Collective*.
  InputFile find(std::string_view name) {
    team_.barrier();
    const std::string path = *this / name;
    return {path, static_cast<Index>(std::filesystem::file_size(path))};
  }

  /// To be called at the end: the directory goes when no rank needs it any more. *Collective*.
  void remove() {
    team_.barrier();
    own_.reset();
  }

 private:
  Team& team_;
  std::unique_ptr<TemporaryDirectory> own_;
  std::string path_;
};

/// Runs `test` on one rank without mpirun.
inline void on_one_rank(const std::function<void(Team&)>& test) { for_each_thread_team({1}, test); }

/// The message of the Error that `work` throws, without the rank that guard names after it and
/// without the folder of the test.
inline std::string message_in(const std::string& folder, const std::function<void()>& work) {
  std::string message = "nothing was thrown";
  try {
    work();
  } catch (const Error& error) {
    message = error.what();
  }
  for (std::size_t at = 0; (at = message.find(folder)) != std::string::npos;) {
    message.erase(at, folder.size());
  }
  const std::size_t rank = message.rfind(" (rank ");
  return rank == std::string::npos ? message : message.substr(0, rank);
}

/// The row `local` of a table as numbers.
inline std::vector<double> row_of(const Table& table, Index local) {
  std::vector<double> row(static_cast<std::size_t>(table.features));
  table.copy_row(local, row.data());
  return row;
}

/// Expects that the ranks' rows lie end to end and cover the table. *Collective*.
inline void expect_whole(Team& team, const Table& table, Index total_rows) {
  EXPECT_EQ(table.total_rows, total_rows);
  EXPECT_EQ(table.rows.begin, exclusive_scan(team, table.rows.size()));
  EXPECT_EQ(sum_over(team, table.rows.size()), total_rows);
}

}  // namespace lockstep::test
