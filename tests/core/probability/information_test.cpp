#include "core/probability/information.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "core/base/random.hpp"
#include "core/probability/joint_table.hpp"
#include "tests/core/probability/error_message.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::error_message;
using test::number_of;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const nlohmann::json& reference() {
  static const nlohmann::json numbers = test::reference("probability")["information"];
  return numbers;
}

/// Entries of which some are 0, summing to 1.
Matrix random_table(Index rows, Index columns, std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  Matrix table(rows, columns);
  for (double& p : table.reshaped()) p = draws.uniform() < 0.2 ? 0 : draws.uniform();
  table(0, 0) += 0.1;
  return table / table.sum();
}

std::vector<double> column_of(const nlohmann::json& numbers) {
  const Vector column = test::vector_of(numbers);
  return {column.data(), column.data() + column.size()};
}

TEST(Information, ByHand) {
  const Vector fair{{0.5, 0.5}};
  const Vector biased{{0.25, 0.75}};
  const double log3 = std::log2(3.0);
  EXPECT_TRUE(close(entropy(fair), 1));
  EXPECT_TRUE(close(entropy(Vector::Constant(8, 0.125)), 3));
  EXPECT_TRUE(close(entropy(biased), 2 - 0.75 * log3));
  EXPECT_TRUE(close(cross_entropy(fair, biased), 2 - 0.5 * log3));
  EXPECT_TRUE(close(kl_divergence(fair, biased), 1 - 0.5 * log3));
  EXPECT_TRUE(close(kl_divergence(biased, fair), 0.75 * log3 - 1));
  EXPECT_TRUE(close(jensen_shannon_divergence(Vector{{1, 0}}, Vector{{0, 1}}), 1));
  EXPECT_TRUE(close(jensen_shannon_distance(Vector{{1, 0}}, fair),
                    std::sqrt(1.5 - 0.75 * log3)));  // M = (¾, ¼)
  // X is a fair coin, Y shows it rightly three times of four.
  const Matrix channel{{0.375, 0.125}, {0.125, 0.375}};
  EXPECT_TRUE(close(conditional_entropy(channel), 2 - 0.75 * log3));
  EXPECT_TRUE(close(mutual_information(channel), 0.75 * log3 - 1));
}

TEST(Information, AgreesWithScipy) {
  const Vector p = test::vector_of(reference()["p"]);
  const Vector q = test::vector_of(reference()["q"]);
  for (const auto& one : reference()["entropy"]) {
    EXPECT_TRUE(close(entropy(p, number_of(one["base"])), number_of(one["value"])));
  }
  EXPECT_TRUE(close(cross_entropy(p, q), number_of(reference()["cross_entropy"])));
  EXPECT_TRUE(close(kl_divergence(p, q), number_of(reference()["kl"])));
  EXPECT_EQ(kl_divergence(q, p), number_of(reference()["kl_reversed"]));
  EXPECT_TRUE(close(jensen_shannon_distance(p, q), number_of(reference()["js_distance"])));
  const Matrix joint = test::matrix_of(reference()["joint"]);
  EXPECT_TRUE(close(conditional_entropy(joint), number_of(reference()["conditional_entropy"])));
  EXPECT_TRUE(close(mutual_information(joint), number_of(reference()["mutual_information"])));
}

TEST(Information, OfColumnsAgreesWithScikitLearn) {
  const auto x = reference()["labels_x"].get<std::vector<Index>>();
  const auto y = reference()["labels_y"].get<std::vector<Index>>();
  EXPECT_TRUE(close(mutual_information(ContingencyTable(5, 7, x, y)),
                    number_of(reference()["labels_mutual_information"])));
  const Index bins = reference()["bins"].get<Index>();
  const std::vector<Index> numbers = binned(column_of(reference()["numbers"]));
  const std::vector<Index> noisy = binned(column_of(reference()["noisy"]));
  EXPECT_TRUE(close(mutual_information(ContingencyTable(bins, bins, numbers, noisy)),
                    number_of(reference()["numbers_mutual_information"])));
  EXPECT_TRUE(close(mutual_information(ContingencyTable(bins, 7, numbers, y)),
                    number_of(reference()["mixed_mutual_information"])));
}

