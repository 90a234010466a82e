# What every target is compiled with. The flags that decide bits are in lockstep_flags alone.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# One binary for a mixed cluster: x86-64-v3 everywhere, wider registers chosen at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(LOCKSTEP_X86_64 ON)
  set(LOCKSTEP_ARCH "x86-64-v3" CACHE STRING "Value of -march; empty for the compiler's baseline")
else()
  set(LOCKSTEP_ARCH "" CACHE STRING "Value of -march; empty for the compiler's baseline")
endif()
option(LOCKSTEP_WERROR "Treat warnings as errors" OFF)

add_library(lockstep_flags INTERFACE)
# -ffp-contract=off: a contracted a*b+c depends on the caller it is inlined into. Where a fused
# multiply-add is meant, the code says std::fma.
target_compile_options(lockstep_flags INTERFACE
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  $<$<BOOL:${LOCKSTEP_ARCH}>:-march=${LOCKSTEP_ARCH}>
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference -Wundef
  # A false alarm of GCC 12 in std::string's operator+ (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${LOCKSTEP_WERROR}>:-Werror>)

# For sources where GCC 12 sees null pointers in inlined library code: nlohmann's json, mostly.
set(LOCKSTEP_NO_NULL_ALARMS $<$<CXX_COMPILER_ID:GNU>:-Wno-null-dereference>)
string(REPLACE "-O2" "-O3" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
