#include "tests/support/reference.hpp"

#include <cmath>
#include <fstream>
#include <limits>

namespace lockstep::test {

nlohmann::json reference_in(const std::string& folder) {
  const std::string path =
      std::string(LOCKSTEP_SOURCE_DIR) + "/tests/" + folder + "/reference.json";
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  return nlohmann::json::parse(file);
}

nlohmann::json reference(const std::string& room) { return reference_in("core/" + room); }

double number_of(const nlohmann::json& json) {
  if (json.is_number()) return json.get<double>();
  const auto text = json.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  throw std::runtime_error("reference.json: no number: " + text);
}

Vector vector_of(const nlohmann::json& json) {
  Vector vector(static_cast<Index>(json.size()));
  for (std::size_t i = 0; i < json.size(); ++i) {
    vector[static_cast<Index>(i)] = number_of(json[i]);
  }
  return vector;
}

Matrix matrix_of(const nlohmann::json& json) {
  const std::size_t columns = json.empty() ? 0 : json[0].size();
  Matrix matrix(static_cast<Index>(json.size()), static_cast<Index>(columns));
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i].size() != columns) throw std::runtime_error("reference.json: ragged matrix");
    matrix.row(static_cast<Index>(i)) = vector_of(json[i]).transpose();
  }
  return matrix;
}

::testing::AssertionResult close(double actual, double expected, double tolerance, double unit) {
  if (std::isnan(expected) ? std::isnan(actual) : actual == expected) {
    return ::testing::AssertionSuccess();
  }
  const double error = std::fabs(actual - expected);
  const double scale = std::max(std::fabs(expected), unit);
  if (std::isfinite(expected) && error <= tolerance * scale) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << ::testing::PrintToString(actual) << " is not " << ::testing::PrintToString(expected)
         << ": off by " << error / scale << " of " << scale << ", " << tolerance << " allowed";
}

::testing::AssertionResult close(const MatrixRef& actual, const MatrixRef& expected,
                                 double tolerance, double unit) {
  if (actual.rows() != expected.rows() || actual.cols() != expected.cols()) {
    return ::testing::AssertionFailure() << actual.rows() << "×" << actual.cols() << " instead of "
                                         << expected.rows() << "×" << expected.cols();
  }
  if (unit == 0 && expected.size() > 0) unit = expected.cwiseAbs().maxCoeff();
  for (Index j = 0; j < expected.cols(); ++j) {
    for (Index i = 0; i < expected.rows(); ++i) {
      auto result = close(actual(i, j), expected(i, j), tolerance, unit);
      if (!result) return result << " at (" << i << ", " << j << ")";
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace lockstep::test
