#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/table.hpp"
#include "core/model/affine.hpp"
#include "core/model/batch_norm.hpp"
#include "core/model/embedding.hpp"
#include "core/model/layer.hpp"
#include "core/model/losses.hpp"

namespace lockstep {

/// What stands between a hidden layer and its activation: nothing, a BatchNorm, or a LayerNorm.
inline constexpr std::string_view kNoNormalization = "none";
inline constexpr std::string_view kBatchNormalization = "batch";
inline constexpr std::string_view kLayerNormalization = "layer";
const std::vector<std::string>& normalization_names();

/// What a network is made of. All models are networks: `linear` is an affine layer with the squared
/// loss, `logistic` the same with the logistic loss, `softmax` with cross-entropy, `svm` with the
/// hinge loss; `mlp` puts hidden layers before it. Each of these is an affine layer, perhaps a
/// normalisation, the activation, and in training perhaps a dropout. With `residual` one that is as
/// wide as the hidden layer before it adds its output to that of this layer. Before all of them
/// stands an Embedding where some features are embedded.
struct NetworkSpec {
  Index inputs = 0;
  std::vector<Index> hidden{};
  Index outputs = 0;
  std::string activation = "relu";
  double slope = 0.01;  ///< of leaky_relu
  std::string normalization{kNoNormalization};
  bool residual = false;
  std::vector<EmbeddedFeature> embedded{};
  double dropout = 0;  ///< probability that a unit of a hidden layer is dropped in training
  std::string loss = "squared";
  Initialization initialization = Initialization::automatic;

  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

/// The preset that a `model.type` stands for.
struct ModelPreset {
  std::string name;
  bool hidden_layers;               ///< takes model.hidden and model.activation
  std::vector<std::string> losses;  ///< allowed; the first is what `auto` means
};
const std::vector<ModelPreset>& model_presets();
/// @throws ConfigError for an unknown name
const ModelPreset& model_preset(std::string_view name);

/// The loss that `auto` means: the preset's first, but for an mlp the one that fits the target.
std::string automatic_loss(const ModelPreset& preset, TargetKind target);

/// Scores of a row under a loss, see ClassScores; of numbers one for each of the targets.
Index outputs_for(std::string_view loss, Index classes, Index targets);

/// Layers of which the last, a Shortcut, adds what the first reads.
struct ResidualBlock {
  std::size_t first;
  std::size_t last;
};

/// A layer that takes a row of a step only when all rows, of all ranks, are there.
template <class T>
struct JoiningLayer {
  std::size_t place;
  const BatchNorm<T>* norm;
};

/// Layers in order, the loss behind them, and where every tensor lies in the arena of θ.
template <class T>
class Network {
 public:
  explicit Network(const NetworkSpec& spec);

  const NetworkSpec& spec() const { return spec_; }
  std::size_t layer_count() const { return layers_.size(); }
  const Layer<T>& layer(std::size_t i) const { return *layers_[i]; }
  /// Layer 0, which reads the features, unless some of them are embedded.
  const Affine<T>& first_layer() const { return *affines_.front(); }
  /// Elements from the start of θ to layer i's first tensor.
  Index offset(std::size_t i) const { return offsets_[i]; }
  const std::vector<ResidualBlock>& residual_blocks() const { return residual_blocks_; }
  const std::vector<JoiningLayer<T>>& joining_layers() const { return joining_layers_; }
  const Loss<T>& loss() const { return *loss_; }
  /// What the loss takes of each row: a class, or a number for each output.
  Index targets() const;

  /// "layers.1": that of the tensors of layer i or, where it has none, of the layer before.
  std::string layer_name(std::size_t i) const;

  const std::vector<Tensor>& tensors() const { return tensors_; }
  /// Elements of the arena, padding included; a multiple of 16.
  Index arena_size() const { return arena_size_; }
  Index parameter_count() const;

  /// Writes the initial θ: a pure function of the seed and the spec.
  void initialize(std::uint64_t seed, T* theta) const;

 private:
  void add_affine(Index outputs);
  void add_hidden(std::size_t number);
  void add(std::unique_ptr<Layer<T>> layer, std::string_view name = "");

  NetworkSpec spec_;
  std::vector<std::unique_ptr<Layer<T>>> layers_;
  std::vector<const Affine<T>*> affines_;  // of the layers
  std::vector<Index> offsets_;
  std::vector<ResidualBlock> residual_blocks_;
  std::vector<JoiningLayer<T>> joining_layers_;
  std::unique_ptr<Loss<T>> loss_;
  std::vector<Tensor> tensors_;
  Index arena_size_ = 0;
};

}  // namespace lockstep
