#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/memory.hpp"
#include "core/format/safetensors.hpp"
#include "core/model/network.hpp"
#include "core/model/penalty.hpp"
#include "core/transform/column_scaling.hpp"
#include "core/transform/feature_transform.hpp"
#include "trainer/run/model.hpp"

namespace lockstep::trainer {

/// Why the parameters of a run after some step were kept: a metric of the validation rows was best.
struct BestValidation {
  std::string metric;
  double value = 0;
  Index epoch = 0;
  Index steps = 0;  ///< of all epochs
};

/// Everything of a network but its parameters: what predicting takes, and what training it again
/// takes. A pure function of configuration and data.
struct NetworkDescription : ModelDescription {
  NetworkSpec network;
  std::string precision = "float";             ///< or "double"
  FeatureTransform features;                   ///< what the network is given of a row
  std::vector<ColumnScaling> target_scalings;  ///< of each target; none of classes
  Penalty penalty;                             ///< as it was added to the mean loss
  /// SHA-256 of the parameters of train.init_from; empty when they were drawn from the seed.
  std::string initial_parameters{};
  std::optional<BestValidation> best{};  ///< of best.safetensors
};

/// The features that a network looks up: the columns of embedded categories.
std::vector<EmbeddedFeature> embedded_features(const FeatureTransform& features);

/// What the scores of such a network mean.
Scorer scorer_of(const NetworkDescription& description);

/// model.safetensors: tensors named and laid out as PyTorch's Linear (out×in), the description as
/// strings in the metadata. Equal models give equal bytes. Rank-local.
template <class T>
void save_network(const std::string& path, const NetworkDescription& description,
                  const Network<T>& network, const T* theta);

/// SHA-256 of the parameters as the file stores them.
template <class T>
std::string parameters_sha256(const Network<T>& network, const T* theta);

/// θ from a file's tensors; throws DataError when they are not those of the network.
template <class T>
AlignedVector<T> read_parameters(const SafetensorsFile& file, const Network<T>& network);

/// The network in a file, its parameters in the precision it was trained in. Throws DataError, or
/// nlohmann's exceptions, when the file is damaged.
std::unique_ptr<Model> read_network_model(const SafetensorsFile& file);

}  // namespace lockstep::trainer
