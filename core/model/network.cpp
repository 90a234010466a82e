#include "core/model/network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/model/activations.hpp"
#include "core/model/affine.hpp"
#include "core/model/dropout.hpp"
#include "core/model/layer_norm.hpp"
#include "core/model/shortcut.hpp"

namespace lockstep {

const std::vector<ModelPreset>& model_presets() {
  static const std::vector<ModelPreset> kPresets{
      {"linear", false, {"squared", "absolute"}},
      {"logistic", false, {"logistic"}},
      {"mlp", true, {"cross_entropy", "squared", "absolute", "logistic", "hinge", "squared_hinge"}},
      {"softmax", false, {"cross_entropy"}},
      {"svm", false, {"hinge", "squared_hinge"}},
  };
  return kPresets;
}

const ModelPreset& model_preset(std::string_view name) {
  for (const ModelPreset& preset : model_presets()) {
    if (preset.name == name) return preset;
  }
  throw ConfigError("unknown model type " + quoted(name));
}

const std::vector<std::string>& normalization_names() {
  static const std::vector<std::string> kNames{std::string(kNoNormalization),
                                               std::string(kBatchNormalization),
                                               std::string(kLayerNormalization)};
  return kNames;
}

std::string automatic_loss(const ModelPreset& preset, TargetKind target) {
  for (const std::string& loss : preset.losses) {
    if (loss_traits(loss).target == target) return loss;
  }
  return preset.losses.front();
}

Index outputs_for(std::string_view loss, Index classes, Index targets) {
  const ClassScores scores = loss_traits(loss).scores;
  if (scores == ClassScores::none) return targets;
  const bool each =
      scores == ClassScores::each || (scores == ClassScores::each_of_more_than_two && classes > 2);
  return each ? classes : 1;
}

template <class T>
Network<T>::Network(const NetworkSpec& spec) : spec_(spec), loss_(make_loss<T>(spec.loss)) {
  if (!spec.embedded.empty()) {
    add(std::make_unique<Embedding<T>>(spec.inputs, spec.embedded), "embeddings");
  }
  for (std::size_t number = 0; number < spec.hidden.size(); ++number) add_hidden(number);
  add_affine(spec.outputs);
}

template <class T>
void Network<T>::add_affine(Index outputs) {
  const Index inputs = layers_.empty() ? spec_.inputs : layers_.back()->outputs();
  auto affine = std::make_unique<Affine<T>>(inputs, outputs);
  affines_.push_back(affine.get());
  add(std::move(affine), fmt::format("layers.{}", affines_.size() - 1));
}

template <class T>
void Network<T>::add_hidden(std::size_t number) {
  const Index width = spec_.hidden[number];
  const std::size_t first = layers_.size();
  add_affine(width);
  const std::string norm = fmt::format("norms.{}", number);
  if (spec_.normalization == kLayerNormalization) add(std::make_unique<LayerNorm<T>>(width), norm);
  if (spec_.normalization == kBatchNormalization) {
    auto batch_norm = std::make_unique<BatchNorm<T>>(width);
    joining_layers_.push_back({layers_.size(), batch_norm.get()});
    add(std::move(batch_norm), norm);
  }
  add(make_activation<T>(spec_.activation, width, spec_.slope));
  if (spec_.dropout > 0) add(std::make_unique<Dropout<T>>(width, number, spec_.dropout));
  if (spec_.residual && number > 0 && spec_.hidden[number - 1] == width) {
    residual_blocks_.push_back({first, layers_.size()});
    add(std::make_unique<Shortcut<T>>(width));
  }
}

template <class T>
void Network<T>::add(std::unique_ptr<Layer<T>> layer, std::string_view name) {
  offsets_.push_back(arena_size_);
  for (Tensor tensor : layer->tensors()) {
    tensor.name = fmt::format("{}.{}", name, tensor.name);
    tensor.offset += offsets_.back();
    arena_size_ = tensor.offset + tensor.size();
    tensors_.push_back(tensor);
  }
  layers_.push_back(std::move(layer));
}

template <class T>
std::string Network<T>::layer_name(std::size_t i) const {
  while (i > 0 && layers_[i]->tensors().empty()) --i;
  const auto tensor = std::find_if(tensors_.begin(), tensors_.end(),
                                   [&](const Tensor& t) { return t.offset >= offsets_[i]; });
  return tensor->name.substr(0, tensor->name.rfind('.'));
}

template <class T>
Index Network<T>::targets() const {
  return loss_traits(spec_.loss).target == TargetKind::number ? spec_.outputs : 1;
}

template <class T>
Index Network<T>::parameter_count() const {
  Index count = 0;
  for (const Tensor& tensor : tensors_) count += tensor.trained ? tensor.count() : 0;
  return count;
}

template <class T>
void Network<T>::initialize(std::uint64_t seed, T* theta) const {
  Initialization how = spec_.initialization;
  if (how == Initialization::automatic) {
    how = spec_.hidden.empty() ? Initialization::zero : initialization_for(spec_.activation);
  }
  const RandomStream stream(seed, Purpose::initialization);
  // Affine layers alone count, by twos: weights are the same whatever stands between them.
  std::size_t before = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i]->initialize(how, stream, 2 * before, theta + offsets_[i]);
    if (layers_[i].get() == affines_[before]) before = std::min(before + 1, affines_.size() - 1);
  }
}

template class Network<float>;
template class Network<double>;

}  // namespace lockstep
