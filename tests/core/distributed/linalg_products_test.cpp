#include <gtest/gtest.h>

#include "core/linalg/distributed_products.hpp"
#include "core/linalg/tsqr.hpp"
#include "tests/core/distributed/matrices.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::gathered;
using test::normal_matrix;
using test::Share;
using test::share_of;

TEST(DistributedProducts, AreTheProductsOfTheWhole) {
  test::for_each_team({1, 3}, [](Team& team) {
    for (const Index rows : {1, 300, 2500}) {
      for (const Index columns : {1, 5, 40}) {
        const Matrix X = normal_matrix(rows, columns);
        const Matrix B = normal_matrix(columns, 17, 2);
        const Vector center = normal_matrix(columns, 1, 3).col(0);
        const Matrix centered = X.rowwise() - center.transpose();
        const RowBlocks blocks = tsqr_blocks(rows, columns);
        const DistributedMatrix mine = share_of(team, X, blocks);
        EXPECT_TRUE(close(gathered(team, multiply(mine, B)), X * B, 1e-14));
        const DistributedMatrix Y = multiply(mine, B, 1, center);
        EXPECT_TRUE(close(gathered(team, Y), centered * B, 1e-14));
        EXPECT_TRUE(close(transposed_multiply(team, mine, Y, blocks),
                          X.transpose() * gathered(team, Y), 1e-13));
        EXPECT_TRUE(close(transposed_multiply(team, mine, Y, blocks, 1, center),
                          centered.transpose() * gathered(team, Y), 1e-13));
      }
    }
  });
}

TEST(DistributedProducts, HaveTheSameBitsOnAnyRanksAndThreads) {
  const Matrix X = normal_matrix(5003, 21);
  const Matrix B = normal_matrix(21, 3, 2);
  const Vector center = normal_matrix(21, 1, 3).col(0);
  const RowBlocks blocks = tsqr_blocks(X.rows(), X.cols());
  Matrix Y;
  Matrix Z;
  test::for_each_thread_team({1}, [&](Team& team) {
    const DistributedMatrix product = multiply(share_of(team, X, blocks), B, 1, center);
    Y = gathered(team, product);
    Z = transposed_multiply(team, share_of(team, X, blocks), product, blocks, 1, center);
  });
  test::for_each_team({2, 3, 4, 7}, [&](Team& team) {
    for (const int threads : {1, 2}) {
      for (const Share share : {Share::even, Share::last}) {
        const DistributedMatrix mine = share_of(team, X, blocks, share);
        const DistributedMatrix product = multiply(mine, B, threads, center);
        EXPECT_EQ(gathered(team, product), Y);
        EXPECT_EQ(transposed_multiply(team, mine, product, blocks, threads, center), Z);
      }
    }
  });
}

TEST(DistributedProducts, ARowIsTheSameAlone) {
  test::for_each_team({1}, [](Team& team) {
    const Matrix X = normal_matrix(700, 21);
    const Matrix B = normal_matrix(21, 3, 2);
    const RowBlocks blocks = tsqr_blocks(700, 21);
    const Matrix Y = gathered(team, multiply(share_of(team, X, blocks), B));
    for (const Index i : {0, 255, 256, 699}) {
      const Matrix row = X.row(i);
      EXPECT_EQ(gathered(team, multiply(share_of(team, row, tsqr_blocks(1, 21)), B)), Y.row(i));
    }
  });
}

}  // namespace
}  // namespace lockstep