TEST(Information, TheBaseIsTheUnit) {
  const Vector p{{0.1, 0.2, 0.7}};
  const Vector q{{0.3, 0.3, 0.4}};
  const Matrix joint = random_table(3, 4, 1);
  const double nats = std::numbers::e;
  EXPECT_TRUE(close(entropy(p, nats), entropy(p) * std::log(2.0)));
  EXPECT_TRUE(close(cross_entropy(p, q, nats), cross_entropy(p, q) * std::log(2.0)));
  EXPECT_TRUE(close(kl_divergence(p, q, nats), kl_divergence(p, q) * std::log(2.0)));
  EXPECT_TRUE(close(jensen_shannon_divergence(p, q, nats),
                    jensen_shannon_divergence(p, q) * std::log(2.0)));
  EXPECT_TRUE(
      close(jensen_shannon_distance(p, q, 4), jensen_shannon_distance(p, q) / std::sqrt(2)));
  EXPECT_TRUE(close(conditional_entropy(joint, 10), conditional_entropy(joint) * std::log10(2.0)));
  EXPECT_TRUE(close(mutual_information(joint, 10), mutual_information(joint) * std::log10(2.0)));
  const std::vector<Index> x{0, 0, 1, 1, 1};
  const ContingencyTable table(2, 2, x, x);
  EXPECT_TRUE(close(mutual_information(table, 10), mutual_information(table) * std::log10(2.0)));
}

TEST(Information, IdentitiesOfTwoDistributions) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Vector p = random_table(9, 1, seed);
    const Vector q = (random_table(9, 1, seed + 100).array() + 0.01).matrix() / 1.09;
    EXPECT_TRUE(close(cross_entropy(p, q), entropy(p) + kl_divergence(p, q), 1e-14, 1));
    EXPECT_GT(kl_divergence(p, q), 0);
    EXPECT_GE(entropy(p), 0);
    EXPECT_LE(entropy(p), std::log2(9.0) * (1 + 1e-15));
    const double divergence = jensen_shannon_divergence(p, q);
    EXPECT_EQ(divergence, jensen_shannon_divergence(q, p));
    EXPECT_LE(divergence, 1);
    const Vector middle = (p + q) / 2;
    EXPECT_TRUE(close(divergence, entropy(middle) - (entropy(p) + entropy(q)) / 2, 1e-14, 1));
    EXPECT_EQ(jensen_shannon_distance(p, q), std::sqrt(divergence));
    EXPECT_EQ(kl_divergence(p, p), 0);
    EXPECT_EQ(jensen_shannon_divergence(p, p), 0);
    EXPECT_EQ(cross_entropy(p, p), entropy(p));
  }
}

TEST(Information, IdentitiesOfAJointTable) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Matrix joint = random_table(3 + static_cast<Index>(seed % 3), 4, seed);
    const double x = entropy(row_marginal(joint));
    const double y = entropy(column_marginal(joint));
    const double both = entropy(Vector(joint.reshaped()));
    const double information = mutual_information(joint);
    EXPECT_TRUE(close(information, y - conditional_entropy(joint), 1e-14, 1));
    EXPECT_TRUE(close(information, x - conditional_entropy(joint.transpose()), 1e-14, 1));
    EXPECT_TRUE(close(information, x + y - both, 1e-14, 1));
    EXPECT_TRUE(close(information, mutual_information(joint.transpose()), 1e-14, 1));
    EXPECT_GE(information, 0);
    const Matrix product = row_marginal(joint) * column_marginal(joint).transpose();
    EXPECT_NEAR(mutual_information(product), 0, 1e-15);
    // What X says of itself.
    EXPECT_TRUE(close(mutual_information(Matrix(row_marginal(joint).asDiagonal())), x, 1e-14, 1));
  }
}

TEST(Information, OfCountsIsThatOfTheirFrequencies) {
  RandomSequence draws(RandomStream(3, Purpose::synthetic), 0);
  std::vector<Index> x;
  std::vector<Index> y;
  for (int i = 0; i < 500; ++i) {
    x.push_back(static_cast<Index>(draws.below(6)));
    y.push_back((x.back() + static_cast<Index>(draws.below(3))) % 5);
  }
  const ContingencyTable table(6, 5, x, y);
  EXPECT_TRUE(close(mutual_information(table), mutual_information(table.joint_table()), 1e-13));
  // By the definition, entry by entry.
  const Matrix joint = table.joint_table();
  double sum = 0;
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < 5; ++j) {
      const double independent = joint.row(i).sum() * joint.col(j).sum();
      if (joint(i, j) > 0) sum += joint(i, j) * std::log2(joint(i, j) / independent);
    }
  }
  EXPECT_TRUE(close(mutual_information(table), sum, 1e-13));
}

