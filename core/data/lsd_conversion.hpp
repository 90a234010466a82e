#pragma once

#include <string>
#include <vector>

#include "core/data/csv_reader.hpp"
#include "core/data/idx_reader.hpp"
#include "core/data/libsvm_reader.hpp"
#include "core/data/lsd_header.hpp"
#include "core/data/npy_reader.hpp"

namespace lockstep {

// What an .lsd file says of a data set that was read with the options that are given here: with
// those, nothing is lost that any others may ask for.

/// Keeps of `options` how fields are cut and named, which texts are missing, and which columns are
/// left out; all others are read, as what their cells are.
CsvOptions csv_options_for_lsd(const CsvOptions& options);
/// Keeps which columns are left out. With labels, these are read as numbers.
NpyOptions npy_options_for_lsd(const CsvOptions& options, bool has_labels);
IdxOptions idx_options_for_lsd(bool has_labels);
LibsvmOptions libsvm_options_for_lsd();

/// The header of what was read with `options`, which csv_options_for_lsd has made.
/// @param sources  the files, as they were before they were read
LsdHeader lsd_header_of(const CsvTable& csv, const CsvOptions& options,
                        std::vector<LsdSource> sources);
/// @param sources  the files of rows, then those of labels
LsdHeader lsd_header_of(const NpyTable& npy, const NpyOptions& options,
                        std::vector<LsdSource> sources);
LsdHeader lsd_header_of(const IdxTable& idx, std::vector<LsdSource> sources);
LsdHeader lsd_header_of(const LibsvmTable& libsvm, std::vector<LsdSource> sources);

}  // namespace lockstep
