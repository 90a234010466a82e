#include "trainer/run/model_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/kernel/product.hpp"
#include "core/model/activations.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::json;  // sorts its keys

constexpr const char* kFormat = "1";

/// Tensors in PyTorch's layout, and views of them.
template <class T>
struct StoredTensors {
  std::vector<std::vector<T>> values;
  std::vector<TensorView> views;
};

std::vector<Index> stored_shape(const Tensor& tensor) {
  if (tensor.inputs == 1 && !tensor.penalised) return {tensor.outputs};
  return {tensor.outputs, tensor.inputs};
}

template <class T>
StoredTensors<T> stored_tensors(const Network<T>& network, const T* theta) {
  StoredTensors<T> stored;
  for (const Tensor& tensor : network.tensors()) {
    std::vector<T> values;
    values.reserve(static_cast<std::size_t>(tensor.count()));
    for (Index o = 0; o < tensor.outputs; ++o) {
      for (Index i = 0; i < tensor.inputs; ++i) {
        values.push_back(theta[tensor.offset + kernel::panel_offset(tensor.inputs, i, o)]);
      }
    }
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
  return Json{{"inputs", spec.inputs},         {"hidden", spec.hidden}, {"outputs", spec.outputs},
              {"activation", spec.activation}, {"slope", spec.slope},   {"loss", spec.loss}}
      .dump();
}

std::string schema_text(const TableSchema& schema) {
  return Json{{"features", schema.feature_names},
              {"target", schema.target_name},
              {"target_kind", schema.target_kind == TargetKind::number ? "number" : "classes"},
              {"classes", schema.class_names}}
      .dump();
}

std::string penalty_text(const Penalty& penalty) {
  return Json{{"l1", penalty.l1}, {"l2", penalty.l2}}.dump();
}

Penalty read_penalty(const SafetensorsFile& file) {
  const Json json = Json::parse(file.metadata("penalty"));
  return {json.at("l1").get<double>(), json.at("l2").get<double>()};
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
  if (!contains(activation_names(), spec.activation) || !contains(loss_names(), spec.loss)) {
    throw DataError("an unknown activation or loss, perhaps of a later version");
  }
  return spec;
}

TableSchema read_schema(const SafetensorsFile& file) {
  const Json json = Json::parse(file.metadata("schema"));
  TableSchema schema;
  schema.feature_names = json.at("features").get<std::vector<std::string>>();
  schema.target_name = json.at("target").get<std::string>();
  schema.class_names = json.at("classes").get<std::vector<std::string>>();
  schema.target_kind = json.at("target_kind").get<std::string>() == "number" ? TargetKind::number
                                                                             : TargetKind::classes;
  return schema;
}

void check_consistent(const ModelDescription& d) {
  const LossTraits traits = loss_traits(d.network.loss);
  const auto classes = static_cast<Index>(d.schema.class_names.size());
  if (static_cast<Index>(d.schema.feature_names.size()) != d.network.inputs) {
    throw DataError("as many feature names as network inputs were expected");
  }
  const bool classifies = traits.target == TargetKind::classes;
  if (d.schema.target_kind != traits.target || (classifies && classes < 2) ||
      (traits.two_classes && classes != 2) ||
      d.network.outputs != outputs_for(d.network.loss, classes)) {
    throw DataError("the classes do not fit the network's outputs and loss");
  }
  if (d.precision != "float" && d.precision != "double") {
    throw DataError("the precision is neither float nor double");
  }
}

}  // namespace

template <class T>
void save_model(const std::string& path, const ModelDescription& description,
                const Network<T>& network, const T* theta) {
  const Metadata metadata{{"data_hash", description.data_hash},
                          {"feature_scaling", description.feature_scaling.to_text()},
                          {"format", kFormat},
                          {"initial_parameters", description.initial_parameters},
                          {"network", network_text(description.network)},
                          {"options", Json(description.options).dump()},
                          {"penalty", penalty_text(description.penalty)},
                          {"precision", description.precision},
                          {"program", fmt::format("lockstep {}", LOCKSTEP_VERSION)},
                          {"schema", schema_text(description.schema)},
                          {"target_scaling", description.target_scaling.to_text()}};
  const StoredTensors<T> stored = stored_tensors(network, theta);
  write_safetensors(path, stored.views, metadata);
}

template <class T>
std::string parameters_sha256(const Network<T>& network, const T* theta) {
  return tensors_sha256(stored_tensors(network, theta).views);
}

ModelDescription read_description(const SafetensorsFile& file) {
  if (file.metadata("format") != kFormat) {
    throw DataError(fmt::format("{}: model format {} is not known to this version", file.path(),
                                lockstep::quoted(file.metadata("format"))));
  }
  try {
    ModelDescription d;
    d.network = read_network(file);
    d.schema = read_schema(file);
    d.penalty = read_penalty(file);
    d.precision = file.metadata("precision");
    d.data_hash = file.metadata("data_hash");
    d.initial_parameters = file.metadata("initial_parameters");
    d.options = Json::parse(file.metadata("options")).get<std::map<std::string, std::string>>();
    d.feature_scaling = FeatureScaling::from_text(
        "feature_scaling", file.metadata("feature_scaling"), d.network.inputs);
    d.target_scaling =
        FeatureScaling::from_text("target_scaling", file.metadata("target_scaling"), 1);
    check_consistent(d);
    return d;
  } catch (const Json::exception& e) {
    throw DataError(fmt::format("{}: damaged model description: {}", file.path(), e.what()));
  } catch (const DataError& e) {
    throw DataError(fmt::format("{}: damaged model description: {}", file.path(), e.what()));
  }
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
    std::size_t next = 0;
    for (Index o = 0; o < tensor.outputs; ++o) {
      for (Index i = 0; i < tensor.inputs; ++i) {
        theta[static_cast<std::size_t>(tensor.offset + kernel::panel_offset(tensor.inputs, i, o))] =
            static_cast<T>(values[next++]);
      }
    }
  }
  return theta;
}

template void save_model(const std::string&, const ModelDescription&, const Network<float>&,
                         const float*);
template void save_model(const std::string&, const ModelDescription&, const Network<double>&,
                         const double*);
template std::string parameters_sha256(const Network<float>&, const float*);
template std::string parameters_sha256(const Network<double>&, const double*);
template AlignedVector<float> read_parameters(const SafetensorsFile&, const Network<float>&);
template AlignedVector<double> read_parameters(const SafetensorsFile&, const Network<double>&);

}  // namespace lockstep::trainer
