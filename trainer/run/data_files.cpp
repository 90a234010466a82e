#include "trainer/run/data_files.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"
#include "core/data/idx_header.hpp"
#include "core/data/libsvm_format.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/npy_array.hpp"

namespace lockstep::trainer {
namespace {

FileFormat format_of(const InputFile& file, bool has_labels) {
  if (looks_like_lsd(file)) return FileFormat::lsd;
  if (looks_like_npy(file)) return FileFormat::npy;
  if (looks_like_libsvm(file)) return FileFormat::libsvm;
  return has_labels || looks_like_idx(file) ? FileFormat::idx : FileFormat::csv;
}

FileFormat format_of_word(const std::string& format) {
  if (format == "idx") return FileFormat::idx;
  if (format == "libsvm") return FileFormat::libsvm;
  if (format == "lsd") return FileFormat::lsd;
  if (format == "npy") return FileFormat::npy;
  return FileFormat::csv;
}

/// Where relative paths start, as rank 0 sees its environment.
std::string data_root(Session& session) {
  std::string root = session.settings.text("data.root");
  if (root.empty()) {
    if (const char* variable = std::getenv("LOCKSTEP_DATA"); variable != nullptr) root = variable;
    broadcast_text(session.team, root, 0);
  }
  return root;
}

}  // namespace

std::string data_key(DataRole role) { return role == DataRole::train ? "data.train" : "data.test"; }

FileFormat format_of(Session& session, DataRole role, const std::vector<InputFile>& files) {
  const Settings& settings = session.settings;
  const std::string& word = settings.text("data.format");
  FileFormat format = format_of_word(word);
  if (word == "auto") {
    const bool has_labels = !settings.texts(data_key(role) + "_labels").empty();
    Bytes found(1);
    guard(session.team, "recognising the format", [&] {
      if (!session.is_root()) return;
      found[0] = static_cast<std::byte>(format_of(files.front(), has_labels));
    });
    session.team.broadcast(found, 0);
    format = static_cast<FileFormat>(found[0]);
  }
  if (format == FileFormat::lsd && files.size() > 1) {
    throw ConfigError(
        fmt::format("{}: expected one .lsd file, found {}; convert what they were made of to one",
                    data_key(role), files.size()));
  }
  return format;
}

std::vector<InputFile> find_files(Session& session, const std::string& name) {
  return find_input_files(session.team, {name, session.settings.texts(name), data_root(session)});
}

void check_spares(Session& session, const std::string& output, const std::string& option,
                  const std::vector<std::string>& paths, const std::string& key) {
  guard(session.team, "checking the output", [&] {
    std::error_code error;
    for (const std::string& path : paths) {
      if (!session.is_root() || !std::filesystem::equivalent(output, path, error)) continue;
      throw OutputError(fmt::format("{}: is read ({}) and would be replaced; choose another {}",
                                    output, key, option));
    }
  });
}

CsvOptions csv_options(const Settings& settings) {
  CsvOptions options;
  const std::string& delimiter = settings.text("data.delimiter");
  if (delimiter == "comma") options.delimiter = ',';
  if (delimiter == "semicolon") options.delimiter = ';';
  if (delimiter == "tab") options.delimiter = '\t';
  if (delimiter == "bar") options.delimiter = '|';
  const std::string& header = settings.text("data.header");
  if (header == "yes") options.header = CsvHeader::yes;
  if (header == "no") options.header = CsvHeader::no;
  options.targets = settings.texts("data.target");
  options.ignored = settings.texts("data.ignore");
  options.categorical = settings.texts("data.categorical");
  options.numeric = settings.texts("data.numeric");
  options.missing = settings.texts("data.missing");
  options.on_bad_row =
      settings.is_word("data.on_bad_row", "skip") ? OnBadRow::skip : OnBadRow::fail;
  return options;
}

}  // namespace lockstep::trainer
