#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/linalg/matrix.hpp"

namespace lockstep::test {

/// The numbers that make_reference.py in a folder of tests/ computed with numpy, scipy,
/// scikit-learn, statsmodels or PyTorch and wrote to reference.json beside it.
nlohmann::json reference_in(const std::string& folder);
/// Those of tests/core/ROOM.
nlohmann::json reference(const std::string& room);

/// A number; JSON has none for "nan", "inf" and "-inf", which are texts there.
double number_of(const nlohmann::json& json);
/// A list of numbers.
Vector vector_of(const nlohmann::json& json);
/// A list of rows, all of one length.
Matrix matrix_of(const nlohmann::json& json);

/// |actual − expected| ≤ tolerance·max(|expected|, unit); NaN is close to NaN, ∞ to ∞. `unit` is
/// the size of what the numbers were computed from, where they cancel. Matrices and vectors also
/// compare their shapes, and their largest entry is the unit when none is given.
::testing::AssertionResult close(double actual, double expected, double tolerance = 1e-12,
                                 double unit = 0);
::testing::AssertionResult close(const MatrixRef& actual, const MatrixRef& expected,
                                 double tolerance = 1e-12, double unit = 0);

}  // namespace lockstep::test
