#include "comm/affinity.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep::comm {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// "0-3,8" → 4 + 1. 0 for an empty or unreadable list.
int count_of_list(const std::string& list) {
  int count = 0;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string item = list.substr(at, end - at);
    const std::size_t dash = item.find('-');
    const int first = std::atoi(item.c_str());
    const int last = dash == std::string::npos ? first : std::atoi(item.c_str() + dash + 1);
    count += std::max(0, last - first + 1);
    at = end + 1;
  }
  return count;
}

/// CPUs that the control group of this process leaves it, as cgroup v2 states them; 0 if unknown.
int cpus_of_control_group() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.rfind("0::", 0) != 0) continue;
    std::string group = line.substr(3);
    while (true) {  // a group without the controller inherits from those above it
      const std::string list = first_line("/sys/fs/cgroup" + group + "/cpuset.cpus.effective");
      if (const int count = count_of_list(list); count > 0) return count;
      const std::size_t slash = group.rfind('/');
      if (slash == std::string::npos) return 0;
      group.resize(slash);
    }
  }
  return 0;
}

/// Hardware threads per core, by the first CPU's siblings.
int threads_per_core(int cpu) {
  const std::string siblings =
      first_line(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
  return std::max(1, count_of_list(siblings));
}

/// CPUs of this node that the job may use: those online, less what a batch system or a container
/// withholds. The affinity mask does not tell, because mpirun narrows it.
int usable_cpus() {
  int count = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  if (const int group = cpus_of_control_group(); group > 0) count = std::min(count, group);
  if (const char* slurm = std::getenv("SLURM_CPUS_ON_NODE"); slurm != nullptr) {
    if (const int allotted = std::atoi(slurm); allotted > 0) count = std::min(count, allotted);
  }
  return std::max(1, count);
}

bool share_a_cpu(const RankPlace& a, const RankPlace& b) {
  if (a.node != b.node) return false;
  return std::find_first_of(a.cpus.begin(), a.cpus.end(), b.cpus.begin(), b.cpus.end()) !=
         a.cpus.end();
}

/// @param node  a rank of the node
std::string advice_for_node(const std::vector<RankPlace>& places, const RankPlace& node) {
  std::set<int> cpus;
  int count = 0;
  int threads = 0;
  for (const RankPlace& place : places) {
    if (place.node != node.node) continue;
    ++count;
    threads += place.threads;
    cpus.insert(place.cpus.begin(), place.cpus.end());
  }
  const auto bound = static_cast<int>(cpus.size());
  const int cores = std::max(1, node.node_cpus / node.cpus_per_core);
  const int cores_per_rank = cores / count;
  const auto plural = [](int n) { return n == 1 ? "" : "s"; };
  if (2 * bound < node.node_cpus && cores_per_rank > 0) {
    return fmt::format(
        "{} rank{} on {} may use {} of {} CPUs: start with mpirun --map-by "
        "slot:PE={}",
        count, plural(count), node.host, bound, node.node_cpus, cores_per_rank);
  }
  if (threads <= bound) return {};
  const std::string found =
      fmt::format("{} threads run on {} CPU{} of {}", threads, bound, plural(bound), node.host);
  if (cores_per_rank == 0) {
    return fmt::format("{}: start at most {} rank{} there{}", found, cores, plural(cores),
                       threads > count ? ", or set run.threads = 1" : "");
  }
  return fmt::format("{}: start with mpirun --map-by slot:PE={}, or set run.threads = {}", found,
                     cores_per_rank, std::max(1, bound / count));
}

}  // namespace

std::vector<int> allowed_cpus() {
  // The kernel refuses a mask that is narrower than its own, so the set grows until it fits.
  for (int width = 1024; width <= (1 << 20); width *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(
        CPU_ALLOC(static_cast<std::size_t>(width)), [](cpu_set_t* set) { CPU_FREE(set); });
    if (mask == nullptr) throw std::bad_alloc();
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(width));
    if (sched_getaffinity(0, bytes, mask.get()) != 0) {
      if (errno == EINVAL) continue;
      break;
    }
    std::vector<int> cpus;
    for (int cpu = 0; cpu < width; ++cpu) {
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, mask.get())) cpus.push_back(cpu);
    }
    return cpus;
  }
  throw MpiError(fmt::format("cannot read the affinity mask: {}", std::strerror(errno)));
}

RankPlace place_of_this_rank(int threads) {
  RankPlace place;
  place.host = host_name();
  place.node = first_line("/proc/sys/kernel/random/boot_id");
  if (place.node.empty()) place.node = place.host;
  place.cpus = allowed_cpus();
  place.node_cpus = usable_cpus();
  place.cpus_per_core = threads_per_core(place.cpus.front());
  place.threads = threads;
  return place;
}

std::vector<RankPlace> gather_places(Team& team, const RankPlace& mine) {
  const auto message = nlohmann::json::array(
      {mine.node, mine.host, mine.cpus, mine.node_cpus, mine.cpus_per_core, mine.threads});
  constexpr auto kReplace =
      nlohmann::json::error_handler_t::replace;  // host names may be any bytes
  std::vector<RankPlace> places;
  for (const std::string& text : all_gather_text(team, message.dump(-1, ' ', false, kReplace))) {
    const auto fields = nlohmann::json::parse(text);
    RankPlace place;
    fields.at(0).get_to(place.node);
    fields.at(1).get_to(place.host);
    fields.at(2).get_to(place.cpus);
    fields.at(3).get_to(place.node_cpus);
    fields.at(4).get_to(place.cpus_per_core);
    fields.at(5).get_to(place.threads);
    places.push_back(std::move(place));
  }
  return places;
}

int shared_threads(const std::vector<RankPlace>& places, int rank) {
  const RankPlace& mine = places[static_cast<std::size_t>(rank)];
  int sharing = 1;
  for (const RankPlace& other : places) {
    if (&other != &mine && share_a_cpu(mine, other)) ++sharing;
  }
  return std::max(1, static_cast<int>(mine.cpus.size()) / sharing);
}

int default_threads(Team& team) {
  return shared_threads(gather_places(team, place_of_this_rank(0)), team.rank());
}

std::string launch_advice(const std::vector<RankPlace>& places) {
  std::set<std::string> seen;
  for (const RankPlace& place : places) {
    if (!seen.insert(place.node).second) continue;
    if (std::string advice = advice_for_node(places, place); !advice.empty()) return advice;
  }
  return {};
}

std::string launch_advice(Team& team, int threads) {
  return launch_advice(gather_places(team, place_of_this_rank(threads)));
}

}  // namespace lockstep::comm
