#include "core/data/generators.hpp"

#include <fmt/format.h>

#include <cassert>
#include <span>
#include <vector>

#include "core/base/random.hpp"
#include "core/data/digits.hpp"
#include "core/kernel/elementary.hpp"

namespace lockstep {
namespace {

// The second coordinate of a draw: what is drawn. The first is the number of the row or class.
constexpr std::uint64_t kRow = 0;
constexpr std::uint64_t kParameters = 1;

/// What a generator of rows needs to know.
struct Job {
  Range rows;  ///< in the endless sequence
  double noise;
  RandomStream stream;

  RandomSequence draws_of(Index row) const {
    return {stream, static_cast<std::uint64_t>(row), kRow};
  }
};

void name_features(Table& table, const char* prefix) {
  for (Index j = 0; j < table.features; ++j) {
    table.feature_names.push_back(fmt::format("{}{}", prefix, j));
  }
}

void name_classes(Table& table, const char* target, Index classes) {
  table.target_kind = TargetKind::classes;
  table.target_names = {target};
  for (Index k = 0; k < classes; ++k) table.class_names.push_back(fmt::format("{}", k));
}

void make_digits(const Job& job, Table& table) {
  table.features = kDigitPixels;
  name_features(table, "p");
  name_classes(table, "label", 10);
  Table::ByteValues pixels(static_cast<std::size_t>(job.rows.size() * kDigitPixels));
  for (Index i = 0; i < job.rows.size(); ++i) {
    RandomSequence draws = job.draws_of(job.rows.begin + i);
    const std::span<std::uint8_t, kDigitPixels> image(pixels.data() + i * kDigitPixels,
                                                      static_cast<std::size_t>(kDigitPixels));
    table.target.push_back(draw_digit(draws, job.noise, image));
  }
  table.values = std::move(pixels);
}

void make_blobs(const Job& job, Index features, Index classes, Table& table) {
  constexpr double kSpread = 10;
  table.features = features;
  name_features(table, "x");
  name_classes(table, "class", classes);
  Table::NumberValues centres;
  for (Index k = 0; k < classes; ++k) {
    RandomSequence draws(job.stream, static_cast<std::uint64_t>(k), kParameters);
    for (Index j = 0; j < features; ++j) centres.push_back(draws.uniform(-kSpread, kSpread));
  }
  Table::NumberValues values;
  values.reserve(static_cast<std::size_t>(job.rows.size() * features));
  for (Index row = job.rows.begin; row < job.rows.end; ++row) {
    RandomSequence draws = job.draws_of(row);
    const auto k = static_cast<Index>(draws.below(static_cast<std::uint64_t>(classes)));
    const double* centre = centres.data() + k * features;
    for (Index j = 0; j < features; ++j) values.push_back(centre[j] + job.noise * draws.normal());
    table.target.push_back(static_cast<double>(k));
  }
  table.values = std::move(values);
}

void make_moons(const Job& job, Table& table) {
  constexpr double kPi = 3.141592653589793;
  table.features = 2;
  name_features(table, "x");
  name_classes(table, "class", 2);
  Table::NumberValues values;
  for (Index row = job.rows.begin; row < job.rows.end; ++row) {
    RandomSequence draws = job.draws_of(row);
    const auto k = static_cast<double>(draws.below(2));
    const kernel::SinCos at = kernel::sincos(draws.uniform(0, kPi));
    // The second moon hangs upside down in the first.
    const double x = k > 0 ? 1 - at.cos : at.cos;
    const double y = k > 0 ? 0.5 - at.sin : at.sin;
    values.push_back(x + job.noise * draws.normal());
    values.push_back(y + job.noise * draws.normal());
    table.target.push_back(k);
  }
  table.values = std::move(values);
}

void make_linear(const Job& job, Index features, Table& table) {
  table.features = features;
  name_features(table, "x");
  table.target_kind = TargetKind::number;
  table.target_names = {"y"};
  RandomSequence parameters(job.stream, 0, kParameters);
  const double intercept = parameters.normal();
  std::vector<double> weights;
  for (Index j = 0; j < features; ++j) weights.push_back(parameters.normal());
  Table::NumberValues values;
  values.reserve(static_cast<std::size_t>(job.rows.size() * features));
  for (Index row = job.rows.begin; row < job.rows.end; ++row) {
    RandomSequence draws = job.draws_of(row);
    double y = intercept;
    for (const double w : weights) {
      values.push_back(draws.normal());
      y += w * values.back();
    }
    table.target.push_back(y + job.noise * draws.normal());
  }
  table.values = std::move(values);
}

}  // namespace

double default_noise(SyntheticKind kind) { return kind == SyntheticKind::blobs ? 1.0 : 0.1; }

Table generate(const SyntheticOptions& options, std::uint64_t seed, Range rows, Index total_rows,
               Index first_row) {
  assert(0 <= rows.begin && rows.begin <= rows.end && rows.end <= total_rows);
  Table table;
  table.rows = rows;
  table.total_rows = total_rows;
  table.target.reserve(static_cast<std::size_t>(rows.size()));
  const Job job{{first_row + rows.begin, first_row + rows.end},
                options.noise.value_or(default_noise(options.kind)),
                RandomStream(seed, Purpose::synthetic)};
  switch (options.kind) {
    case SyntheticKind::digits:
      make_digits(job, table);
      break;
    case SyntheticKind::blobs:
      make_blobs(job, options.features, options.classes, table);
      break;
    case SyntheticKind::moons:
      make_moons(job, table);
      break;
    case SyntheticKind::linear:
      make_linear(job, options.features, table);
      break;
  }
  return table;
}

}  // namespace lockstep
