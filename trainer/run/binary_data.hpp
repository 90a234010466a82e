#pragma once

#include <optional>
#include <vector>

#include "core/data/csv_columns.hpp"
#include "core/data/table.hpp"
#include "trainer/run/data_cache.hpp"
#include "trainer/run/data_files.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The .lsd file that was named, if it is not older than what it was made of. Refuses keys that it
/// takes no notice of. *Collective*.
LsdFile open_named_lsd(Session& session, DataRole role, const InputFile& file);

/// The rows of an .lsd file, as those of what it was made of. *Collective*.
Table load_lsd(Session& session, DataRole role, const LsdFile& lsd, const CsvOptions& columns);

/// The rows from a cache of the files, where data.cache asks for one that can be used.
/// *Collective*.
std::optional<Table> load_cached(Session& session, DataRole role, const DataFiles& files,
                                 const CsvOptions& options);

/// Refuses to read files into memory whose rows are to stay in them (data.stream).
void check_streams(const Session& session, DataRole role, const DataFiles& files);

}  // namespace lockstep::trainer
