#include "comm/environment.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "comm/thread_transport.hpp"
#include "core/base/error.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::comm {
namespace {

void initialize_mpi() {
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  if (provided < MPI_THREAD_FUNNELED) {
    throw MpiError("this MPI library does not support threads (MPI_THREAD_FUNNELED)");
  }
}

/// One line: some libraries append how they were configured.
std::string mpi_library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_mpi(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string version(text.data(), static_cast<std::size_t>(length));
  return version.substr(0, version.find('\n'));
}

}  // namespace

bool started_by_launcher(const std::function<const char*(const char*)>& variable) {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"}) {
    if (variable(name) != nullptr) return true;
  }
  const char* tasks = variable("SLURM_STEP_NUM_TASKS");
  if (variable("SLURM_PROCID") != nullptr && tasks != nullptr && std::atoi(tasks) > 1) {
    throw MpiError(fmt::format(
        "srun started {} tasks without MPI support (PMIX_RANK and PMI_RANK are not set): start "
        "with srun --mpi=pmix, or with mpirun",
        tasks));
  }
  return false;
}

Environment::Environment() {
  if (started_by_launcher([](const char* name) { return std::getenv(name); })) {
    initialize_mpi();
    auto mpi = std::make_unique<MpiTransport>();
    mpi_ = mpi.get();
    transport_ = std::move(mpi);
    hosts_ = mpi_->hosts();
    uses_mpi_ = true;
    rank_ = mpi_->rank();
    size_ = mpi_->size();
    library_version_ = mpi_library_version();
  } else {
    transport_ = std::move(make_thread_transports(1).front());
    hosts_ = {host_name()};
    library_version_ = "none (one process)";
  }
}

Environment::~Environment() {
  if (mpi_ == nullptr) return;
  if (mpi_->failed()) mpi_->abort(static_cast<int>(ExitCode::system));
  transport_.reset();
  MPI_Finalize();
}

void Environment::finalize() {
  if (transport_ == nullptr) return;
  mpi_ = nullptr;
  transport_.reset();
  if (uses_mpi_) check_mpi(MPI_Finalize(), "MPI_Finalize");
}

}  // namespace lockstep::comm
