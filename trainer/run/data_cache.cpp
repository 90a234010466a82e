#include "trainer/run/data_cache.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "comm/affinity.hpp"
#include "core/base/error.hpp"
#include "core/data/lsd_conversion.hpp"
#include "core/data/lsd_writer.hpp"
#include "core/format/atomic_file.hpp"
#include "trainer/run/data_notes.hpp"

namespace lockstep::trainer {
namespace {

/// What is against a file that is not there.
constexpr const char* kNew = "new";

/// What was read, and what an .lsd file says of it.
struct Content {
  LsdHeader header;
  Table table;
};

/// *Collective*.
Content read_content(Session& session, const DataFiles& files, const CsvOptions& options,
                     std::vector<LsdSource> sources, bool tells_columns) {
  const bool labelled = !files.labels.empty();
  Content content;
  if (files.format == FileFormat::csv) {
    const CsvOptions all = csv_options_for_lsd(options);
    CsvTable csv = read_csv(session.team, files.rows, all);
    warn_of_csv(session, name_of(files.rows), csv, false, tells_columns);
    content = {lsd_header_of(csv, all, std::move(sources)), std::move(csv.table)};
  } else if (files.format == FileFormat::npy) {
    const NpyOptions all = npy_options_for_lsd(options, labelled);
    NpyTable npy = read_npy(session.team, files.rows, files.labels, all);
    content = {lsd_header_of(npy, all, std::move(sources)), std::move(npy.table)};
  } else if (files.format == FileFormat::idx) {
    IdxTable idx = read_idx(session.team, files.rows, files.labels, idx_options_for_lsd(labelled));
    content = {lsd_header_of(idx, std::move(sources)), std::move(idx.table)};
  } else {
    LibsvmTable libsvm = read_libsvm(session.team, files.rows, libsvm_options_for_lsd());
    content = {lsd_header_of(libsvm, std::move(sources)), std::move(libsvm.table)};
  }
  return content;
}

/// The files as they are now, the same on all ranks. *Collective*.
std::vector<LsdSource> sources_of(Session& session, const DataFiles& files,
                                  const std::string& path) {
  std::vector<InputFile> all = files.rows;
  all.insert(all.end(), files.labels.begin(), files.labels.end());
  std::vector<LsdSource> sources;
  guard(session.team, "looking at the files", [&] { sources = lsd_sources(path, all); });
  return sources;
}

/// All that decides what text files hold, as far as keys say it.
std::string reading_of(const DataFiles& files, const CsvOptions& options) {
  if (files.format == FileFormat::idx) return "idx";
  if (files.format == FileFormat::libsvm) return "libsvm";
  if (files.format == FileFormat::npy) return "npy";
  std::string text = fmt::format("csv delimiter={} header={}",
                                 options.delimiter ? std::string(1, *options.delimiter) : "auto",
                                 static_cast<int>(options.header));
  for (const std::string& missing : options.missing) {
    text += fmt::format(" missing={}:{}", missing.size(), missing);
  }
  for (const std::string& ignored : options.ignored) {
    text += fmt::format(" ignore={}:{}", ignored.size(), ignored);
  }
  return text;
}

/// Beside the first file, and hidden, so that no glob of data files matches it. What is read
/// otherwise, or with other files, has another name.
std::string cache_path(const DataFiles& files, const std::string& reading) {
  const std::filesystem::path first = files.rows.front().path;
  std::string text = reading;
  for (const InputFile& file : files.rows) text += '\n' + file.path;
  const std::uint64_t hash = lsd_hash(std::as_bytes(std::span(text)))[0];
  const std::string name = fmt::format(".{}.{:016x}.lsd", first.filename().string(), hash);
  return (first.parent_path() / name).string();
}

/// Why the file at `path` does not stand for the sources; "" where it does, and then `lsd` is it.
/// *Collective*.
std::string objection_to(Session& session, const std::string& path, const std::string& reading,
                         const std::vector<LsdSource>& sources, std::optional<LsdFile>& lsd) {
  std::int64_t size = -1;
  if (session.is_root()) {
    std::error_code error;
    const auto found = std::filesystem::file_size(path, error);
    if (!error) size = static_cast<std::int64_t>(found);
  }
  size = max_over(session.team, size);
  if (size < 0) return kNew;
  try {
    lsd = open_lsd(session.team, {path, size, 0});
  } catch (const DamagedLsd& damaged) {
    return damaged.what();
  }
  const LsdHeader& header = lsd->header;
  if (header.reading != reading || header.sources.size() != sources.size()) return "other keys";
  for (std::size_t f = 0; f < sources.size(); ++f) {
    LsdSource then = header.sources[f];
    then.rows = 0;
    then.first_line = 0;
    if (then != sources[f]) return path_of_source(path, sources[f]) + " has changed";
  }
  return "";
}

/// Of this run alone while the cache grows, as other runs may make the same one. *Collective*.
std::string suffix_of_run(Session& session) {
  std::string suffix = fmt::format(".{}.{}{}", host_name(), ::getpid(), kPendingSuffix);
  broadcast_text(session.team, suffix, 0);
  return suffix;
}

/// Removes what runs that were killed have left of the cache: nobody has written to it for an hour.
void remove_remains(Session& session, const std::string& path) {
  namespace fs = std::filesystem;
  if (!session.is_root()) return;
  const fs::path cache(path);
  const std::string begin = cache.filename().string() + ".";
  const auto hour_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  std::error_code error;
  const fs::path folder = cache.has_parent_path() ? cache.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(begin) || !name.ends_with(kPendingSuffix)) continue;
    std::error_code ignored;
    const fs::file_time_type written = entry->last_write_time(ignored);
    if (!ignored && written < hour_ago) fs::remove(entry->path(), ignored);
  }
}

