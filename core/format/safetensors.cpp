#include "core/format/safetensors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/format/atomic_file.hpp"
#include "core/format/file_descriptor.hpp"
#include "core/format/safetensors_header.hpp"
#include "core/format/sha256.hpp"

namespace lockstep {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers go into the file as they lie in memory");

void sort_by_name(std::vector<TensorView>& tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
}

/// The elements as To; memcpy, because a tensor in a file need not be aligned.
template <class From, class To>
std::vector<To> converted(std::span<const std::byte> data) {
  std::vector<To> out(data.size() / sizeof(From));
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, data.data() + i * sizeof(From), sizeof(From));
    out[i] = static_cast<To>(value);
  }
  return out;
}

std::vector<TensorView> views_of(const SafetensorsHeader& header, std::span<const std::byte> data) {
  std::vector<TensorView> views;
  for (const SafetensorsHeader::Entry& entry : header.entries) {
    TensorView& view = views.emplace_back();
    view.name = entry.name;
    view.type = entry.type;
    view.shape = entry.shape;
    view.data = data.subspan(entry.begin, entry.end - entry.begin);
  }
  return views;
}

SafetensorsFile assemble(const std::string& name, SafetensorsHeader header,
                         std::vector<std::byte> data) {
  std::vector<TensorView> views = views_of(header, data);  // a vector that is moved keeps its place
  return {name, std::move(views), std::move(header.metadata), std::move(data)};
}

std::uint64_t stated_header_size(const std::array<std::byte, kSafetensorsPrefixBytes>& prefix) {
  return std::bit_cast<std::uint64_t>(prefix);
}

void require_prefix(const std::string& name, std::uint64_t file_bytes) {
  if (file_bytes < kSafetensorsPrefixBytes) {
    throw DataError(fmt::format("{}: truncated: the file has {} bytes, its header's size takes {}",
                                name, file_bytes, kSafetensorsPrefixBytes));
  }
}

/// Opens a regular file; `bytes` becomes its size.
FileDescriptor open_regular_file(const std::string& path, std::uint64_t& bytes) {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), path);
  if (!file.is_open()) {
    if (errno == ENOENT) throw MissingInputError(path + ": no such file");
    throw MissingInputError(path + ": cannot open: " + system_message(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    throw IoError(path + ": cannot read: " + system_message(errno));
  }
  if (S_ISDIR(status.st_mode)) {
    throw DataError(path + ": expected a model file, found a directory");
  }
  if (!S_ISREG(status.st_mode)) {
    throw DataError(path + ": expected a model file, found a device or pipe");
  }
  bytes = static_cast<std::uint64_t>(status.st_size);
  return file;
}

}  // namespace

std::string_view type_name(TensorType type) { return type == TensorType::f32 ? "F32" : "F64"; }

std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "[";
  for (const Index n : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(n);
  return text + "]";
}

std::size_t element_size(TensorType type) {
  return type == TensorType::f32 ? sizeof(float) : sizeof(double);
}

TensorView::TensorView(std::string name_of_tensor, std::vector<Index> shape_of_tensor,
                       std::span<const float> values)
    : name(std::move(name_of_tensor)),
      type(TensorType::f32),
      shape(std::move(shape_of_tensor)),
      data(std::as_bytes(values)) {}

TensorView::TensorView(std::string name_of_tensor, std::vector<Index> shape_of_tensor,
                       std::span<const double> values)
    : name(std::move(name_of_tensor)),
      type(TensorType::f64),
      shape(std::move(shape_of_tensor)),
      data(std::as_bytes(values)) {}

Index TensorView::size() const {
  Index product = 1;
  for (const Index n : shape) product *= n;
  return product;
}

std::vector<double> TensorView::values() const {
  return type == TensorType::f32 ? converted<float, double>(data) : converted<double, double>(data);
}

void write_safetensors(const std::string& path, std::vector<TensorView> tensors,
                       const Metadata& metadata) {
  sort_by_name(tensors);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    assert(static_cast<std::size_t>(tensors[i].size()) * element_size(tensors[i].type) ==
           tensors[i].data.size());
    assert(i == 0 || tensors[i - 1].name != tensors[i].name);
  }
  const std::string header = make_safetensors_header(path, tensors, metadata);
  const auto prefix = std::bit_cast<std::array<std::byte, kSafetensorsPrefixBytes>>(
      static_cast<std::uint64_t>(header.size()));
  AtomicFile file(path);
  file.write(prefix);
  file.write(header);
  for (const TensorView& tensor : tensors) file.write(tensor.data);
  file.commit();
}

std::string tensors_sha256(std::vector<TensorView> tensors) {
  sort_by_name(tensors);
  Sha256 hash;
  for (const TensorView& tensor : tensors) hash.update(tensor.data);
  return hash.hex();
}

SafetensorsFile::SafetensorsFile(std::string path, std::vector<TensorView> tensors,
                                 Metadata metadata, std::vector<std::byte> data)
    : path_(std::move(path)),
      tensors_(std::move(tensors)),
      metadata_(std::move(metadata)),
      data_(std::move(data)) {}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](const auto& t) { return t.name == name; });
  return found == tensors_.end() ? nullptr : &*found;
}

const TensorView& SafetensorsFile::tensor(std::string_view name,
                                          const std::vector<Index>& shape) const {
  const TensorView* found = find(name);
  if (found == nullptr) throw DataError(fmt::format("{}: no tensor '{}'", path_, name));
  if (found->shape != shape) {
    throw DataError(fmt::format("{}: tensor '{}': expected shape {}, found {}", path_, name,
                                shape_text(shape), shape_text(found->shape)));
  }
  return *found;
}

const std::string& SafetensorsFile::metadata(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) throw DataError(fmt::format("{}: no metadata '{}'", path_, key));
  return found->second;
}

SafetensorsFile read_safetensors(const std::string& path) {
  std::uint64_t file_bytes = 0;
  FileDescriptor file = open_regular_file(path, file_bytes);
  require_prefix(path, file_bytes);
  std::array<std::byte, kSafetensorsPrefixBytes> prefix{};
  file.read(prefix);
  const std::uint64_t header_bytes =
      safetensors_header_size(path, stated_header_size(prefix), file_bytes);
  std::string json(header_bytes, '\0');
  file.read(std::as_writable_bytes(std::span<char>(json)));
  const std::uint64_t data_bytes = file_bytes - kSafetensorsPrefixBytes - header_bytes;
  SafetensorsHeader header = parse_safetensors_header(path, json, data_bytes);
  std::vector<std::byte> data(data_bytes);
  file.read(data);
  return assemble(path, std::move(header), std::move(data));
}

SafetensorsFile decode_safetensors(const std::string& name, std::span<const std::byte> file) {
  require_prefix(name, file.size());
  std::array<std::byte, kSafetensorsPrefixBytes> prefix{};
  std::copy_n(file.begin(), prefix.size(), prefix.begin());
  const std::uint64_t header_bytes =
      safetensors_header_size(name, stated_header_size(prefix), file.size());
  const auto header_part = file.subspan(kSafetensorsPrefixBytes, header_bytes);
  const auto data_part = file.subspan(kSafetensorsPrefixBytes + header_bytes);
  const std::string json(reinterpret_cast<const char*>(header_part.data()), header_part.size());
  SafetensorsHeader header = parse_safetensors_header(name, json, data_part.size());
  return assemble(name, std::move(header), {data_part.begin(), data_part.end()});
}

}  // namespace lockstep
