#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/csv_columns.hpp"
#include "core/data/lsd_file.hpp"
#include "trainer/run/data_files.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Data files that are read as one set.
struct DataFiles {
  FileFormat format = FileFormat::csv;
  std::vector<InputFile> rows;
  std::vector<InputFile> labels;
};

/// Reads files that are no .lsd file, and writes what they hold to the .lsd file `path`. Warns as
/// where they are read for training.
/// @param options  of CSV; of .npy the columns to leave out
/// Throws alike on all ranks. *Collective*.
void convert(Session& session, const DataFiles& files, const CsvOptions& options,
             const std::string& path);

/// The .lsd file that stands for text files, as data.cache says: one beside the first of them, of
/// the same content and read with the same options. One that is not there, is damaged, or is older
/// than a file, is made anew, and a line says so. Nothing where files are to be read themselves:
/// without data.cache, of other formats, or where the file cannot be written, which a warning says.
/// @param damage  why one that seems whole is not to be used; empty: it is
/// Throws alike on all ranks, about the files. *Collective*.
std::optional<LsdFile> cache_of(Session& session, const DataFiles& files, const CsvOptions& options,
                                const std::string& damage = "");

}  // namespace lockstep::trainer