/// A file can be made there, says rank 0; otherwise a warning does. *Collective*.
bool can_create(Session& session, const std::string& path, const std::string& suffix) {
  std::string problem;
  guard(session.team, "making a cache", [&] {
    if (!session.is_root()) return;
    try {
      PendingFile pending(path, suffix);
      pending.create();
    } catch (const OutputError& error) {
      problem = error.what();
    }
  });
  broadcast_text(session.team, problem, 0);
  if (problem.empty()) return true;
  say(session, fmt::format("warning: data.cache: {}; the files are read without", problem));
  return false;
}

/// @param tells_columns  tells of mixed columns; otherwise whoever reads the file does, who knows
///                       what they are for
/// *Collective*.
void convert(Session& session, const DataFiles& files, const CsvOptions& options,
             const std::string& path, const std::string& suffix, const std::string& reading,
             bool tells_columns) {
  const std::vector<LsdSource> sources = sources_of(session, files, path);
  Content content = read_content(session, files, options, sources, tells_columns);
  if (sources_of(session, files, path) != sources) {
    throw IoError(fmt::format("{}: changed while it was read", name_of(files.rows)));
  }
  content.header.reading = reading;
  write_lsd(session.team, std::move(content.header), std::move(content.table), path, suffix);
}

}  // namespace

void convert(Session& session, const DataFiles& files, const CsvOptions& options,
             const std::string& path) {
  convert(session, files, options, path, kPendingSuffix, reading_of(files, options), true);
}

std::optional<LsdFile> cache_of(Session& session, const DataFiles& files, const CsvOptions& options,
                                const std::string& damage) {
  const bool is_text = files.format == FileFormat::csv || files.format == FileFormat::libsvm;
  if (!is_text || session.settings.text("data.cache") != "auto") return std::nullopt;
  const std::string reading = reading_of(files, options);
  const std::string path = cache_path(files, reading);
  const std::vector<LsdSource> sources = sources_of(session, files, path);
  std::optional<LsdFile> lsd;
  const std::string objection =
      damage.empty() ? objection_to(session, path, reading, sources, lsd) : damage;
  const auto use = [&] {
    lsd->name = name_of(files.rows);
    return lsd;
  };
  if (objection.empty()) return use();
  remove_remains(session, path);
  const std::string suffix = suffix_of_run(session);
  if (!can_create(session, path, suffix)) return std::nullopt;
  const std::string why = objection == kNew ? "" : fmt::format(", anew: {}", objection);
  say(session, fmt::format("{}: is being made of {}{}", path, name_of(files.rows), why));
  try {
    convert(session, files, options, path, suffix, reading, false);
  } catch (const Error& error) {
    const bool unwritten =
        error.exit_code() == ExitCode::cannot_create || error.exit_code() == ExitCode::io;
    if (!unwritten) throw;
    say(session, fmt::format("warning: data.cache: {}; the files are read without", error.what()));
    return std::nullopt;
  }
  lsd.reset();
  std::string still = objection_to(session, path, reading, sources, lsd);
  if (still.empty()) return use();
  if (still == kNew) still = "somebody has removed it";
  say(session, fmt::format("warning: data.cache: {}: {}; the files are read without", path, still));
  return std::nullopt;
}

}  // namespace lockstep::trainer
