#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Element types of tensors in a file: IEEE 754 numbers of 4 and 8 bytes, little-endian.
enum class TensorType { f32, f64 };

/// "F32" or "F64", as the header of a file spells it.
std::string_view type_name(TensorType type);

/// "[512, 784]", for messages.
std::string shape_text(const std::vector<Index>& shape);

/// Bytes of an element.
std::size_t element_size(TensorType type);

/// What a safetensors file [huggingface/safetensors, README "Format"] says of one tensor. `data`
/// is a view: of the caller's memory when a file is written, of the file's when it was read.
struct TensorView {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<Index> shape;  ///< row-major; empty for a scalar
  std::span<const std::byte> data;

  TensorView() = default;
  TensorView(std::string name_of_tensor, std::vector<Index> shape_of_tensor,
             std::span<const float> values);
  TensorView(std::string name_of_tensor, std::vector<Index> shape_of_tensor,
             std::span<const double> values);

  /// Number of elements: the product of the shape.
  Index size() const;
  /// The elements as double, whatever the type: exact.
  std::vector<double> values() const;
};

using Metadata = std::map<std::string, std::string>;

/// Writes a file atomically (AtomicFile): equal arguments give equal bytes. Tensors and metadata
/// are sorted by name, the tensors' bytes lie in the same order without holes, the header is
/// compact JSON padded with spaces to a multiple of 8. Order of `tensors` is free.
/// Names are distinct and each view has the bytes of its shape (asserted).
/// Throws OutputError, IoError, and DataError when a name or a value of the metadata is not UTF-8,
/// which JSON cannot hold.
void write_safetensors(const std::string& path, std::vector<TensorView> tensors,
                       const Metadata& metadata);

/// SHA-256 of the tensors' bytes, in order of their names: of a file's content after the header.
std::string tensors_sha256(std::vector<TensorView> tensors);

/// A file that was read and checked. Owns the bytes that its tensors show; move-only.
class SafetensorsFile {
 public:
  SafetensorsFile(std::string path, std::vector<TensorView> tensors, Metadata metadata,
                  std::vector<std::byte> data);
  SafetensorsFile(SafetensorsFile&&) = default;
  SafetensorsFile& operator=(SafetensorsFile&&) = default;
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;
  ~SafetensorsFile() = default;

  const std::string& path() const { return path_; }
  const std::vector<TensorView>& tensors() const { return tensors_; }  ///< sorted by name
  const Metadata& metadata() const { return metadata_; }

  /// The tensor of this name, or nullptr.
  const TensorView* find(std::string_view name) const;
  /// The tensor of this name and shape. Throws DataError when there is none.
  const TensorView& tensor(std::string_view name, const std::vector<Index>& shape) const;
  /// The metadata under this key. Throws DataError when there is none.
  const std::string& metadata(const std::string& key) const;

 private:
  std::string path_;
  std::vector<TensorView> tensors_;
  Metadata metadata_;
  std::vector<std::byte> data_;
};

/// Reads a file and trusts nothing in it: sizes, offsets, products and the JSON are checked before
/// memory is allocated for the tensors. Throws MissingInputError when there is no such file or it
/// cannot be opened, DataError when its content is wrong or it is no regular file, and IoError.
SafetensorsFile read_safetensors(const std::string& path);

/// The same for bytes in memory; `name` stands for the path in messages.
SafetensorsFile decode_safetensors(const std::string& name, std::span<const std::byte> file);

}  // namespace lockstep
