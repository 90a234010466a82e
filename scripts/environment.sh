# Sourced by the other scripts: where the project is, and what Open MPI needs on a laptop or in a
# container. Sets lockstep_root and changes into it.

lockstep_root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$lockstep_root"

# Open MPI refuses to run as root, which is what one is in a container, unless both are set.
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# Containers often forbid process_vm_readv, with which ranks of one machine copy long messages;
# Open MPI then complains at every one of them. A run of these scripts does not notice the cost.
export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}

# How many compilers may run at once: one a core, each with 1.5 GB of memory that is free.
build_jobs() {
  local cores memory_jobs
  cores=$(nproc)
  memory_jobs=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  if [ "${memory_jobs:-1}" -lt 1 ]; then memory_jobs=1; fi
  if [ "$cores" -lt "${memory_jobs:-1}" ]; then echo "$cores"; else echo "${memory_jobs:-1}"; fi
}
