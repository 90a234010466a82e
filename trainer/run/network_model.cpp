#include "trainer/run/network_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/kernel/product.hpp"
#include "core/model/activations.hpp"
#include "core/model/scoring.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/preprocessing.hpp"
#include "trainer/run/scoring_pass.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::json;  // sorts its keys

/// Tensors in PyTorch's layout, and views of them.
template <class T>
struct StoredTensors {
  std::vector<std::vector<T>> values;
  std::vector<TensorView> views;
};

std::vector<Index> stored_shape(const Tensor& tensor) {
  if (tensor.has_row_for_each_input) return {tensor.inputs, tensor.outputs};
  if (tensor.inputs == 1 && !tensor.penalised) return {tensor.outputs};
  return {tensor.outputs, tensor.inputs};
}

/// Calls visit with the place in the arena of each parameter, in the order of a file.
template <class Visit>
void visit_as_stored(const Tensor& tensor, const Visit& visit) {
  const bool by_inputs = tensor.has_row_for_each_input;
  const Index rows = by_inputs ? tensor.inputs : tensor.outputs;
  const Index columns = by_inputs ? tensor.outputs : tensor.inputs;
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) {
      const Index within = by_inputs ? kernel::panel_offset(tensor.inputs, r, c)
                                     : kernel::panel_offset(tensor.inputs, c, r);
      visit(tensor.offset + within);
    }
  }
}

template <class T>
StoredTensors<T> stored_tensors(const Network<T>& network, const T* theta) {
  StoredTensors<T> stored;
  for (const Tensor& tensor : network.tensors()) {
    std::vector<T> values;
    values.reserve(static_cast<std::size_t>(tensor.count()));
    visit_as_stored(tensor, [&](Index place) { values.push_back(theta[place]); });
    stored.values.push_back(std::move(values));
  }
  for (std::size_t t = 0; t < stored.values.size(); ++t) {
    const Tensor& tensor = network.tensors()[t];
    stored.views.emplace_back(tensor.name, stored_shape(tensor),
                              std::span<const T>(stored.values[t]));
  }
  return stored;
}

std::string network_text(const NetworkSpec& spec) {
  return Json{{"inputs", spec.inputs},     {"hidden", spec.hidden},
              {"outputs", spec.outputs},   {"activation", spec.activation},
              {"slope", spec.slope},       {"normalization", spec.normalization},
              {"residual", spec.residual}, {"loss", spec.loss}}
      .dump();
}

std::string penalty_text(const Penalty& penalty) {
  return Json{{"l1", penalty.l1}, {"l2", penalty.l2}, {"biases", penalty.biases}}.dump();
}

std::string best_text(const BestValidation& best) {
  return Json{
      {"metric", best.metric}, {"value", best.value}, {"epoch", best.epoch}, {"steps", best.steps}}
      .dump();
}

std::optional<BestValidation> read_best(const SafetensorsFile& file) {
  const auto found = file.metadata().find("best");
  if (found == file.metadata().end()) return std::nullopt;
  const Json json = Json::parse(found->second);
  return BestValidation{json.at("metric"), json.at("value"), json.at("epoch"), json.at("steps")};
}

Penalty read_penalty(const SafetensorsFile& file) {
  const Json json = Json::parse(file.metadata("penalty"));
  return {.l1 = json.at("l1").get<double>(),
          .l2 = json.at("l2").get<double>(),
          .biases = json.value("biases", false)};
}

