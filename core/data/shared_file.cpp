#include "core/data/shared_file.hpp"

#include <cstdint>

#include "core/base/error.hpp"

namespace lockstep {

SharedFile::SharedFile(Team& team, const std::string& path, const std::string& suffix)
    : team_(team), path_(path) {
  guard(team, "creating a file", [&] {
    pending_.emplace(path, suffix);
    if (team.rank() == 0) file_ = pending_->create();
  });
  guard(team, "opening a file to write", [&] {
    if (team.rank() != 0) file_ = pending_->open();
  });
}

void SharedFile::write_at(Index offset, std::span<const std::byte> data) {
  file_.write_at(offset, data);
}

void SharedFile::write_parts(const std::string& header, std::span<const std::byte> part) {
  const Index offset = exclusive_scan(team_, static_cast<std::int64_t>(part.size()));
  guard(team_, "writing " + path_, [&] {
    if (team_.rank() == 0) write_at(0, std::as_bytes(std::span<const char>(header)));
    write_at(static_cast<Index>(header.size()) + offset, part);
  });
}

void SharedFile::finish() {
  guard(team_, "writing a file", [&] {
    if (!file_.is_open()) return;
    file_.synchronize();
    file_.close();
  });
}

void SharedFile::commit() {
  finish();
  guard(team_, "naming a file", [&] {
    if (team_.rank() == 0) pending_->commit();
  });
}

}  // namespace lockstep
