#pragma once

#include <string>

#include "core/base/error.hpp"

namespace lockstep::test {

/// The message of the DataError that `call` throws.
template <class Call>
std::string data_error(const Call& call) {
  try {
    call();
  } catch (const DataError& error) {
    return error.what();
  }
  return "(no DataError)";
}

}  // namespace lockstep::test
