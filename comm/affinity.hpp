#pragma once

#include <string>
#include <vector>

#include "core/parallel/team.hpp"

namespace lockstep::comm {

/// What the default number of threads follows from: one rank's place on its node.
struct RankPlace {
  std::string node;       ///< the same for ranks under one kernel, which numbers the CPUs
  std::string host;       ///< its name, for messages
  std::vector<int> cpus;  ///< the CPUs that this process may run on, ascending
  int node_cpus = 1;      ///< CPUs of the node that the job may use, bound or not
  int cpus_per_core = 1;  ///< hardware threads of a core
  int threads = 0;        ///< that the rank runs; 0 while undecided
};

/// This process's affinity mask as CPU numbers, ascending. Throws MpiError.
std::vector<int> allowed_cpus();

/// The place of this rank, with `threads` as given.
RankPlace place_of_this_rank(int threads);

/// The places of all ranks, in rank order. *Collective*; sends some hundred bytes a rank.
std::vector<RankPlace> gather_places(Team& team, const RankPlace& mine);

/// Threads of a rank that was not told how many: the CPUs of its mask divided by the ranks of its
/// node whose masks share a CPU with it; at least 1.
int shared_threads(const std::vector<RankPlace>& places, int rank);

/// shared_threads of this rank. *Collective*.
int default_threads(Team& team);

/// What is wrong with how the ranks were started, and the `mpirun` option that mends it: a node
/// whose ranks are bound to less than half of its CPUs, or that runs more threads than the ranks'
/// masks have CPUs. One line for the first such node, or "" when all is well.
std::string launch_advice(const std::vector<RankPlace>& places);

/// launch_advice for a team whose ranks run `threads` threads each, the same text on all ranks.
/// *Collective*.
std::string launch_advice(Team& team, int threads);

}  // namespace lockstep::comm
