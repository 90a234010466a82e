#include "trainer/run/divergence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel/fold.hpp"

namespace lockstep::trainer {
namespace {

constexpr Index kNever = std::numeric_limits<Index>::max();

}  // namespace

/// The order in which rows are told: what is not finite, then the largest losses.
bool DivergenceWatch::is_worse(const Row& a, const Row& b) {
  const bool a_is_finite = std::isfinite(a.loss);
  const bool b_is_finite = std::isfinite(b.loss);
  if (a_is_finite != b_is_finite) return b_is_finite;
  if (a_is_finite && a.loss != b.loss) return a.loss > b.loss;
  return a.number < b.number;
}

void DivergenceWatch::begin_step(Index step) {
  steps_.push_back({step, kNever});
  block_ = kNever;
}

void DivergenceWatch::add_row(double loss, Index number, Index layer) {
  Step& step = steps_.back();
  const Row row{loss, number, layer, rank_};
  std::size_t at = std::min(step.count, kToldRows - 1);
  if (step.count == kToldRows && !is_worse(row, step.worst[at])) return;
  for (; at > 0 && is_worse(row, step.worst[at - 1]); --at) step.worst[at] = step.worst[at - 1];
  step.worst[at] = row;
  step.count = std::min(step.count + 1, kToldRows);
}

void DivergenceWatch::add_block(Index block) {
  Index first = block_;
  while (block < first && !block_.compare_exchange_weak(first, block)) {
  }
}

void DivergenceWatch::end_step() { steps_.back().block = block_; }

bool DivergenceWatch::is_bad(const Step& step) {
  const bool has_bad_row = step.count > 0 && !std::isfinite(step.worst.front().loss);
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
  std::vector<Row> my_rows;
  if (mine != steps_.end()) {
    my_rows.assign(mine->worst.begin(), mine->worst.begin() + static_cast<Index>(mine->count));
  }
  const std::vector<std::string> hosts = all_gather_text(team, host_name());
  std::vector<Row> rows;
  for (const Bytes& bytes : team.all_gather(FoldCodec<std::vector<Row>>::encode(my_rows))) {
    const auto theirs = FoldCodec<std::vector<Row>>::decode(bytes);
    rows.insert(rows.end(), theirs.begin(), theirs.end());
  }
  std::sort(rows.begin(), rows.end(), is_worse);
  if (rows.size() > kToldRows) rows.resize(kToldRows);

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
