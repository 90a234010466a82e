#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/memory.hpp"
#include "core/data/schema.hpp"
#include "core/format/safetensors.hpp"
#include "core/model/network.hpp"
#include "core/model/penalty.hpp"
#include "core/statistics/scaling.hpp"

namespace lockstep::trainer {

/// Everything of a model but its parameters: what predicting takes, and what training it again
/// takes. A pure function of configuration and data.
struct ModelDescription {
  NetworkSpec network;
  std::string precision = "float";  ///< or "double"
  TableSchema schema;
  FeatureScaling feature_scaling;
  FeatureScaling target_scaling;
  Penalty penalty;                             ///< as it was added to the mean loss
  std::map<std::string, std::string> options;  ///< those that affect the result
  std::string data_hash;                       ///< of the training rows
  /// SHA-256 of the parameters of train.init_from; empty when they were drawn from the seed.
  std::string initial_parameters{};
};

/// model.safetensors: tensors named and laid out as PyTorch's Linear (out×in), the description as
/// strings in the metadata. Equal models give equal bytes. Rank-local.
template <class T>
void save_model(const std::string& path, const ModelDescription& description,
                const Network<T>& network, const T* theta);

/// SHA-256 of the parameters as the file stores them.
template <class T>
std::string parameters_sha256(const Network<T>& network, const T* theta);

/// The description stored in a file. Throws DataError naming the file.
ModelDescription read_description(const SafetensorsFile& file);

/// θ from a file's tensors; throws DataError when they are not those of the network.
template <class T>
AlignedVector<T> read_parameters(const SafetensorsFile& file, const Network<T>& network);

}  // namespace lockstep::trainer
