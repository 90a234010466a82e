#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comm/mpi_transport.hpp"
#include "comm/transport.hpp"

namespace lockstep::comm {

/// Whether a launcher (mpirun, or srun with MPI support) started this process, by the environment
/// variables that launchers set: Open MPI's, PMIx's, PMI's.
/// @param variable  the value of an environment variable, or nullptr: std::getenv
/// Throws MpiError when srun started several tasks without MPI support: each of them would take
/// itself for the whole run.
bool started_by_launcher(const std::function<const char*(const char*)>& variable);

/// A run's place in the world, from the first line of main to the last: MPI between MPI_Init_thread
/// and MPI_Finalize, or, for a program started without a launcher, one rank without touching MPI.
///
/// Only one thread of a rank may communicate (MPI_THREAD_FUNNELED).
class Environment {
 public:
  /// *Collective*. Throws MpiError.
  Environment();
  /// Finalises, unless finalize() did; after a failed wait that would hang, so the run is aborted.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment(Environment&&) = delete;
  Environment& operator=(const Environment&) = delete;
  Environment& operator=(Environment&&) = delete;

  Transport& transport() { return *transport_; }
  int rank() const { return rank_; }
  int size() const { return size_; }
  const std::vector<std::string>& hosts() const { return hosts_; }  ///< of all ranks
  bool uses_mpi() const { return uses_mpi_; }
  /// "Open MPI v4.1.4, package: …", or "none (one process)".
  const std::string& library_version() const { return library_version_; }

  /// Ends communication in good order; no rank may use the transport afterwards. *Collective*.
  void finalize();

 private:
  std::unique_ptr<Transport> transport_;
  MpiTransport* mpi_ = nullptr;  // transport_, when that is MPI's
  bool uses_mpi_ = false;
  std::vector<std::string> hosts_;
  int rank_ = 0;
  int size_ = 1;
  std::string library_version_;
};

}  // namespace lockstep::comm
