#include "core/parallel/team.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

struct Failure {
  ExitCode code = ExitCode::internal;
  std::string message;
};

std::optional<Failure> run(const std::string& doing, const std::function<void()>& work) {
  try {
    work();
    return std::nullopt;
  } catch (const Error& e) {
    return Failure{e.exit_code(), e.what()};
  } catch (const std::bad_alloc&) {
    return Failure{ExitCode::system, "out of memory while " + doing};
  } catch (const std::exception& e) {
    return Failure{ExitCode::internal, fmt::format("internal error while {}: {}", doing, e.what())};
  } catch (...) {
    return Failure{ExitCode::internal, fmt::format("internal error while {}", doing)};
  }
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text_of(std::span<const std::byte> bytes) {
  std::string text(bytes.size(), '\0');
  if (!bytes.empty()) std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

std::int64_t reduce(Team& team, std::int64_t value, IntegerReduction how) {
  team.all_reduce(std::span(&value, 1), how);
  return value;
}

}  // namespace

void guard(Team& team, const std::string& doing, const std::function<void()>& work) {
  const std::optional<Failure> failure = run(doing, work);
  const std::int64_t lowest = min_over(team, failure ? team.rank() : team.size());
  if (lowest == team.size()) return;

  const auto culprit = static_cast<int>(lowest);
  const std::vector<std::string> messages =
      all_gather_text(team, failure ? failure->message : std::string());
  // The lowest failing rank's code and host are the only ones that are not zero or empty.
  const bool speaks = team.rank() == culprit;
  const auto code = max_over(team, speaks && failure ? static_cast<int>(failure->code) : 0);
  std::string host = speaks ? host_name() : std::string();
  broadcast_text(team, host, culprit);

  const std::string& message = messages[static_cast<std::size_t>(culprit)];
  // A rank that did not fail has no message.
  const bool alike = std::all_of(messages.begin(), messages.end(),
                                 [&](const std::string& other) { return other == message; });
  throw CollectiveError(static_cast<ExitCode>(code), message,
                        alike ? "" : fmt::format(" (rank {} on {})", culprit, host));
}

std::int64_t sum_over(Team& team, std::int64_t value) {
  return reduce(team, value, IntegerReduction::sum);
}

std::int64_t min_over(Team& team, std::int64_t value) {
  return reduce(team, value, IntegerReduction::min);
}

std::int64_t max_over(Team& team, std::int64_t value) {
  return reduce(team, value, IntegerReduction::max);
}

std::int64_t exclusive_scan(Team& team, std::int64_t value) {
  const std::vector<Bytes> values = team.all_gather(std::as_bytes(std::span(&value, 1)));
  std::int64_t sum = 0;
  for (std::size_t r = 0; r < static_cast<std::size_t>(team.rank()); ++r) {
    std::int64_t of_rank = 0;
    std::memcpy(&of_rank, values[r].data(), sizeof(of_rank));
    sum += of_rank;
  }
  return sum;
}

void broadcast_text(Team& team, std::string& text, int root) {
  Bytes bytes;
  if (team.rank() == root) {
    const std::span<const std::byte> own = bytes_of(text);
    bytes.assign(own.begin(), own.end());
  }
  team.broadcast(bytes, root);
  if (team.rank() != root) text = text_of(bytes);
}

std::vector<std::string> all_gather_text(Team& team, const std::string& mine) {
  std::vector<std::string> texts;
  for (const Bytes& bytes : team.all_gather(bytes_of(mine))) texts.push_back(text_of(bytes));
  return texts;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown host";
  return name.data();
}

}  // namespace lockstep
