#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/partition.hpp"
#include "core/model/naive_bayes.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// This rank's whole blocks of a table that `cell(row, column)` and `label(row)` give.
template <class Cell, class Label>
Table table_of(Team& team, Index rows, std::vector<ColumnType> types, Index columns, Index classes,
               const Cell& cell, const Label& label) {
  const auto boundaries = NaiveBayes::blocks(rows, classes).row_boundaries(team.size());
  const auto rank = static_cast<std::size_t>(team.rank());
  Table table;
  table.rows = {boundaries[rank], boundaries[rank + 1]};
  table.total_rows = rows;
  table.features = columns;
  table.feature_types = std::move(types);
  table.target_kind = TargetKind::classes;
  for (Index y = 0; y < classes; ++y) table.class_names.push_back(std::to_string(y));
  Table::NumberValues values;
  for (Index i = table.rows.begin; i < table.rows.end; ++i) {
    for (Index j = 0; j < columns; ++j) values.push_back(cell(i, j));
    table.target.push_back(label(i));
  }
  table.values = values;
  for (Index j = 0; j < columns; ++j) table.feature_names.push_back(fmt::format("c{}", j));
  table.target_names = {"y"};
  return table;
}

ColumnType categories(Index count) {
  ColumnType type{ColumnKind::category};
  for (Index c = 0; c < count; ++c)
    type.categories.push_back(std::string(1, static_cast<char>('a' + c)));
  return type;
}

Matrix scores_of(const NaiveBayes& model, const Matrix& rows) {
  Matrix scores(rows.rows(), model.classes());
  std::vector<double> row(static_cast<std::size_t>(rows.cols()));
  std::vector<double> of_row(static_cast<std::size_t>(model.classes()));
  for (Index i = 0; i < rows.rows(); ++i) {
    for (Index j = 0; j < rows.cols(); ++j) row[static_cast<std::size_t>(j)] = rows(i, j);
    model.score(row.data(), of_row.data());
    for (Index k = 0; k < model.classes(); ++k) scores(i, k) = of_row[static_cast<std::size_t>(k)];
  }
  return scores;
}

Matrix by_class(const std::vector<double>& values, Index classes) {
  return Eigen::Map<const RowMajorMatrix>(values.data(),
                                          static_cast<Index>(values.size()) / classes, classes);
}

class NaiveBayesReference : public ::testing::Test {
 protected:
  NaiveBayes fit(Team& team, const Matrix& rows, std::vector<ColumnType> types,
                 const NaiveBayesOptions& options) const {
    const auto cell = [&](Index i, Index j) { return rows(i, j); };
    const auto label = [&](Index i) { return labels_[i]; };
    const Table table = table_of(team, rows.rows(), std::move(types), rows.cols(), 3, cell, label);
    return NaiveBayes::fit(team, table, options, 1);
  }

  const nlohmann::json reference_ = test::reference("model");
  const Matrix numbers_ = test::matrix_of(reference_["numbers"]);
  const Matrix categories_ = test::matrix_of(reference_["categories"]);
  const Vector labels_ = test::vector_of(reference_["y"]);
};

TEST_F(NaiveBayesReference, OfNumbersIsThatOfScikitLearn) {
  test::for_each_thread_team({1, 3}, [&](Team& team) {
    const NaiveBayes model = fit(team, numbers_, {}, {});
    EXPECT_TRUE(test::close(by_class(model.parameters().mean, 3),
                            test::matrix_of(reference_["gaussian_mean"])));
    for (Index j = 0; j < 3; ++j) {  // columns of very different sizes
      EXPECT_TRUE(test::close(by_class(model.parameters().variance, 3).row(j),
                              test::matrix_of(reference_["gaussian_variance"]).row(j)));
    }
    EXPECT_TRUE(
        test::close(scores_of(model, numbers_), test::matrix_of(reference_["gaussian_scores"])));
  });
}

TEST_F(NaiveBayesReference, OfCategoriesIsThatOfScikitLearn) {
  test::for_each_thread_team({1, 3}, [&](Team& team) {
    const NaiveBayes model = fit(team, categories_, {categories(4), categories(2)}, {0.5, 1e-9});
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_TRUE(test::close(by_class(model.parameters().log_probability[j], 3),
                              test::matrix_of(reference_["categorical_log_probability"][j])));
    }
    EXPECT_TRUE(test::close(scores_of(model, categories_),
                            test::matrix_of(reference_["categorical_scores"])));
  });
}

