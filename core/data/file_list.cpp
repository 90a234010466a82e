#include "core/data/file_list.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string_view>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"

namespace lockstep {
namespace {

/// Where a relative path starts, for the messages about one that leads nowhere.
std::string origin_of(const FileRequest& request) {
  if (request.root.empty()) {
    return fmt::format("{}; relative paths start in the working directory, data.root is not set",
                       request.key);
  }
  return fmt::format("{}; relative paths start at data.root = {}", request.key, request.root);
}

/// What stands in front of `name`: the root with a slash, or nothing.
std::string folder_of(const FileRequest& request, const std::string& name) {
  if (request.root.empty() || name.front() == '/') return "";
  return request.root.back() == '/' ? request.root : request.root + '/';
}

/// `path` as a glob that matches it alone: brackets in data.root are part of the user's folder.
std::string escaped(const std::string& path) {
  std::string pattern;
  for (const char c : path) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// Checks that `path` is a readable file with content.
InputFile inspect(const std::string& path, const std::string& origin) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      throw MissingInputError(fmt::format("{}: no such file ({})", path, origin));
    }
    throw MissingInputError(
        fmt::format("{}: cannot open: {} ({})", path, system_message(errno), origin));
  }
  if (S_ISDIR(status.st_mode)) {
    throw DataError(fmt::format("{}: a directory; name the files in it, as in {}/*.csv ({})", path,
                                path, origin));
  }
  if (!S_ISREG(status.st_mode)) {
    throw DataError(
        fmt::format("{}: not a regular file; ranks read files by byte ranges ({})", path, origin));
  }
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
  if (!file.is_open()) {
    throw MissingInputError(
        fmt::format("{}: cannot open: {} ({})", path, system_message(errno), origin));
  }
  if (status.st_size == 0) throw DataError(fmt::format("{}: empty file ({})", path, origin));
  return {path, status.st_size, 0};
}

/// The paths in `folder` that match `pattern`, in bytewise order.
std::vector<std::string> match(const std::string& folder, const std::string& pattern,
                               const std::string& origin) {
  glob_t found{};
  const int outcome = ::glob((escaped(folder) + pattern).c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (outcome != 0 || paths.empty()) {
    throw MissingInputError(fmt::format("{}{}: no file matches ({})", folder, pattern, origin));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

std::string to_text(const std::vector<InputFile>& files) {
  std::string text;
  for (const InputFile& file : files) {
    text += fmt::format("{}", file.size);
    text += ' ';
    text += file.path;
    text += '\0';
  }
  return text;
}

std::vector<InputFile> from_text(const std::string& text) {
  std::vector<InputFile> files;
  std::istringstream stream(text);
  InputFile file;
  while (stream >> file.size) {
    stream.ignore(1);
    std::getline(stream, file.path, '\0');
    files.push_back(file);
  }
  return files;
}

}  // namespace

std::vector<std::string> paths_of(const std::vector<InputFile>& files) {
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const InputFile& file : files) paths.push_back(file.path);
  return paths;
}

std::string name_of(const std::vector<InputFile>& files) {
  const std::string& first = files.front().path;
  if (files.size() == 1) return first;
  return fmt::format("{} and {} more file{}", first, files.size() - 1,
                     files.size() == 2 ? "" : "s");
}

std::vector<InputFile> find_input_files(const FileRequest& request) {
  std::vector<InputFile> files;
  const std::string origin = origin_of(request);
  for (const std::string& name : request.names) {
    if (name.empty()) throw ConfigError(fmt::format("{}: an empty file name", request.key));
    const std::string folder = folder_of(request, name);
    if (name.find_first_of("*?[") == std::string::npos || exists(folder + name)) {
      files.push_back(inspect(folder + name, origin));
      continue;
    }
    for (const std::string& path : match(folder, name, origin)) {
      files.push_back(inspect(path, origin));
    }
  }
  return files;
}

std::vector<InputFile> find_input_files(Team& team, const FileRequest& request) {
  const std::string doing = fmt::format("looking for the files of {}", request.key);
  std::string text;
  guard(team, doing, [&] {
    if (team.rank() == 0) text = to_text(find_input_files(request));
  });
  broadcast_text(team, text, 0);
  std::vector<InputFile> files = from_text(text);
  guard(team, doing, [&] {
    if (team.rank() == 0) return;
    for (const InputFile& file : files) {
      const Index size = inspect(file.path, origin_of(request)).size;
      if (size == file.size) continue;
      throw DataError(
          fmt::format("{}: {} bytes here, {} bytes on rank 0: every host must see the "
                      "same file",
                      file.path, size, file.size));
    }
  });
  return files;
}

}  // namespace lockstep
