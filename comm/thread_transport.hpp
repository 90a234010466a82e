#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "comm/transport.hpp"

namespace lockstep::comm {

/// Transports of P ranks that are threads of this process; element r belongs to rank r, and each
/// may be used by another thread. A rank whose transport is destroyed is gone: who waits for a
/// message from it that was never sent gets an MpiError instead of waiting. P ≥ 1.
///
/// Sending copies the message and completes at once. abort() ends the process.
std::vector<std::unique_ptr<Transport>> make_thread_transports(int ranks);

/// Runs `work` on P ranks, rank 0 on this thread and each of the others on its own, and returns
/// when all have ended. When ranks threw, the exception that was thrown first is rethrown; the
/// others learn that the rank is gone.
void run_ranks(int ranks, const std::function<void(Transport&)>& work);

}  // namespace lockstep::comm
