#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/data/file_list.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::test {

/// A file with this content, in memory where the system has such a folder. The same `name` is
/// written again and again.
InputFile fuzz_file(const std::string& name, std::string_view content);

/// What reading a table on so many ranks comes to: all of the table, put together from its parts,
/// or the message of the error, without the rank that noticed it.
std::string outcome_of_reading(int ranks, const std::function<Table(Team&)>& read);

/// Reads a table on one rank, and requires that three read the same. Three take ten times as long:
/// libFuzzer, which counts on many inputs, has one in 64 compared.
void read_on_one_rank_and_three(std::string_view input, const std::function<Table(Team&)>& read);

}  // namespace lockstep::test
