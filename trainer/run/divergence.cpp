#include "trainer/run/divergence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/parallel/fold.hpp"

namespace lockstep::trainer {
namespace {

constexpr std::size_t kToldRows = 3;
constexpr Index kNever = std::numeric_limits<Index>::max();

/// The order in which rows are told: what is not finite, then the largest losses.
bool is_worse(const DivergenceWatch::Row& a, const DivergenceWatch::Row& b) {
  const auto key = [](const DivergenceWatch::Row& row) {
    const bool is_finite = std::isfinite(row.loss);
    return std::tuple(is_finite, is_finite ? -row.loss : 0.0, row.number);
  };
  return key(a) < key(b);
}

/// The first of both.
std::vector<DivergenceWatch::Row> worst_of(std::vector<DivergenceWatch::Row> rows) {
  std::sort(rows.begin(), rows.end(), is_worse);
  if (rows.size() > kToldRows) rows.resize(kToldRows);
  return rows;
}

}  // namespace

void DivergenceWatch::begin_step(Index step) {
  steps_.push_back({step, {}, -1});
  block_ = kNever;
}

bool DivergenceWatch::is_among_the_worst(double loss) const {
  const std::vector<Row>& worst = steps_.back().worst;
  return worst.size() < kToldRows || !(loss <= worst.back().loss);
}

void DivergenceWatch::add_row(double loss, Index number, Index layer) {
  std::vector<Row>& worst = steps_.back().worst;
  worst.push_back({loss, number, layer, rank_});
  worst = worst_of(std::move(worst));
}

void DivergenceWatch::add_block(Index block) {
  Index first = block_;
  while (block < first && !block_.compare_exchange_weak(first, block)) {
  }
}

void DivergenceWatch::end_step() { steps_.back().block = block_; }

bool DivergenceWatch::is_bad(const Step& step) {
  const bool has_bad_row = !step.worst.empty() && !std::isfinite(step.worst.front().loss);
  return has_bad_row || step.block != kNever;
}

bool DivergenceWatch::has_seen_any() const {
  return std::any_of(steps_.begin(), steps_.end(), is_bad);
}

std::string DivergenceWatch::describe(Team& team, Index epoch, Index step_of_loss,
                                      const Names& names) const {
  const auto bad = std::find_if(steps_.begin(), steps_.end(), is_bad);
  Index step = min_over(team, bad == steps_.end() ? kNever : bad->step);
  if (step_of_loss > 0) step = std::min(step, step_of_loss);

  const auto mine = std::find_if(steps_.begin(), steps_.end(),
                                 [&](const Step& each) { return each.step == step; });
  const Index block = min_over(team, mine == steps_.end() ? kNever : mine->block);
  const std::vector<Row> my_rows = mine == steps_.end() ? std::vector<Row>() : mine->worst;
  const std::vector<std::string> hosts = all_gather_text(team, host_name());
  std::vector<Row> rows;
  for (const Bytes& bytes : team.all_gather(FoldCodec<std::vector<Row>>::encode(my_rows))) {
    const auto theirs = FoldCodec<std::vector<Row>>::decode(bytes);
    rows.insert(rows.end(), theirs.begin(), theirs.end());
  }
  rows = worst_of(std::move(rows));

  std::string text = fmt::format("step {} of epoch {}: ", step, epoch);
  const bool has_bad_row = !rows.empty() && !std::isfinite(rows.front().loss);
  if (has_bad_row) {
    text += "the loss is not finite";
    std::erase_if(rows, [](const Row& row) { return std::isfinite(row.loss); });
  } else if (block != kNever) {
    text += fmt::format("the gradient of {} is not finite", names.tensor(block));
  } else {
    text += "the loss is not finite in sum";
  }
  text += has_bad_row ? " for " : "; the largest losses are those of ";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    text += fmt::format("{}{} (", i > 0 ? ", " : "", names.row(row.number));
    text += std::isfinite(row.loss) ? fmt::format("{:.3g}", row.loss)
            : row.layer >= 0        ? names.layer(row.layer) + " overflows"
                                    : std::string("the loss itself");
    if (team.size() > 1) {
      text += fmt::format("; rank {} on {}", row.rank, hosts[static_cast<std::size_t>(row.rank)]);
    }
    text += ")";
  }
  return text;
}

}  // namespace lockstep::trainer
