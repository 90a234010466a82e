#include "core/data/matrix_writer.hpp"

#include <fmt/format.h>

#include <bit>
#include <cassert>

#include "core/base/options.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/shared_file.hpp"
#include "core/format/npy.hpp"

namespace lockstep {
namespace {

// .npy holds the memory of a little-endian machine.
static_assert(std::endian::native == std::endian::little);

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += csv_field(field) + ',';
  line.back() = '\n';
  return line;
}

/// Rows as lines of CSV.
std::string csv_rows(const double* values, Index rows, Index columns) {
  std::string text;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) text.append(format_real(*values++)).push_back(',');
    text.back() = '\n';
  }
  return text;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text));
}

}  // namespace

std::string_view name_of(MatrixFormat format) {
  return format == MatrixFormat::npy ? "npy" : "csv";
}

std::vector<std::string> numbered(const std::string& prefix, Index count) {
  std::vector<std::string> names;
  for (Index i = 1; i <= count; ++i) names.push_back(fmt::format("{}{}", prefix, i));
  return names;
}

void MatrixWriter::write_parts(const std::string& name, MatrixFormat format,
                               const std::string& header, std::span<const std::byte> part) {
  SharedFile& file =
      files_.emplace_back(team_, fmt::format("{}/{}.{}", folder_, name, name_of(format)));
  file.write_parts(header, part);
  file.finish();
}

void MatrixWriter::commit() {
  for (SharedFile& file : files_) file.commit();
  files_.clear();
}

void MatrixWriter::write(const std::string& name, const DistributedMatrix& matrix,
                         const std::vector<std::string>& columns) {
  assert(static_cast<Index>(columns.size()) == matrix.columns && matrix.columns > 0);
  if (format_ == MatrixFormat::npy) {
    return write_parts(name, format_, npy_header(NpyType::f64, {matrix.total_rows, matrix.columns}),
                       std::as_bytes(std::span(matrix.values)));
  }
  std::string text;
  guard(team_, "formatting " + name,
        [&] { text = csv_rows(matrix.values.data(), matrix.rows.size(), matrix.columns); });
  write_parts(name, format_, csv_line(columns), bytes_of(text));
}

void MatrixWriter::write(const std::string& name, const MatrixRef& matrix,
                         const std::vector<std::string>& columns) {
  DistributedMatrix on_root;
  on_root.total_rows = matrix.rows();
  on_root.columns = matrix.cols();
  on_root.rows = {team_.rank() == 0 ? 0 : matrix.rows(), matrix.rows()};
  guard(team_, "copying " + name, [&] {
    if (team_.rank() != 0) return;
    on_root.values.resize(static_cast<std::size_t>(matrix.size()));
    Eigen::Map<RowMajorMatrix>(on_root.values.data(), matrix.rows(), matrix.cols()) = matrix;
  });
  write(name, on_root, columns);
}

void MatrixWriter::write_vector(const std::string& name, const VectorRef& values,
                                const std::string& column) {
  const auto mine = static_cast<std::size_t>(team_.rank() == 0 ? values.size() : 0);
  if (format_ == MatrixFormat::npy) {
    return write_parts(name, format_, npy_header(NpyType::f64, {values.size()}),
                       std::as_bytes(std::span(values.data(), mine)));
  }
  std::string text;
  guard(team_, "formatting " + name,
        [&] { text = csv_rows(values.data(), static_cast<Index>(mine), 1); });
  write_parts(name, format_, csv_line({column}), bytes_of(text));
}

void MatrixWriter::write(const std::string& name, std::span<const std::int64_t> values,
                         const std::string& column) {
  if (format_ == MatrixFormat::npy) {
    const Index rows = sum_over(team_, static_cast<std::int64_t>(values.size()));
    return write_parts(name, format_, npy_header(NpyType::i64, {rows}), std::as_bytes(values));
  }
  std::string text;
  guard(team_, "formatting " + name, [&] {
    for (const std::int64_t value : values) text += fmt::format("{}\n", value);
  });
  write_parts(name, format_, csv_line({column}), bytes_of(text));
}

void MatrixWriter::write_texts(const std::string& name, const std::vector<std::string>& texts,
                               const std::string& column) {
  std::string lines;
  guard(team_, "formatting " + name, [&] {
    if (team_.rank() != 0) return;
    for (const std::string& text : texts) lines += csv_field(text) + '\n';
  });
  write_parts(name, MatrixFormat::csv, csv_line({column}), bytes_of(lines));
}

}  // namespace lockstep
