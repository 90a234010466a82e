#include "core/model/sample_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"

namespace lockstep {
namespace {

/// The factor of each class. *Collective*.
std::vector<double> factors_of_classes(Team& team, const Table& table,
                                       const ClassWeights& classes) {
  assert(table.target_kind == TargetKind::classes);
  const std::vector<std::string>& names = table.class_names;
  std::vector<double> factors(names.size(), 1);
  if (classes.kind == ClassWeights::Kind::balanced) {
    std::vector<std::int64_t> rows(names.size());
    for (const double y : table.target) ++rows[static_cast<std::size_t>(y)];
    team.all_reduce(rows, IntegerReduction::sum);
    const double share = static_cast<double>(table.total_rows) / static_cast<double>(names.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      if (rows[k] > 0) factors[k] = share / static_cast<double>(rows[k]);
    }
  }
  for (const auto& [name, weight] : classes.of_class) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = nearest_name(name, names);
      throw ConfigError(fmt::format("{} is no class of the target {}{}", quoted(name),
                                    quoted(table.target_name()),
                                    near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
    factors[static_cast<std::size_t>(found - names.begin())] = weight;
  }
  return factors;
}

/// Over all rows, in their order inside blocks. *Collective*.
double sum_of_weights(Team& team, const Table& table) {
  const RowBlocks blocks(table.total_rows);
  return tree_fold<double>(
      team, block_boundaries(team, blocks, table.rows),
      [&](Index block) {
        double sum = 0;
        const Range rows = blocks.rows(block);
        for (Index i = rows.begin; i < rows.end; ++i) {
          sum += (*table.weights)[static_cast<std::size_t>(i - table.rows.begin)];
        }
        return sum;
      },
      [](double left, double right) { return left + right; });
}

}  // namespace

ClassWeights ClassWeights::from_texts(const std::vector<std::string>& texts) {
  ClassWeights classes;
  if (texts.empty() || (texts.size() == 1 && texts[0] == "none")) return classes;
  if (texts.size() == 1 && texts[0] == "balanced") {
    classes.kind = Kind::balanced;
    return classes;
  }
  classes.kind = Kind::given;
  for (const std::string& text : texts) {
    const std::size_t colon = text.rfind(':');
    double weight = 0;
    if (colon == std::string::npos || colon == 0 ||
        !parse_real(trimmed(std::string_view(text).substr(colon + 1)), weight) || weight < 0) {
      throw ConfigError(fmt::format(
          "expected none, balanced, or CLASS:WEIGHT, … with weights ≥ 0, found {}", quoted(text)));
    }
    const std::string name(trimmed(std::string_view(text).substr(0, colon)));
    const bool is_known = std::any_of(classes.of_class.begin(), classes.of_class.end(),
                                      [&](const auto& entry) { return entry.first == name; });
    if (is_known) throw ConfigError(fmt::format("the class {} is named twice", quoted(name)));
    classes.of_class.emplace_back(name, weight);
  }
  return classes;
}

void weight_rows(Team& team, Table& table, const ClassWeights& classes) {
  const bool by_class = classes.kind != ClassWeights::Kind::none;
  if (!table.weights && !by_class) return;
  std::vector<double> factors;
  if (by_class) factors = factors_of_classes(team, table, classes);
  guard(team, "weighting rows", [&] {
    const auto rows = static_cast<std::size_t>(table.rows.size());
    if (!table.weights) table.weights.emplace(rows, 1);
    for (std::size_t i = 0; i < rows && by_class; ++i) {
      (*table.weights)[i] *= factors[static_cast<std::size_t>(table.target[i])];
    }
  });
  const double sum = sum_of_weights(team, table);
  if (sum == 0) throw DataError("the weights of all rows to train on are 0");
  const double scale = static_cast<double>(table.total_rows) / sum;
  if (!std::isnormal(sum) || !std::isnormal(scale)) {
    throw DataError(
        fmt::format("the weights of the rows to train on add up to {}; scale them", sum));
  }
  for (double& weight : *table.weights) weight *= scale;
}

}  // namespace lockstep