TEST_F(NaiveBayesReference, OfBothCountsThePriorOnce) {
  Matrix rows(numbers_.rows(), 5);
  rows << categories_.col(0), numbers_, categories_.col(1);
  test::for_each_thread_team({1}, [&](Team& team) {
    const NaiveBayes model =
        fit(team, rows, {categories(4), {}, {}, {}, categories(2)}, {0.5, 1e-9});
    EXPECT_TRUE(test::close(scores_of(model, rows), test::matrix_of(reference_["mixed_scores"])));
  });
}

/// A column of numbers and one of categories, both with gaps.
double cell_at(Index i, Index j) {
  if ((i * 7 + j) % 11 == 0) return kMissing;
  return j == 0 ? 0.1 * static_cast<double>(i * 7919 % 1009) : static_cast<double>(i % 3);
}
double label_at(Index i) { return static_cast<double>(i * i % 7 % 3); }

TEST(NaiveBayesOverRanks, HasTheSameBits) {
  constexpr Index kRows = 1003;
  const std::vector<ColumnType> types{{}, categories(3)};
  NaiveBayes::Parameters expected;
  test::for_each_thread_team({1}, [&](Team& team) {
    const Table table = table_of(team, kRows, types, 2, 3, cell_at, label_at);
    expected = NaiveBayes::fit(team, table, {}, 1).parameters();
  });
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    const Table table = table_of(team, kRows, types, 2, 3, cell_at, label_at);
    for (const int threads : {1, 2}) {
      const NaiveBayes model = NaiveBayes::fit(team, table, {}, threads);
      EXPECT_EQ(model.parameters().log_prior, expected.log_prior);
      EXPECT_EQ(model.parameters().mean, expected.mean);
      EXPECT_EQ(model.parameters().variance, expected.variance);
      EXPECT_EQ(model.parameters().log_probability, expected.log_probability);
    }
  });
}

TEST(NaiveBayesOverRanks, LeavesMissingCellsOut) {
  test::for_each_thread_team({1, 2}, [](Team& team) {
    const std::vector<ColumnType> types{{}, categories(3)};
    const Table table = table_of(team, 600, types, 2, 3, cell_at, label_at);
    const NaiveBayes model = NaiveBayes::fit(team, table, {}, 1);
    for (Index y = 0; y < 3; ++y) {
      double sum = 0;
      double squares = 0;
      double n = 0;
      for (Index i = 0; i < 600; ++i) {
        if (label_at(i) != static_cast<double>(y) || std::isnan(cell_at(i, 0))) continue;
        sum += cell_at(i, 0);
        squares += cell_at(i, 0) * cell_at(i, 0);
        ++n;
      }
      const auto k = static_cast<std::size_t>(y);
      EXPECT_TRUE(test::close(model.parameters().mean[k], sum / n));
      EXPECT_NEAR(model.parameters().variance[k], squares / n - sum / n * sum / n, 1e-5);
      double probabilities = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        probabilities += std::exp(model.parameters().log_probability[0][3 * c + k]);
      }
      EXPECT_TRUE(test::close(probabilities, 1));
    }
    // Nothing but the prior is known of a row without cells.
    Matrix nothing(1, 2);
    nothing << kMissing, kMissing;
    EXPECT_EQ(scores_of(model, nothing).row(0).transpose(),
              Eigen::Map<const Vector>(model.parameters().log_prior.data(), 3));
  });
}

TEST(NaiveBayesOverRanks, AConstantColumnAndAClassWithoutCellsAreFinite) {
  test::for_each_thread_team({1, 2}, [](Team& team) {
    // Column 0 is constant; class 2 has no cell of column 1, which nobody has in column 2.
    const auto cell = [](Index i, Index j) {
      if (j == 0) return 4.0;
      if (j == 2 || i % 3 == 2) return kMissing;
      return static_cast<double>(i % 7);
    };
    const auto label = [](Index i) { return static_cast<double>(i % 3); };
    const Table table = table_of(team, 42, std::vector<ColumnType>(3), 3, 3, cell, label);
    const NaiveBayes model = NaiveBayes::fit(team, table, {}, 1);
    const NaiveBayes::Parameters& p = model.parameters();
    EXPECT_EQ(p.mean[0], 4);
    EXPECT_EQ(p.mean[5], 3);  // of both other classes: 0 … 6, evenly
    EXPECT_EQ(p.variance[5], 4 + 4e-9);
    EXPECT_EQ(p.mean[8], 0);
    Matrix row(1, 3);
    row << 5, 1, 2;
    const Matrix scores = scores_of(model, row);
    for (Index y = 0; y < 3; ++y) EXPECT_TRUE(std::isfinite(scores(0, y)));
  });
}

