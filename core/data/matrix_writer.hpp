#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/data/shared_file.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Files of numbers that other programs read: .npy in double, little-endian, C order; or CSV with a
/// header, in the shortest text that reads back as the same number.
enum class MatrixFormat { npy, csv };

/// "npy" or "csv": also the ending of the file's name.
std::string_view name_of(MatrixFormat format);

/// "pc1", "pc2", …: names of columns for the header of CSV.
std::vector<std::string> numbered(const std::string& prefix, Index count);

/// Writes matrices to files that appear together, the same bytes for any number of ranks.
///
/// A matrix becomes FOLDER/NAME.npy or FOLDER/NAME.csv: on the disk, with ".tmp" behind the name,
/// when it is written, and under its name by `commit`. Without a commit the destructor removes what
/// was written. Throws OutputError and IoError alike on all ranks. All writes are *Collective*.
class MatrixWriter {
 public:
  MatrixWriter(Team& team, std::string folder, MatrixFormat format)
      : team_(team), folder_(std::move(folder)), format_(format) {}
  MatrixWriter(const MatrixWriter&) = delete;
  MatrixWriter& operator=(const MatrixWriter&) = delete;
  MatrixWriter(MatrixWriter&&) = delete;
  MatrixWriter& operator=(MatrixWriter&&) = delete;
  ~MatrixWriter() = default;

  /// Rows that the ranks hold together: each writes its own.
  /// @param columns  names, for the header of CSV; as many as the matrix has
  void write(const std::string& name, const DistributedMatrix& matrix,
             const std::vector<std::string>& columns);

  /// A matrix that rank 0 has (the others may pass anything of the same shape).
  void write(const std::string& name, const MatrixRef& matrix,
             const std::vector<std::string>& columns);

  /// A vector that rank 0 has: one dimension in .npy, a column in CSV.
  void write_vector(const std::string& name, const VectorRef& values, const std::string& column);

  /// An integer for each row; this rank's, in rank order. A vector of int64 in .npy.
  void write(const std::string& name, std::span<const std::int64_t> values,
             const std::string& column);

  /// Texts that rank 0 has, a line each: CSV whatever the format is.
  void write_texts(const std::string& name, const std::vector<std::string>& texts,
                   const std::string& column);

  /// Gives the files their names, in the order in which they were written.
  void commit();

 private:
  /// The parts of all ranks end to end behind the header.
  void write_parts(const std::string& name, MatrixFormat format, const std::string& header,
                   std::span<const std::byte> part);

  Team& team_;
  std::string folder_;
  MatrixFormat format_;
  std::list<SharedFile> files_;  // finished
};

}  // namespace lockstep
