#include "core/linalg/distributed_svd.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/linalg/distributed_products.hpp"
#include "core/linalg/svd.hpp"
#include "core/linalg/tsqr.hpp"

namespace lockstep {

Vector singular_values(Team& team, const DistributedMatrix& X, int threads) {
  return singular_values(tsqr(team, X, threads));
}

DistributedSvd svd(Team& team, const DistributedMatrix& X, Index k, int threads) {
  const ThinQr factors = thin_qr(team, X, threads);
  const Index most = std::min(X.total_rows, X.columns);
  if (k < 1 || k > most) {
    throw DataError(fmt::format("svd: k must be from 1 to {} for a matrix of {}×{}, but is {}",
                                most, X.total_rows, X.columns, k));
  }
  const Svd of_r = truncated_svd(factors.R, k);
  return {multiply(factors.Q, of_r.U, threads), of_r.singular_values, of_r.V};
}

}  // namespace lockstep
