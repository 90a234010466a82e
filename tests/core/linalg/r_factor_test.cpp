#include "core/linalg/r_factor.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.hpp"
#include "core/kernel/product.hpp"
#include "core/linalg/qr.hpp"
#include "core/linalg/signs.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

RowMajorMatrix numbers(Index rows, Index columns) {
  RowMajorMatrix X(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    RandomSequence draws(RandomStream(3, Purpose::synthetic), static_cast<std::uint64_t>(i));
    for (Index j = 0; j < columns; ++j) X(i, j) = draws.uniform(-1, 1);
  }
  return X;
}

RFactor factor_of(const RowMajorMatrix& X) {
  RFactor factor(X.cols());
  factor.absorb(X.data(), X.rows(), {}, Vector::Ones(X.cols()));
  return factor;
}

Matrix unsigned_r(const RFactor& factor) {
  Matrix R = factor.matrix();
  fix_signs_of_r(R);
  return R;
}

TEST(RFactor, HandComputed) {
  // The columns (3, 4) and (1, 2): lengths 5 and √5, inner product 11.
  const Matrix R = unsigned_r(factor_of(RowMajorMatrix{{3, 1}, {4, 2}}));
  EXPECT_TRUE(test::close(R, Matrix{{5, 2.2}, {0, 0.4}}, 1e-15));
}

TEST(RFactor, IsTheROfTheRows) {
  for (const Index columns : {1, 2, 15, 16, 17, 33, 128}) {
    for (const Index rows : {columns, columns + 1, Index{256}, Index{257}, Index{1003}}) {
      const RowMajorMatrix X = numbers(rows, columns);
      EXPECT_TRUE(test::close(unsigned_r(factor_of(X)), qr(X).R, 1e-13)) << rows << "×" << columns;
    }
  }
}

TEST(RFactor, OfFewerRowsThanColumnsKeepsTheGramMatrix) {
  const RowMajorMatrix X = numbers(5, 20);
  const Matrix R = factor_of(X).matrix();
  EXPECT_TRUE(test::close(R.transpose() * R, X.transpose() * X, 1e-14));
}

TEST(RFactor, StackedIsTheROfAllRows) {
  for (const Index columns : {1, 16, 21, 128}) {
    const RowMajorMatrix X = numbers(900, columns);
    const RFactor stacked =
        RFactor::stacked(factor_of(X.topRows(400)), factor_of(X.bottomRows(500)));
    EXPECT_TRUE(test::close(unsigned_r(stacked), qr(X).R, 1e-13)) << columns;
  }
}

TEST(RFactor, NothingIsStackedOnNothing) {
  const RFactor some = factor_of(numbers(40, 3));
  EXPECT_EQ(RFactor::stacked(some, {}).matrix(), some.matrix());
  EXPECT_EQ(RFactor::stacked({}, some).matrix(), some.matrix());
  EXPECT_EQ(RFactor::stacked({}, {}).columns(), 0);
}

TEST(RFactor, CentresThenScales) {
  const RowMajorMatrix X = numbers(300, 3);
  const Vector center{{0.5, -1, 2}};
  const Vector scales{{4, 0.5, 1}};
  RFactor factor(3);
  factor.absorb(X.data(), X.rows(), center, scales);
  const RowMajorMatrix expected = (X.rowwise() - center.transpose()) * scales.asDiagonal();
  EXPECT_EQ(factor.matrix(), factor_of(expected).matrix());
}

// A leaf whose part of a column is tiny must not disturb the columns behind it.
TEST(RFactor, TinyColumnsCountAsZero) {
  for (const double tiny : {0.0, 1e-140, 1e-154, 1e-160, 1e-300}) {
    RowMajorMatrix X = numbers(300, 3);
    X.col(1) *= tiny;
    const Matrix R = factor_of(X).matrix();
    EXPECT_TRUE(test::close(R.transpose() * R, X.transpose() * X, 1e-14)) << tiny;
  }
}

TEST(RFactor, TravelsUnchanged) {
  for (const Index columns : {0, 1, 16, 17, 128}) {
    const RFactor factor = factor_of(numbers(200, columns));
    const Bytes bytes = FoldCodec<RFactor>::encode(factor);
    EXPECT_EQ(bytes.size(), static_cast<std::size_t>(4 * columns * (columns + 1)));
    const RFactor decoded = FoldCodec<RFactor>::decode(bytes);
    EXPECT_EQ(decoded.columns(), columns);
    EXPECT_EQ(decoded.matrix(), factor.matrix());
  }
}

TEST(RFactor, HasTheSameBitsOnEveryInstructionSet) {
  const RowMajorMatrix X = numbers(1003, 37);
  const kernel::InstructionSet used = kernel::instruction_set();
  const Matrix R = factor_of(X).matrix();
  for (const kernel::InstructionSet set : kernel::available_instruction_sets()) {
    kernel::use_instruction_set(set);
    EXPECT_EQ(factor_of(X).matrix(), R) << kernel::name_of(set);
  }
  kernel::use_instruction_set(used);
}

}  // namespace
}  // namespace lockstep
