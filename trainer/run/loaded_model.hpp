#pragma once

#include <memory>
#include <string>

#include "core/format/safetensors.hpp"
#include "trainer/run/model.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Reads a model file on rank 0 and gives its bytes to all ranks. Throws alike on all ranks.
/// *Collective*.
SafetensorsFile load_model_file(Session& session, const std::string& path);

/// The model in it. Throws alike on all ranks. *Collective*.
std::unique_ptr<Model> load_model(Session& session, const std::string& path);

/// Makes the model's data.ignore that of the settings, and its train.seed, data.missing and
/// data.weight and data.index_base their defaults, so that generated test rows are those that the
/// training left out, and cells and indices mean the same; keys that split rows off are forgotten.
/// Another data.target or data.ignore than the model's is a PlacedConfigError on the command line,
/// and a warning in a configuration file, which may be that of another training. Throws DataError
/// for a damaged option.
void take_settings_of_model(Session& session, const ModelDescription& model);

/// The model was measured on rows of its training files: those that data.test_fraction split off,
/// or a fold.
bool has_split_off_test(const ModelDescription& model);

/// The session with all settings that the model is a function of as they were when it was trained.
/// Throws DataError for a damaged option.
Session session_of_training(const Session& session, const ModelDescription& model);

}  // namespace lockstep::trainer