TEST(Information, ZerosAndInfinities) {
  const Vector certain{{1, 0}};
  const Vector fair{{0.5, 0.5}};
  EXPECT_EQ(entropy(certain), 0);
  EXPECT_EQ(cross_entropy(certain, fair), 1);
  EXPECT_EQ(cross_entropy(fair, certain), kInfinity);
  EXPECT_EQ(cross_entropy(certain, certain), 0);
  EXPECT_EQ(kl_divergence(fair, certain), kInfinity);
  EXPECT_EQ(kl_divergence(certain, fair), 1);
  EXPECT_EQ(kl_divergence(certain, Vector{{0, 1}}), kInfinity);
  EXPECT_EQ(entropy(Vector{{1, 1e-310}}), 0);
  EXPECT_EQ(kl_divergence(fair, Vector{{1, 1e-310}}), kInfinity);
  EXPECT_NEAR(jensen_shannon_divergence(certain, Vector{{1, 3e-308}}), 0, 1e-300);
  EXPECT_TRUE(close(kl_divergence(fair, Vector{{1, 1e-300}}), 150 * std::log2(10.0) - 1));
  EXPECT_EQ(mutual_information(Matrix{{0.25, 0.75}}), 0);
  EXPECT_EQ(mutual_information(Matrix{{0.5, 0}, {0, 0.5}}), 1);
  EXPECT_EQ(conditional_entropy(Matrix{{0.5, 0}, {0, 0.5}}), 0);
  // The product of these marginals vanishes.
  EXPECT_TRUE(close(mutual_information(Matrix{{1, 0}, {0, 1e-200}}), 200 * std::log2(10.0) * 1e-200,
                    1e-12));
}

TEST(Information, OfConstantAndEmptyColumns) {
  const std::vector<Index> constant(40, 0);
  const std::vector<Index> missing(40, Binning::kMissing);
  std::vector<Index> other;
  for (Index i = 0; i < 40; ++i) other.push_back(i % 7);
  EXPECT_EQ(mutual_information(ContingencyTable(1, 7, constant, other)), 0);
  EXPECT_EQ(mutual_information(ContingencyTable(7, 1, other, constant)), 0);
  EXPECT_TRUE(std::isnan(mutual_information(ContingencyTable(3, 7, missing, other))));
  EXPECT_TRUE(std::isnan(mutual_information(ContingencyTable())));
  // Columns that are independent in every count.
  const std::vector<Index> x{0, 0, 0, 1, 1, 1};
  const std::vector<Index> y{0, 1, 2, 0, 1, 2};
  EXPECT_EQ(mutual_information(ContingencyTable(2, 3, x, y)), 0);
}

// n·n_ij is near 2⁶⁸ here.
TEST(Information, OfLargeCounts) {
  const std::int64_t n = std::int64_t{1} << 34;
  EXPECT_TRUE(
      close(mutual_information(ContingencyTable::of_cells(2, 2, {{0, 0, n}, {1, 1, n}})), 1));
}

TEST(Information, InputIsChecked) {
  const Vector p{{0.5, 0.5}};
  EXPECT_EQ(error_message([] {
              entropy(Vector{{0.5, 0.25}});
            }),
            "DataError: P sums to 0.75; expected 1 within 1e-09");
  EXPECT_EQ(error_message([] { entropy(Vector()); }),
            "DataError: P has no entries; expected at least one");
  EXPECT_EQ(error_message([&] {
              cross_entropy(p, Vector{{0.5, 0.75}});
            }),
            "DataError: Q sums to 1.25; expected 1 within 1e-09");
  EXPECT_EQ(error_message([&] {
              kl_divergence(p, Vector{{1.5, -0.5}});
            }),
            "DataError: Q: entry 0 is 1.5; expected a probability in [0, 1]");
  EXPECT_EQ(error_message([&] { jensen_shannon_divergence(p, Vector{{1}}); }),
            "DataError: 2 entries of P for 1 entries of Q; expected equally many");
  EXPECT_EQ(error_message([] {
              mutual_information(Matrix{{0.5, 0.25}});
            }),
            "DataError: P(X, Y) sums to 0.75; expected 1 within 1e-09");
  EXPECT_EQ(error_message([] { conditional_entropy(Matrix(0, 0)); }),
            "DataError: P(X, Y) is a table of 0 x 0; expected at least one entry");
  for (const double base : {1.0, 0.5, 0.0, -2.0, kInfinity, std::nan("")}) {
    EXPECT_NE(error_message([&] { entropy(p, base); }), "no error") << base;
  }
  EXPECT_EQ(error_message([&] { entropy(p, 1); }),
            "DataError: logarithms to the base 1; expected a finite base above 1");
  EXPECT_NE(error_message([&] { kl_divergence(p, p, 1); }), "no error");
  EXPECT_NE(error_message([&] { mutual_information(Matrix{{1}}, 1); }), "no error");
  EXPECT_NE(error_message([&] { mutual_information(ContingencyTable(), 1); }), "no error");
}

}  // namespace
}  // namespace lockstep
