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

/// Makes the model's seed the default of train.seed, so that generated test rows are those that the
/// training left out.
void take_seed_of_model(Settings& settings, const ModelDescription& model);

}  // namespace lockstep::trainer
