#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/linalg/ratings.hpp"
#include "tests/core/distributed/matrices.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::gathered;
using test::matrix_of;
using test::normal_matrix;
using test::vector_of;

/// This rank's part: dealt in turn, in no order that the model could lean on.
std::vector<Rating> dealt(const Team& team, const std::vector<Rating>& all) {
  std::vector<Rating> mine;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t from = i * 7919 % all.size();
    if (static_cast<int>(i) % team.size() == team.rank()) mine.push_back(all[from]);
  }
  return mine;
}

RatingsOptions options_of(Index users, Index items, Index rank) {
  RatingsOptions options;
  options.users = users;
  options.items = items;
  options.rank = rank;
  return options;
}

Matrix predictions(Team& team, const RatingsModel& model, Index users, Index items) {
  std::vector<Rating> asked;
  for (Index u = 0; u < users; ++u) {
    for (Index i = 0; i < items; ++i) asked.push_back({u, i, 0});
  }
  const std::vector<double> values = predict_ratings(team, model, asked);
  return Eigen::Map<const RowMajorMatrix>(values.data(), users, items);
}

/// About `share` of the entries of a matrix.
std::vector<Rating> some_of(const Matrix& X, double share) {
  std::vector<Rating> ratings;
  const RandomStream stream(5, Purpose::synthetic);
  for (Index u = 0; u < X.rows(); ++u) {
    RandomSequence draws(stream, static_cast<std::uint64_t>(u));
    for (Index i = 0; i < X.cols(); ++i) {
      if (draws.uniform() < share) ratings.push_back({u, i, X(u, i)});
    }
  }
  return ratings;
}

// A power of two changes no digit, also where squares are no doubles.
TEST(Ratings, OfAnyMagnitude) {
  const std::vector<Rating> all = some_of(normal_matrix(40, 12), 0.6);
  test::for_each_team({1, 3}, [&](Team& team) {
    RatingsOptions options = options_of(40, 12, 2);
    options.shrinkage = 0.25;
    const RatingsModel expected = fit_ratings(team, dealt(team, all), options);
    for (const double scale : {0x1p1000, 0x1p600, 0x1p-600, 0x1p-1000}) {
      std::vector<Rating> scaled = all;
      for (Rating& rating : scaled) rating.value *= scale;
      RatingsOptions of_scaled = options;
      of_scaled.shrinkage *= scale;
      const RatingsModel model = fit_ratings(team, dealt(team, scaled), of_scaled);
      EXPECT_EQ(model.iterations, expected.iterations);
      EXPECT_TRUE(close(model.mean / scale, expected.mean));
      EXPECT_TRUE(close(model.item_bias / scale, expected.item_bias));
      EXPECT_TRUE(close(model.singular_values / scale, expected.singular_values));
      EXPECT_TRUE(close(model.item_factors, expected.item_factors));
      EXPECT_TRUE(
          close(gathered(team, model.user_factors) / scale, gathered(team, expected.user_factors)));
      EXPECT_TRUE(close(model.error / scale, expected.error));
    }
  });
}

TEST(Ratings, HandComputed) {
  // The mean is 4; items have 5 − 4 and 3 − 4; what is left is ±1, users have no bias.
  const std::vector<Rating> all{{0, 0, 6}, {0, 1, 2}, {1, 0, 4}, {1, 1, 4}};
  test::for_each_team({1, 2}, [&](Team& team) {
    const RatingsModel model = fit_ratings(team, dealt(team, all), options_of(2, 2, 1));
    EXPECT_EQ(model.mean, 4);
    EXPECT_EQ(model.item_bias, (Vector{{1, -1}}));
    EXPECT_TRUE(close(model.singular_values, Vector{{2}}, 1e-14));
    EXPECT_TRUE(close(predictions(team, model, 2, 2), Matrix{{6, 2}, {4, 4}}, 1e-14));
    EXPECT_LT(model.error, 1e-14);
    EXPECT_TRUE(model.converged);
  });
}

TEST(Ratings, AreThoseOfTheDenseDefinition) {
  const nlohmann::json expected = test::reference("decomposition").at("ratings");
  RatingsOptions options =
      options_of(expected.at("users"), expected.at("items"), expected.at("rank"));
  options.shrinkage = expected.at("shrinkage");
  options.max_iterations = expected.at("iterations");
  options.tolerance = 0;
  std::vector<Rating> all;
  for (const nlohmann::json& rating : expected.at("ratings")) {
    all.push_back({rating[0], rating[1], rating[2]});
  }
  test::for_each_team({1, 3}, [&](Team& team) {
    const RatingsModel model = fit_ratings(team, dealt(team, all), options);
    EXPECT_EQ(model.iterations, options.max_iterations);
    EXPECT_FALSE(model.converged);
    EXPECT_TRUE(close(model.singular_values, vector_of(expected.at("singular_values"))));
    EXPECT_TRUE(close(model.error, expected.at("error").get<double>()));
    EXPECT_TRUE(close(predictions(team, model, options.users, options.items),
                      matrix_of(expected.at("predictions"))));
  });
}

TEST(Ratings, FindsTheMissingEntriesOfAMatrixOfLowRank) {
  const Matrix X = normal_matrix(60, 2) * normal_matrix(40, 2, 2).transpose();
  const std::vector<Rating> all = some_of(X, 0.6);
  test::for_each_thread_team({1}, [&](Team& team) {
    // Taking off the biases can raise the rank by two.
    RatingsOptions options = options_of(60, 40, 4);
    options.max_iterations = 2000;
    options.tolerance = 1e-5;
    const RatingsModel model = fit_ratings(team, dealt(team, all), options);
    EXPECT_TRUE(model.converged);
    const double error = (predictions(team, model, 60, 40) - X).norm() / X.norm();
    EXPECT_LT(error, 0.05);
    options.max_iterations = 1;
    const RatingsModel once = fit_ratings(team, dealt(team, all), options);
    EXPECT_GT((predictions(team, once, 60, 40) - X).norm() / X.norm(), 5 * error);
  });
}