TEST(NaiveBayesOverRanks, CountsEveryRowOfManyCategoriesOnce) {
  // More counts than cells of some ranks, and fewer than those of others.
  constexpr Index kRows = 1003;
  const auto cell = [](Index i, Index) { return static_cast<double>(i * 7 % 20); };
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    const Table table = table_of(team, kRows, {categories(20)}, 1, 3, cell, label_at);
    for (const int threads : {1, 2, 5}) {
      const NaiveBayes model = NaiveBayes::fit(team, table, {}, threads);
      for (std::size_t y = 0; y < 3; ++y) {
        for (std::size_t c = 0; c < 20; ++c) {
          double both = 0;
          double of_class = 0;
          for (Index i = 0; i < kRows; ++i) {
            if (label_at(i) != static_cast<double>(y)) continue;
            ++of_class;
            if (cell(i, 0) == static_cast<double>(c)) ++both;
          }
          EXPECT_TRUE(test::close(model.parameters().log_probability[0][3 * c + y],
                                  std::log((both + 1) / (of_class + 20))));
        }
      }
    }
  });
}

/// What every rank says of a table whose only column is `cell`, with two classes in turn.
void expect_error(const std::function<double(Index)>& cell, const std::string& message) {
  test::for_each_team({1, 3}, [&](Team& team) {
    const auto of_row = [&](Index i, Index) { return cell(i); };
    const auto label = [](Index i) { return static_cast<double>(i % 2); };
    const Table table = table_of(team, 600, {}, 1, 2, of_row, label);
    try {
      NaiveBayes::fit(team, table, {}, 1);
      ADD_FAILURE() << "no error";
    } catch (const DataError& e) {
      EXPECT_EQ(e.what(), message);
    }
  });
}

TEST(NaiveBayesOverRanks, RefusesVariancesThatOverflow) {
  expect_error(
      [](Index i) {
        if (i % 2 == 0) return 1.0;
        return i % 4 == 1 ? 1e200 : -1e200;
      },
      "column 'c0': values of class '1' are too large for naive_bayes (their variance overflows)");
  expect_error([](Index i) { return i % 4 < 2 ? 1.7e308 : -1.7e308; },
               "column 'c0': values of class '0' are too large for naive_bayes (their variance "
               "overflows)");
  // Only over both classes.
  expect_error([](Index i) { return i % 2 == 0 ? 1e200 : -1e200; },
               "column 'c0': values are too large for naive_bayes (their variance overflows)");
}

TEST(NaiveBayesOverRanks, RefusesAClassWithoutRows) {
  test::for_each_team({1, 3}, [](Team& team) {
    const auto label = [](Index i) { return static_cast<double>(i % 2); };
    const Table table = table_of(team, 600, {}, 1, 3, cell_at, label);
    try {
      NaiveBayes::fit(team, table, {}, 1);
      ADD_FAILURE() << "no error";
    } catch (const DataError& e) {
      EXPECT_STREQ(e.what(), "target 'y': class '2' has no rows; naive_bayes needs some of each");
    }
  });
}

TEST(NaiveBayesOverRanks, ParametersAreFiniteAtTheEndsOfTheScale) {
  for (const double scale : {0.0, 5e-324, 1e-170, 1e-153, 1.0, 1e150}) {
    for (const NaiveBayesOptions& options :
         {NaiveBayesOptions{1e-10, 1e-15}, NaiveBayesOptions{1e10, 1}}) {
      test::for_each_thread_team({1}, [&](Team& team) {
        const auto cell = [&](Index i, Index j) {
          return j == 0 ? scale * static_cast<double>(i % 5) : static_cast<double>(i % 2);
        };
        const auto label = [](Index i) { return static_cast<double>(i % 2); };
        const Table table = table_of(team, 600, {{}, categories(2)}, 2, 2, cell, label);
        const NaiveBayes model = NaiveBayes::fit(team, table, options, 1);
        for (const double variance : model.parameters().variance) {
          EXPECT_GE(variance, NaiveBayes::kSmallestVariance) << scale;
          EXPECT_LE(variance, NaiveBayes::kLargestVariance) << scale;
        }
        for (const double value : model.parameters().log_probability[0]) {
          EXPECT_TRUE(std::isfinite(value) && value <= 0) << value;
        }
        Matrix row(1, 2);
        row << scale, 1;
        const Matrix scores = scores_of(model, row);
        EXPECT_TRUE(std::isfinite(scores(0, 0)) && std::isfinite(scores(0, 1))) << scale;
      });
    }
  }
}

}  // namespace
}  // namespace lockstep