template <class List>
bool contains(const List& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

NetworkSpec read_network(const SafetensorsFile& file) {
  const Json json = Json::parse(file.metadata("network"));
  NetworkSpec spec;
  spec.inputs = json.at("inputs").get<Index>();
  spec.hidden = json.at("hidden").get<std::vector<Index>>();
  spec.outputs = json.at("outputs").get<Index>();
  spec.activation = json.at("activation").get<std::string>();
  spec.slope = json.at("slope").get<double>();
  spec.normalization = json.value("normalization", std::string(kNoNormalization));
  spec.residual = json.value("residual", false);
  spec.loss = json.at("loss").get<std::string>();
  constexpr Index kMostInputs = Index{1} << 31;
  constexpr Index kWidest = Index{1} << 20;  // as model.hidden; products of widths stay numbers
  constexpr std::size_t kDeepest = 1000;
  const auto check_width = [](Index width, Index most) {
    if (width < 1 || width > most) throw DataError(fmt::format("a layer has width {}", width));
  };
  check_width(spec.inputs, kMostInputs);
  check_width(spec.outputs, kWidest);
  for (const Index width : spec.hidden) check_width(width, kWidest);
  if (spec.hidden.size() > kDeepest) throw DataError("more than 1000 hidden layers");
  if (!contains(activation_names(), spec.activation) ||
      !contains(normalization_names(), spec.normalization) || !contains(loss_names(), spec.loss)) {
    throw DataError("an unknown activation, normalisation or loss, perhaps of a later version");
  }
  return spec;
}

void check_consistent(const NetworkDescription& d) {
  const LossTraits traits = loss_traits(d.network.loss);
  const auto classes = static_cast<Index>(d.schema.class_names.size());
  if (d.features.width() != d.network.inputs) {
    throw DataError("as many features as network inputs were expected");
  }
  const auto targets = static_cast<Index>(d.schema.target_names.size());
  const bool classifies = traits.target == TargetKind::classes;
  if (d.schema.target_kind != traits.target || (classifies && classes < 2) ||
      (traits.scores == ClassScores::one_of_two && classes != 2) ||
      d.network.outputs != outputs_for(d.network.loss, classes, targets) ||
      d.target_scalings.size() != (classifies ? 0 : d.schema.target_names.size())) {
    throw DataError("the targets do not fit the network's outputs and loss");
  }
  if (d.precision != "float" && d.precision != "double") {
    throw DataError("the precision is neither float nor double");
  }
}

/// Scales in a file of format 1, which has one kind for all columns and lists of their parameters.
std::vector<ColumnScaling> read_scalings_of_format_1(const SafetensorsFile& file,
                                                     const std::string& key, std::size_t columns) {
  const Json json = Json::parse(file.metadata(key));
  std::vector<ColumnScaling> scalings;
  for (std::size_t j = 0; j < columns; ++j) {
    Json one{{"kind", json.at("kind")}};
    for (const char* parameter : {"offset", "scale"}) {
      if (json.contains(parameter)) one[parameter] = json.at(parameter).at(j);
    }
    scalings.push_back(ColumnScaling::from_json(key, one));
  }
  return scalings;
}

/// Of one target an object, of several a list of them; of classes, which have none, an object too.
std::string target_scalings_text(const std::vector<ColumnScaling>& scalings) {
  if (scalings.empty()) return ColumnScaling().to_json().dump();
  if (scalings.size() == 1) return scalings.front().to_json().dump();
  Json list = Json::array();
  for (const ColumnScaling& scaling : scalings) list.push_back(scaling.to_json());
  return list.dump();
}

std::vector<ColumnScaling> read_target_scalings(const SafetensorsFile& file,
                                                const TableSchema& schema) {
  Json list = Json::parse(file.metadata("target_scaling"));
  if (!list.is_array()) list = Json::array({list});
  std::vector<ColumnScaling> scalings;
  for (const Json& one : list) {
    scalings.push_back(ColumnScaling::from_json("target_scaling", one));
    const Scaling kind = scalings.back().kind;
    if (kind != Scaling::none && kind != Scaling::standard) {
      throw DataError("target_scaling: expected none or standard");
    }
  }
  if (schema.target_kind == TargetKind::classes) scalings.clear();
  return scalings;
}

void read_transforms(const SafetensorsFile& file, NetworkDescription& d) {
  if (file.metadata("format") == "1") {
    std::vector<ColumnTransform> columns;
    for (const ColumnScaling& scaling :
         read_scalings_of_format_1(file, "feature_scaling", d.schema.feature_names.size())) {
      columns.emplace_back().scaling = scaling;
    }
    d.features = FeatureTransform(d.schema, std::move(columns));
    d.target_scalings = read_scalings_of_format_1(file, "target_scaling", 1);
    if (d.schema.target_kind == TargetKind::classes) d.target_scalings.clear();
    return;
  }
  d.features = FeatureTransform::from_text("feature_transform", file.metadata("feature_transform"),
                                           d.schema);
  d.target_scalings = read_target_scalings(file, d.schema);
}

/// Their kinds, each once: "none, log1p".
std::string scalings_text(const FeatureTransform& features) {
  std::vector<std::string_view> kinds;
  for (const ColumnTransform& column : features.columns()) {
    const std::string_view kind = name_of(kScalingNames, column.scaling.kind);
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  return fmt::format("{}", fmt::join(kinds, ", "));
}

NetworkDescription read_network_description(const SafetensorsFile& file) {
  NetworkDescription d;
  static_cast<ModelDescription&>(d) = read_description(file);
  try {
    d.network = read_network(file);
    d.penalty = read_penalty(file);
    d.precision = file.metadata("precision");
    d.initial_parameters = file.metadata("initial_parameters");
    d.best = read_best(file);
    read_transforms(file, d);
    d.network.embedded = embedded_features(d.features);
    check_consistent(d);
  } catch (const DataError& e) {
    throw damaged_description(file, e.what());
  }
  return d;
}

std::string architecture(const NetworkSpec& spec) {
  std::string text = std::to_string(spec.inputs);
  if (!spec.embedded.empty()) text += fmt::format(" ({} embedded)", spec.embedded.size());
  for (const Index width : spec.hidden) text += fmt::format("-{}", width);
  text += fmt::format("-{}", spec.outputs);
  if (!spec.hidden.empty()) text += " " + spec.activation;
  if (spec.normalization != kNoNormalization) text += fmt::format(", {} norm", spec.normalization);
  if (spec.residual) text += ", residual";
  return fmt::format("{}, loss {}", text, spec.loss);
}

template <class T>
class NetworkModel final : public Model {
 public:
  NetworkModel(NetworkDescription description, const SafetensorsFile& file)
      : description_(std::move(description)),
        network_(description_.network),
        theta_(read_parameters<T>(file, network_)),
        scorer_(scorer_of(description_)) {}

  const ModelDescription& description() const override { return description_; }
  std::vector<CsvFeatureRules> feature_rules() const override {
    return rules_of(description_.features);
  }
  const Scorer& scorer() const override { return scorer_; }

  Index parameter_count() const override { return network_.parameter_count(); }

  double penalty() const override {
    return penalty_value(network_.tensors(), description_.penalty, theta_.data());
  }

  void visit_scores(const Table& table, int threads, const ScoreVisitor& visit) const override {
    const Examples<T> examples =
        make_examples<T>(table, description_.features, description_.target_scalings, threads);
    trainer::visit_scores<T>(network_, theta_.data(), examples, threads, visit);
  }

  std::vector<std::pair<std::string, std::string>> facts() const override {
    std::vector<std::pair<std::string, std::string>> facts{
        {"network", architecture(description_.network)},
        {"precision", description_.precision},
        {"scaling", scalings_text(description_.features)}};
    if (description_.features.names() != description_.schema.feature_names) {
      facts.emplace_back("inputs",
                         fmt::format("{}", fmt::join(description_.features.names(), ", ")));
    }
    if (const auto& best = description_.best) {
      facts.emplace_back("best", fmt::format("validation {} {:.5g} in epoch {}, after {} steps",
                                             best->metric, best->value, best->epoch, best->steps));
    }
    if (!description_.initial_parameters.empty()) {
      facts.emplace_back("started from", description_.initial_parameters);
    }
    return facts;
  }

  nlohmann::ordered_json json_facts() const override {
    Json facts{{"network", Json::parse(network_text(description_.network))},
               {"inputs", description_.features.names()},
               {"precision", description_.precision},
               {"initial_parameters", description_.initial_parameters}};
    if (description_.best) facts["best"] = Json::parse(best_text(*description_.best));
    return facts;
  }

 private:
  NetworkDescription description_;
  Network<T> network_;
  AlignedVector<T> theta_;
  Scorer scorer_;
};

}  // namespace

std::vector<EmbeddedFeature> embedded_features(const FeatureTransform& features) {
  std::vector<EmbeddedFeature> embedded;
  Index feature = 0;
  for (const ColumnTransform& column : features.columns()) {
    if (column.encoding == Encoding::embedding) {
      embedded.push_back({feature, column.size, column.dimension});
    }
    feature += column.width();
  }
  return embedded;
}

Scorer scorer_of(const NetworkDescription& description) {
  std::vector<PredictedNumber> numbers;
  for (std::size_t t = 0; t < description.target_scalings.size(); ++t) {
    numbers.push_back({description.schema.target_names[t], description.target_scalings[t]});
  }
  return {loss_traits(description.network.loss), description.network.outputs, std::move(numbers)};
}

template <class T>
void save_network(const std::string& path, const NetworkDescription& description,
                  const Network<T>& network, const T* theta) {
  Metadata metadata = description_metadata(description);
  if (description.best) metadata["best"] = best_text(*description.best);
  metadata["feature_transform"] = description.features.to_text();
  metadata["initial_parameters"] = description.initial_parameters;
  metadata["network"] = network_text(description.network);
  metadata["penalty"] = penalty_text(description.penalty);
  metadata["precision"] = description.precision;
  metadata["target_scaling"] = target_scalings_text(description.target_scalings);
  const StoredTensors<T> stored = stored_tensors(network, theta);
  write_model_file(path, stored.views, metadata);
}

template <class T>
std::string parameters_sha256(const Network<T>& network, const T* theta) {
  return tensors_sha256(stored_tensors(network, theta).views);
}

template <class T>
AlignedVector<T> read_parameters(const SafetensorsFile& file, const Network<T>& network) {
  // All shapes before any allocation: the network may be what a damaged file claims.
  for (const Tensor& tensor : network.tensors()) file.tensor(tensor.name, stored_shape(tensor));
  if (file.tensors().size() != network.tensors().size()) {
    throw DataError(fmt::format("{}: {} tensors, but this network has {}", file.path(),
                                file.tensors().size(), network.tensors().size()));
  }
  AlignedVector<T> theta(static_cast<std::size_t>(network.arena_size()));
  for (const Tensor& tensor : network.tensors()) {
    const std::vector<double> values = file.tensor(tensor.name, stored_shape(tensor)).values();
    if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
      throw DataError(fmt::format("{}: tensor {} has values that are not finite", file.path(),
                                  lockstep::quoted(tensor.name)));
    }
    auto next = values.begin();
    visit_as_stored(tensor, [&](Index place) {
      theta[static_cast<std::size_t>(place)] = static_cast<T>(*next++);
    });
  }
  return theta;
}

std::unique_ptr<Model> read_network_model(const SafetensorsFile& file) {
  NetworkDescription description = read_network_description(file);
  if (description.precision == "double") {
    return std::make_unique<NetworkModel<double>>(std::move(description), file);
  }
  return std::make_unique<NetworkModel<float>>(std::move(description), file);
}

template void save_network(const std::string&, const NetworkDescription&, const Network<float>&,
                           const float*);
template void save_network(const std::string&, const NetworkDescription&, const Network<double>&,
                           const double*);
template std::string parameters_sha256(const Network<float>&, const float*);
template std::string parameters_sha256(const Network<double>&, const double*);
template AlignedVector<float> read_parameters(const SafetensorsFile&, const Network<float>&);
template AlignedVector<double> read_parameters(const SafetensorsFile&, const Network<double>&);

}  // namespace lockstep::trainer