TEST(Ratings, HasTheSameBitsOnAnyRanksAndThreads) {
  const std::vector<Rating> all = some_of(normal_matrix(2500, 9), 0.3);
  RatingsOptions options = options_of(2500, 9, 2);
  options.max_iterations = 3;
  options.randomized = {2, 1, 9};
  RatingsModel one;
  Matrix users;
  test::for_each_thread_team({1}, [&](Team& team) {
    one = fit_ratings(team, all, options);
    users = gathered(team, one.user_factors);
  });
  test::for_each_team({2, 3, 4, 7}, [&](Team& team) {
    for (const int threads : {1, 2}) {
      const RatingsModel model = fit_ratings(team, dealt(team, all), options, threads);
      EXPECT_EQ(model.mean, one.mean);
      EXPECT_EQ(model.item_bias, one.item_bias);
      EXPECT_EQ(model.item_factors, one.item_factors);
      EXPECT_EQ(model.singular_values, one.singular_values);
      EXPECT_EQ(model.error, one.error);
      EXPECT_EQ(gathered(team, model.user_factors), users);
      const Range rows = model.user_factors.rows;
      EXPECT_EQ(model.user_bias, Vector(one.user_bias.segment(rows.begin, rows.size())));
    }
  });
}

TEST(Ratings, UnknownUsersAndItemsFallBackOnTheMeans) {
  // User 2 and item 2 exist, without ratings.
  const std::vector<Rating> all{{0, 0, 6}, {0, 1, 1}, {1, 0, 4}, {1, 1, 5}};
  test::for_each_team({1, 2}, [&](Team& team) {
    const RatingsModel model = fit_ratings(team, dealt(team, all), options_of(3, 3, 1));
    const double item_0 = 4 + 1;
    const double user_0 = 4 - 0.5;
    EXPECT_EQ(predict_ratings(team, model, {{2, 0, 0}, {7, 0, 0}, {-1, 0, 0}}),
              (std::vector<double>{item_0, item_0, item_0}));
    EXPECT_EQ(predict_ratings(team, model, {{0, 2, 0}, {0, 9, 0}, {0, -3, 0}}),
              (std::vector<double>{user_0, user_0, user_0}));
    EXPECT_EQ(predict_ratings(team, model, {{2, 2, 0}, {99, 99, 0}}), (std::vector<double>{4, 4}));
    EXPECT_EQ(predict_ratings(team, model, {}), std::vector<double>());
  });
}

TEST(Ratings, OfEqualValuesAreThatValue) {
  const std::vector<Rating> all{{0, 0, 3}, {1, 2, 3}, {4, 1, 3}};
  test::for_each_team({1, 2}, [&](Team& team) {
    const RatingsModel model = fit_ratings(team, dealt(team, all), options_of(5, 3, 2));
    EXPECT_EQ(predictions(team, model, 5, 3), Matrix::Constant(5, 3, 3));
    EXPECT_EQ(model.error, 0);
    EXPECT_TRUE(model.converged);
  });
}

TEST(Ratings, RefusesBadInput) {
  test::for_each_team({1, 2}, [](Team& team) {
    const auto error_of = [&](const std::vector<Rating>& all, const RatingsOptions& options) {
      // All of them on the last rank: numbers count over the ranks.
      const bool mine = team.rank() == team.size() - 1;
      try {
        fit_ratings(team, mine ? all : std::vector<Rating>(), options);
      } catch (const Error& error) {
        EXPECT_EQ(error.exit_code(), ExitCode::bad_data);
        const std::string message = error.what();
        return message.substr(0, message.find(" (rank"));
      }
      return std::string("no error");
    };
    const std::vector<Rating> good{{0, 0, 1}, {1, 1, 2}};
    const RatingsOptions options = options_of(2, 3, 1);
    const auto with = [&](const Rating& rating) {
      std::vector<Rating> all = good;
      all.push_back(rating);
      return error_of(all, options);
    };
    EXPECT_EQ(with({2, 0, 1}), "rating 2, counted from 0: expected a user from 0 to 1, found 2");
    EXPECT_EQ(with({0, -1, 1}), "rating 2, counted from 0: expected an item from 0 to 2, found -1");
    EXPECT_EQ(with({0, 1, std::numeric_limits<double>::quiet_NaN()}),
              "rating 2, counted from 0: expected a finite value, found nan");
    EXPECT_EQ(with({1, 1, 5}),
              "rating 2, counted from 0: user 1 rates item 1 twice: 5 here, 2 in rating 1, counted "
              "from 0");
    EXPECT_EQ(error_of({{0, 0, 1.7e308}, {1, 1, -1.7e308}, {1, 2, -1.7e308}}, options),
              "ratings: their differences are beyond the largest double");
    EXPECT_EQ(error_of({}, options), "ratings: expected at least one rating, found none");
    EXPECT_EQ(error_of(good, options_of(0, 3, 1)),
              "ratings: expected users and items, found 0 and 3");
    EXPECT_EQ(error_of(good, options_of(2, 3, 3)),
              "ratings: the rank must be from 1 to 2, but is 3");
    RatingsOptions wrong = options;
    wrong.shrinkage = -1;
    EXPECT_EQ(error_of(good, wrong),
              "ratings: iterations must be at least 1, and shrinkage and tolerance at least 0, but "
              "are 100, -1 and 1e-06");
  });
}

}  // namespace
}  // namespace lockstep
