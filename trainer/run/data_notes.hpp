#pragma once

#include <string>

#include "core/data/csv_reader.hpp"
#include "core/data/libsvm_reader.hpp"
#include "core/data/lsd_reader.hpp"
#include "core/data/npy_reader.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// What cells of unknown categories are, which are not refused: "taken as missing".
std::string unknown_are(CsvUnknown unknown);

/// Says what a user would not see otherwise: what was found out about the files, columns that
/// nobody reads, cells that are taken for something else, and a first row that was taken for a
/// header. Rank 0 speaks.
/// @param path           what messages about all of the files begin with
/// @param tells_columns  of columns and their names, too; not where a cache is made, as whoever
///                       reads it does, who knows what they are for
void warn_of_csv(const Session& session, const std::string& path, const CsvTable& csv,
                 bool has_schema, bool tells_columns = true);
void warn_of_npy(const Session& session, const std::string& path, const NpyTable& npy);
void warn_of_libsvm(const Session& session, const std::string& path, const LibsvmTable& libsvm,
                    bool has_schema);
void warn_of_lsd(const Session& session, const std::string& path, const LsdHeader& header,
                 const LsdTable& lsd, bool has_schema);

}  // namespace lockstep::trainer
