#pragma once

#include <functional>
#include <string>

#include "core/base/error.hpp"

namespace lockstep::test {

/// What the DataError or NumericalError of `action` says, behind its name; "no error" without one.
inline std::string error_message(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return std::string("DataError: ") + error.what();
  } catch (const NumericalError& error) {
    return std::string("NumericalError: ") + error.what();
  }
  return "no error";
}

}  // namespace lockstep::test
