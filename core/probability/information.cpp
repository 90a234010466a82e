#include "core/probability/information.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"
#include "core/parallel/fold.hpp"
#include "core/probability/joint_table.hpp"
#include "core/probability/probabilities.hpp"

namespace lockstep {
namespace {

/// kernel::log takes what is below for 0.
constexpr double kSmallest = std::numeric_limits<double>::min();

/// From nats to the unit of `base`.
double in_base(double nats, double base) { return nats / kernel::log(base); }

void check_base(double base) {
  if (base > 1 && std::isfinite(base)) return;
  throw DataError(fmt::format("logarithms to the base {}; expected a finite base above 1", base));
}

void check_two(const VectorRef& p, const VectorRef& q, double base) {
  check_base(base);
  check_same_size("entries of P", p.size(), "entries of Q", q.size());
  check_probabilities("P", p);
  check_probabilities("Q", q);
}

/// p·log(p/q) in nats.
double divergence_term(double p, double q) {
  if (p < kSmallest) return 0;
  if (q < kSmallest) return std::numeric_limits<double>::infinity();
  return p * kernel::log(p / q);
}

/// What rounding leaves below 0 is 0.
double nonnegative(double x) { return x > 0 ? x : 0; }

/// This rank's part of every table that `owner` adds up: before the cells of each, a cell with its
/// numbers of rows, columns and cells.
Bytes cells_for(int owner, int ranks, const std::vector<ContingencyTable>& parts) {
  std::vector<ContingencyCell> message;
  for (std::size_t t = static_cast<std::size_t>(owner); t < parts.size();
       t += static_cast<std::size_t>(ranks)) {
    const ContingencyTable& part = parts[t];
    message.push_back(
        {part.rows(), part.columns(), static_cast<std::int64_t>(part.cells().size())});
    message.insert(message.end(), part.cells().begin(), part.cells().end());
  }
  return FoldCodec<std::vector<ContingencyCell>>::encode(message);
}

/// The tables of one owner, added up over what all ranks sent it.
std::vector<ContingencyTable> sum_of(const std::vector<Bytes>& messages) {
  std::vector<ContingencyTable> tables;
  for (const Bytes& bytes : messages) {
    const auto message = FoldCodec<std::vector<ContingencyCell>>::decode(bytes);
    std::size_t table = 0;
    for (auto cell = message.begin(); cell != message.end(); ++table) {
      const ContingencyCell shape = *cell++;
      ContingencyTable part =
          ContingencyTable::of_cells(shape.row, shape.column, {cell, cell + shape.count});
      cell += shape.count;
      if (table == tables.size()) {
        tables.push_back(std::move(part));
      } else {
        tables[table].merge(part);
      }
    }
  }
  return tables;
}

}  // namespace

double entropy(const VectorRef& p, double base) {
  check_base(base);
  check_probabilities("P", p);
  double sum = 0;
  for (Index i = 0; i < p.size(); ++i) {
    if (p[i] >= kSmallest) sum -= p[i] * kernel::log(p[i]);
  }
  return in_base(nonnegative(sum), base);
}

double cross_entropy(const VectorRef& p, const VectorRef& q, double base) {
  check_two(p, q, base);
  double sum = 0;
  for (Index i = 0; i < p.size(); ++i) {
    if (p[i] >= kSmallest) sum -= p[i] * kernel::log(q[i]);
  }
  return in_base(nonnegative(sum), base);
}

double kl_divergence(const VectorRef& p, const VectorRef& q, double base) {
  check_two(p, q, base);
  double sum = 0;
  for (Index i = 0; i < p.size(); ++i) sum += divergence_term(p[i], q[i]);
  return in_base(nonnegative(sum), base);
}

double jensen_shannon_divergence(const VectorRef& p, const VectorRef& q, double base) {
  check_two(p, q, base);
  // p·log(p/m), p/m = 2p/(p + q): m = (p + q)/2 itself can be below the smallest.
  const auto term = [](double of, double both) {
    return of < kSmallest ? 0 : of * kernel::log(2 * of / both);
  };
  double sum = 0;
  for (Index i = 0; i < p.size(); ++i) {
    sum += 0.5 * (term(p[i], p[i] + q[i]) + term(q[i], p[i] + q[i]));
  }
  return in_base(nonnegative(sum), base);
}

double jensen_shannon_distance(const VectorRef& p, const VectorRef& q, double base) {
  return std::sqrt(jensen_shannon_divergence(p, q, base));
}

double conditional_entropy(const MatrixRef& joint, double base) {
  check_base(base);
  const Vector x = row_marginal(joint);
  double sum = 0;
  for (Index j = 0; j < joint.cols(); ++j) {
    for (Index i = 0; i < joint.rows(); ++i) sum -= divergence_term(joint(i, j), x[i]);
  }
  return in_base(nonnegative(sum), base);
}

double mutual_information(const MatrixRef& joint, double base) {
  check_base(base);
  const Vector x = row_marginal(joint);
  const Vector y = column_marginal(joint);
  double sum = 0;
  for (Index j = 0; j < joint.cols(); ++j) {
    for (Index i = 0; i < joint.rows(); ++i) {
      // Not p/(x·y): that product can vanish.
      const double p = joint(i, j);
      if (p >= kSmallest) sum += p * kernel::log(p / x[i] / y[j]);
    }
  }
  return in_base(nonnegative(sum), base);
}

double mutual_information(const ContingencyTable& counts, double base) {
  check_base(base);
  const auto n = static_cast<double>(counts.total());
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::int64_t> of_row = counts.row_totals();
  const std::vector<std::int64_t> of_column = counts.column_totals();
  double sum = 0;
  for (const ContingencyCell& cell : counts.cells()) {
    const auto both = static_cast<double>(cell.count);
    const auto row = static_cast<double>(of_row[static_cast<std::size_t>(cell.row)]);
    const auto column = static_cast<double>(of_column[static_cast<std::size_t>(cell.column)]);
    sum += both / n * kernel::log(n * both / (row * column));
  }
  return in_base(nonnegative(sum), base);
}

std::vector<double> mutual_information(Team& team, const std::vector<ContingencyTable>& parts,
                                       double base) {
  check_base(base);
  const auto tables = static_cast<std::int64_t>(parts.size());
  const std::int64_t most = max_over(team, tables);
  guard(team, "counting pairs of categories", [&] {
    if (tables == most) return;
    throw DataError(
        fmt::format("{} contingency tables, and {} on another rank; expected equally "
                    "many",
                    tables, most));
  });
  std::vector<Bytes> to;
  to.reserve(static_cast<std::size_t>(team.size()));
  for (int rank = 0; rank < team.size(); ++rank) {
    to.push_back(cells_for(rank, team.size(), parts));
  }
  const std::vector<Bytes> from = team.exchange(std::move(to));
  std::vector<double> mine;
  guard(team, "adding up contingency tables", [&] {
    for (const ContingencyTable& table : sum_of(from)) {
      mine.push_back(mutual_information(table, base));
    }
  });
  const std::vector<Bytes> all = team.all_gather(std::as_bytes(std::span<const double>(mine)));
  std::vector<double> result(parts.size());
  for (std::size_t t = 0; t < result.size(); ++t) {
    const auto owner = t % all.size();
    std::memcpy(&result[t], all[owner].data() + t / all.size() * sizeof(double), sizeof(double));
  }
  return result;
}

}  // namespace lockstep
