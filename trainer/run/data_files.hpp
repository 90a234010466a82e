#pragma once

#include <string>
#include <vector>

#include "core/data/csv_columns.hpp"
#include "core/data/file_list.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Which of a run's data sets.
enum class DataRole { train, test };

/// The key that names the files of rows.
std::string data_key(DataRole role);

/// What files of data may be.
enum class FileFormat { csv, idx, libsvm, lsd, npy };

/// The format of the files: as data.format says, or as rank 0 sees in the first one; with files of
/// labels it is not CSV. Throws ConfigError for several .lsd files. *Collective*.
FileFormat format_of(Session& session, DataRole role, const std::vector<InputFile>& files);

/// The files that the key `name` names, relative to data.root. *Collective*.
std::vector<InputFile> find_files(Session& session, const std::string& name);

/// Throws OutputError, alike on all ranks, when the file `output`, which `option` names, is one of
/// those at `paths`: "OUTPUT: is read (KEY) and would be replaced; choose another OPTION".
/// *Collective*.
void check_spares(Session& session, const std::string& output, const std::string& option,
                  const std::vector<std::string>& paths, const std::string& key);

/// What the keys say of all CSV files.
CsvOptions csv_options(const Settings& settings);

}  // namespace lockstep::trainer
