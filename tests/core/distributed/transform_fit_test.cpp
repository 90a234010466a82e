// Transforms are fitted to the rows of all ranks: the numbers are scikit-learn's, and the bits
// those of one rank.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/base/options.hpp"
#include "core/statistics/quantiles.hpp"
#include "core/transform/category_bucket.hpp"
#include "core/transform/feature_transform.hpp"
#include "tests/core/transform/tables.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::category;
using test::message_of;
using test::Rows;
using test::share_of;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::initializer_list<int> kTeams{1, 2, 3, 4, 7};

using Options = std::vector<ColumnOptions>;

/// The features of all rows.
Matrix transformed(const FeatureTransform& transform, const Rows& rows,
                   const std::vector<ColumnType>& types) {
  RowMajorMatrix features(static_cast<Index>(rows.size()), transform.width());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span out(features.data() + static_cast<Index>(i) * transform.width(),
                        static_cast<std::size_t>(transform.width()));
    EXPECT_TRUE(transform.apply(rows[i], types, out)) << "row " << i;
  }
  return features;
}

Rows rows_of(const Matrix& X) {
  Rows rows;
  for (Index i = 0; i < X.rows(); ++i) {
    const Vector row = X.row(i);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

/// The categories of a list of rows of texts, as indices into `types`; unknown ones follow.
Rows codes_of(const nlohmann::json& texts, std::vector<ColumnType>& types) {
  Rows rows;
  for (const auto& row : texts) {
    rows.emplace_back();
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (row[j].is_null()) {
        rows.back().push_back(kMissing);
        continue;
      }
      std::vector<std::string>& known = types[j].categories;
      auto found = std::find(known.begin(), known.end(), row[j].get<std::string>());
      if (found == known.end()) found = known.insert(found, row[j].get<std::string>());
      rows.back().push_back(static_cast<double>(found - known.begin()));
    }
  }
  return rows;
}

std::vector<ColumnType> reference_types() {
  return {category({"7", "blue", "dark green", "red"}), category({"m", "s"})};
}

TEST(FeatureTransformOverRanks, OfNumbersIsThatOfScikitLearn) {
  const auto reference = test::reference("transform");
  const Matrix X = test::matrix_of(reference["X"]);
  const std::vector<ColumnType> types(4);
  for (const auto& item : reference["transformed"].items()) {
    const std::string& steps = item.key();
    const Matrix expected = test::matrix_of(item.value());
    ColumnOptions options;
    options.impute = value_named<Imputation>(kImputationNames, steps.substr(0, steps.find(' ')));
    options.scale = value_named<Scaling>(kScalingNames, steps.substr(steps.find(' ') + 1));
    options.fill = format_real(test::number_of(reference["fill"]));
    const Rows rows = rows_of(options.scale == Scaling::log1p ? Matrix(X.cwiseAbs()) : X);
    test::for_each_team(kTeams, [&](Team& team) {
      const auto transform =
          FeatureTransform::fit(team, share_of(team, rows, types), Options(4, options), 2);
      // Scaled deviations of the fourth column have the rounding of numbers near 10⁶.
      EXPECT_TRUE(test::close(transformed(transform, rows, types), expected, 1e-9)) << steps;
      for (const Index j : {0, 1, 2}) {
        EXPECT_TRUE(test::close(Matrix(transformed(transform, rows, types).col(j)),
                                Matrix(expected.col(j)), 1e-12, 1))
            << steps << ", column " << j;
      }
    });
  }
}

TEST(FeatureTransformOverRanks, OfCategoriesIsThatOfScikitLearn) {
  const auto reference = test::reference("transform");
  std::vector<ColumnType> types = reference_types();
  const Rows rows = codes_of(reference["C"], types);
  ASSERT_EQ(types, reference_types());
  ColumnOptions onehot;
  onehot.encode = Encoding::onehot;
  onehot.impute = Imputation::most_frequent;
  ColumnOptions ordinal = onehot;
  ordinal.encode = Encoding::ordinal;
  ColumnOptions standard = ordinal;
  standard.scale = Scaling::standard;
  test::for_each_team(kTeams, [&](Team& team) {
    const Table table = share_of(team, rows, types);
    const auto fit = [&](const ColumnOptions& options) {
      return FeatureTransform::fit(team, table, Options(2, options), 1);
    };
    const FeatureTransform transform = fit(onehot);
    EXPECT_EQ(transformed(transform, rows, types), test::matrix_of(reference["onehot"]));
    std::vector<ColumnType> more = types;
    const Rows unseen = codes_of(reference["unseen"], more);
    EXPECT_EQ(transformed(transform, unseen, more), test::matrix_of(reference["onehot_unseen"]));
    EXPECT_EQ(transformed(fit(ordinal), rows, types), test::matrix_of(reference["ordinal"]));
    EXPECT_TRUE(test::close(transformed(fit(standard), rows, types),
                            test::matrix_of(reference["ordinal_standard"])));
    EXPECT_EQ(transform.names(),
              (std::vector<std::string>{"a=7", "a=blue", "a=dark green", "a=red", "b=m", "b=s"}));
  });
}

TEST(FeatureTransformOverRanks, EmbeddingsHaveTheDimensionThatIsAskedFor) {
  const std::vector<ColumnType> types{{}, category({"a", "b", "c"}), category({"x", "y"})};
  Options options(3);
  for (ColumnOptions& of : options) of.encode = Encoding::embedding;
  for (ColumnOptions& of : options) of.scale = Scaling::standard;
  options[2].dimension = 7;
  test::for_each_team(kTeams, [&](Team& team) {
    const Table table = share_of(team, Rows(300, {5, 2, 1}), types);
    const auto transform = FeatureTransform::fit(team, table, options, 1);
    EXPECT_EQ(transform.width(), 3);
    EXPECT_EQ(transform.columns()[0].dimension, 0);
    EXPECT_EQ(transform.columns()[1].dimension, automatic_dimension(3));
    EXPECT_EQ(transform.columns()[2].dimension, 7);
    EXPECT_EQ(transform.columns()[1].scaling, ColumnScaling()) << "an index has no scale";
    EXPECT_FALSE(transform.keeps_zeros());
  });
  EXPECT_EQ(automatic_dimension(1), 1);
  EXPECT_EQ(automatic_dimension(3), 2);
  EXPECT_EQ(automatic_dimension(1000), 50);
}

TEST(FeatureTransformOverRanks, AConstantMayBeACategoryOfItsOwn) {
  const auto reference = test::reference("transform");
  // A reader that is told of the constant lists it among the categories.
  std::vector<ColumnType> types{category({"7", "blue", "dark green", "none", "red"}),
                                category({"m", "none", "s"})};
  const Rows rows = codes_of(reference["C"], types);
  ColumnOptions options;
  options.encode = Encoding::onehot;
  options.impute = Imputation::constant;
  options.fill = "none";
  test::for_each_team(kTeams, [&](Team& team) {
    const auto transform =
        FeatureTransform::fit(team, share_of(team, rows, types), Options(2, options), 1);
    EXPECT_EQ(transformed(transform, rows, types), test::matrix_of(reference["onehot_constant"]));
  });
}

TEST(FeatureTransformOverRanks, IndicatorsAreOfColumnsThatHadMissingCells) {
  const auto reference = test::reference("transform");
  Rows rows = rows_of(test::matrix_of(reference["X"]));
  const Matrix expected = test::matrix_of(reference["indicators"]);
  for (std::vector<double>& row : rows) row.push_back(1);
  ColumnOptions options;
  options.impute = Imputation::median;
  options.indicator = true;
  test::for_each_team(kTeams, [&](Team& team) {
    const std::vector<ColumnType> types(5);
    const auto transform =
        FeatureTransform::fit(team, share_of(team, rows, types), Options(5, options), 1);
    EXPECT_EQ(transform.names(), (std::vector<std::string>{"a", "a_missing", "b", "b_missing", "c",
                                                           "c_missing", "d", "d_missing", "e"}));
    const Matrix features = transformed(transform, rows, types);
    for (Index j = 0; j < 4; ++j) EXPECT_EQ(features.col(2 * j + 1), expected.col(j));
  });
}

/// 1003 rows: four blocks, so that of seven ranks some have none. Numbers with gaps in all orders
/// of size, few values, and categories with gaps.
Rows many_rows() {
  Rows rows;
  for (Index i = 0; i < 1003; ++i) {
    const auto x = static_cast<double>(i * 7919 % 1009);
    rows.push_back({i % 6 == 5 ? kMissing : 0.001 * x + 1e-4 * static_cast<double>(i * i),
                    i % 9 == 2 ? kMissing : static_cast<double>(i * i % 13) / 3,
                    i % 4 == 3 ? kMissing : static_cast<double>(i * 31 % 5), 0.1 * x,
                    i % 11 == 0 ? kMissing : static_cast<double>(i % 3)});
  }
  return rows;
}

std::vector<ColumnType> many_types() {
  return {{}, {}, category({"u", "v", "w", "x", "y"}), {}, category({"p", "q", "r"})};
}

ColumnOptions options_of(Imputation impute, Scaling scale, Encoding encode = Encoding::none) {
  ColumnOptions options;
  options.impute = impute;
  options.scale = scale;
  options.encode = encode;
  options.indicator = impute != Imputation::none;
  options.fill = "0.7";
  options.buckets = 8;
  return options;
}

std::vector<Options> many_options() {
  using I = Imputation;
  using S = Scaling;
  using E = Encoding;
  return {{options_of(I::mean, S::standard), options_of(I::median, S::minmax),
           options_of(I::most_frequent, S::none, E::onehot), options_of(I::none, S::robust),
           options_of(I::most_frequent, S::standard, E::ordinal)},
          {options_of(I::median, S::robust), options_of(I::most_frequent, S::robust),
           options_of(I::most_frequent, S::none, E::hash), options_of(I::mean, S::log1p),
           options_of(I::most_frequent, S::robust, E::ordinal)},
          {options_of(I::constant, S::minmax), options_of(I::mean, S::log1p),
           options_of(I::most_frequent, S::minmax, E::ordinal), options_of(I::none, S::standard),
           options_of(I::most_frequent, S::none, E::onehot)}};
}

TEST(FeatureTransformOverRanks, HasTheSameBitsOnAnyRanksAndThreads) {
  const Rows rows = many_rows();
  const std::vector<ColumnType> types = many_types();
  for (const Options& options : many_options()) {
    std::string expected;
    test::for_each_thread_team({1}, [&](Team& team) {
      expected = FeatureTransform::fit(team, share_of(team, rows, types), options, 1).to_text();
    });
    test::for_each_team(kTeams, [&](Team& team) {
      for (const bool all_on_last : {false, true}) {
        const Table table = share_of(team, rows, types, all_on_last);
        for (const int threads : {1, 2}) {
          EXPECT_EQ(FeatureTransform::fit(team, table, options, threads).to_text(), expected);
        }
      }
    });
  }
}

TEST(FeatureTransformOverRanks, IsTheDefinition) {
  const Rows rows = many_rows();
  const std::vector<ColumnType> types = many_types();
  const auto present = [&](std::size_t j) {
    std::vector<double> values;
    for (const auto& row : rows) {
      if (!std::isnan(row[j])) values.push_back(row[j]);
    }
    return values;
  };
  long double sum = 0;
  for (const double x : present(0)) sum += x;
  const auto mean = static_cast<double>(sum / static_cast<long double>(present(0).size()));
  std::map<double, int> counts;
  for (const double code : present(2)) ++counts[code];
  double most = 0;
  for (const auto& [code, count] : counts) most = count > counts[most] ? code : most;
  std::vector<double> filled;
  for (const auto& row : rows)
    filled.push_back(std::isnan(row[1]) ? quartiles(present(1)).median : row[1]);
  test::for_each_team({1, 3}, [&](Team& team) {
    const Table table = share_of(team, rows, types);
    const auto columns = FeatureTransform::fit(team, table, many_options()[0], 1).columns();
    EXPECT_NEAR(*columns[0].fill, mean, 1e-14 * mean);
    EXPECT_EQ(*columns[1].fill, quartiles(present(1)).median);
    EXPECT_EQ(columns[1].scaling.offset, *std::min_element(filled.begin(), filled.end()));
    EXPECT_EQ(*columns[2].fill, most);
    EXPECT_EQ(columns[3].scaling, ColumnScaling::fit(quartiles(present(3)), "d"));
    const auto hashed = FeatureTransform::fit(team, table, many_options()[1], 1).columns();
    EXPECT_EQ(*hashed[2].fill,
              category_bucket(types[2].categories[static_cast<std::size_t>(most)], 8));
  });
}

// More columns than are looked at together.
TEST(FeatureTransformOverRanks, EachOfManyColumnsIsFittedAsIfItWereAlone) {
  constexpr std::size_t kColumns = 40;
  Rows rows;
  for (std::size_t i = 0; i < 300; ++i) {
    rows.emplace_back();
    for (std::size_t j = 0; j < kColumns; ++j) {
      const auto x = static_cast<double>((i * 7919 + j * 104729) % 1009);
      rows.back().push_back((i + j) % 9 == 0 ? kMissing : x + static_cast<double>(j));
    }
  }
  const Imputation kinds[] = {Imputation::mean, Imputation::median, Imputation::most_frequent};
  Options options;
  for (std::size_t j = 0; j < kColumns; ++j) {
    options.push_back(options_of(kinds[j % 3], Scaling::robust));
  }
  const std::vector<ColumnType> types(kColumns);
  test::for_each_team({1, 3}, [&](Team& team) {
    const auto columns =
        FeatureTransform::fit(team, share_of(team, rows, types), options, 2).columns();
    for (std::size_t j = 0; j < kColumns; ++j) {
      Rows alone;
      for (const auto& row : rows) alone.push_back({row[j]});
      const Table table = share_of(team, alone, {ColumnType{}});
      EXPECT_EQ(FeatureTransform::fit(team, table, Options{options[j]}, 1).columns()[0],
                columns[j]);
    }
  });
}

TEST(FeatureTransformOverRanks, OfBytesHasNothingMissing) {
  test::for_each_team({1, 2}, [](Team& team) {
    Table table = share_of(team, Rows(300, std::vector<double>(2)), std::vector<ColumnType>(2));
    table.feature_types.clear();
    Table::ByteValues bytes;
    for (Index i = table.rows.begin; i < table.rows.end; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(i % 256));
      bytes.push_back(7);
    }
    table.values = bytes;
    ColumnOptions options;
    options.scale = Scaling::minmax;
    options.impute = Imputation::median;
    const auto columns = FeatureTransform::fit(team, table, Options(2, options), 1).columns();
    EXPECT_EQ(columns[0].scaling, (ColumnScaling{Scaling::minmax, 0, 1}));
    EXPECT_EQ(columns[1].scaling, (ColumnScaling{Scaling::minmax, 7.0 / 255, 1}));
    EXPECT_EQ(*columns[1].fill, 7.0 / 255);
  });
}

/// What fitting these rows says, alike on all ranks.
std::string error_of(const Rows& rows, const std::vector<ColumnType>& types,
                     const Options& options) {
  std::string message;
  test::for_each_thread_team({1, 3}, [&](Team& team) {
    const std::string mine =
        message_of([&] { FeatureTransform::fit(team, share_of(team, rows, types), options, 1); });
    if (team.rank() == 0) message = mine;
    for (const std::string& other : all_gather_text(team, mine)) EXPECT_EQ(other, mine);
  });
  return message;
}

TEST(FeatureTransformOverRanks, NamesTheColumnThatCannotBeFitted) {
  const Rows gaps(300, {1, kMissing, 0});
  const std::vector<ColumnType> types{{}, {}, category({"x"})};
  const auto with = [](Imputation impute, Scaling scale = Scaling::none) {
    return Options(3, options_of(impute, scale, Encoding::onehot));
  };
  EXPECT_EQ(error_of(gaps, types, with(Imputation::none)),
            "column 'b': 300 missing cells; fill them (preprocess.impute) or leave it out "
            "(data.ignore)");
  for (const Imputation impute :
       {Imputation::mean, Imputation::median, Imputation::most_frequent}) {
    EXPECT_EQ(error_of(gaps, types, with(impute)),
              "column 'b': all cells are missing; leave it out (data.ignore)");
  }
  Rows text_gaps(300, {1, 2, 0});
  text_gaps[299][2] = kMissing;
  EXPECT_EQ(error_of(text_gaps, types, with(Imputation::median)),
            "preprocess.impute: column 'c' has 1 missing cells, and categories have no median; set "
            "impute = most_frequent or constant in [preprocess.c]");
  EXPECT_EQ(error_of(text_gaps, types, with(Imputation::constant)),
            "preprocess.fill: column 'c' has no category '0.7'");
  Options texts = with(Imputation::constant);
  texts[0].fill = "x";
  EXPECT_EQ(error_of(text_gaps, types, texts),
            "preprocess.fill: column 'a' holds numbers, and 'x' is none");
  EXPECT_EQ(error_of(Rows(300, {1, 2, 0}), types, Options(3)),
            "column 'c' holds categories; encode it (preprocess.encode) or leave it out "
            "(data.ignore)");
  EXPECT_EQ(
      error_of(Rows(300, {1, 2, kMissing}), {{}, {}, category({})}, with(Imputation::constant)),
      "column 'c': all cells are missing; leave it out (data.ignore)");
  Rows huge(300, {1, 2, 0});
  huge[0][1] = 1.7e308;
  huge[1][1] = -1.7e308;
  EXPECT_EQ(error_of(huge, types, with(Imputation::none, Scaling::minmax)),
            "column 'b': values from -1.7e+308 to 1.7e+308 are too large to be scaled");
  std::vector<std::string> names;
  for (int i = 0; i <= ColumnTransform::kMostFeatures; ++i) names.push_back(std::to_string(i));
  EXPECT_EQ(error_of(Rows(300, {1, 2, 0}), {{}, {}, category(names)}, with(Imputation::none)),
            "column 'c': 65537 categories are more than the 65536 that onehot takes; set encode = "
            "hash or ordinal for it, or leave it out (data.ignore)");
}

TEST(FeatureTransformOverRanks, AConstantFillsAnEmptyColumn) {
  const std::vector<ColumnType> types(1);
  test::for_each_team({1, 2}, [&](Team& team) {
    const Table table = share_of(team, Rows(300, {kMissing}), types);
    const Options options{options_of(Imputation::constant, Scaling::standard)};
    const auto transform = FeatureTransform::fit(team, table, options, 1);
    EXPECT_EQ(transform.columns()[0].scaling, (ColumnScaling{Scaling::standard, 0.7, 1}));
    EXPECT_EQ(transformed(transform, {{kMissing}, {1.7}}, types),
              (Matrix(2, 2) << 0, 1, 1, 0).finished());
  });
}

TEST(FeatureTransformOverRanks, TwoFeaturesMayNotHaveOneName) {
  test::for_each_team({1, 2}, [](Team& team) {
    Table table = share_of(team, Rows(3, {1, 0}), {{}, category({"x"})});
    table.feature_names = {"b=x", "b"};
    const Options options(2, options_of(Imputation::none, Scaling::none, Encoding::onehot));
    EXPECT_EQ(message_of([&] { FeatureTransform::fit(team, table, options, 1); }),
              "two features would be named 'b=x', a column of the data or what is made of one; "
              "rename a column or leave it out (data.ignore)");
  });
}

TEST(FeatureTransform, ReadsBackWhatItWrote) {
  const Rows rows = many_rows();
  test::for_each_thread_team({1}, [&](Team& team) {
    for (const Options& options : many_options()) {
      const Table table = share_of(team, rows, many_types());
      const auto transform = FeatureTransform::fit(team, table, options, 1);
      const auto back = FeatureTransform::from_text("m", transform.to_text(), schema_of(table));
      EXPECT_EQ(back.columns(), transform.columns());
      EXPECT_EQ(back.names(), transform.names());
    }
  });
}

TEST(FeatureTransform, RefusesOtherTexts) {
  TableSchema schema;
  schema.feature_names = {"a", "b"};
  schema.feature_types = {{}, category({"x", "y"})};
  const auto error = [&](const std::string& text) {
    return message_of([&] { FeatureTransform::from_text("m", text, schema); });
  };
  EXPECT_EQ(error("{"), "m: not valid JSON");
  EXPECT_EQ(error(R"({"columns":[{"fill":1e999},{}],"version":1})"), "m: not valid JSON");
  EXPECT_EQ(error("[]"), "m: expected an object");
  EXPECT_EQ(error(R"({"columns":[]})"), "m: version: expected a value");
  EXPECT_EQ(error(R"({"columns":[],"version":2})"), "m: version: expected an integer in [1, 1]");
  EXPECT_EQ(error(R"({"columns":[{}],"version":1})"), "m: columns: expected a list of 2");
  EXPECT_EQ(error(R"({"columns":[{},{"encode":"onehot","fill":2}],"version":1})"),
            "m: column 'b': fill: expected an integer in [0, 1]");
  EXPECT_EQ(error(R"({"columns":[{},{"encode":"onehot"}],"names":[],"version":1})"),
            "m: unknown member 'names'");
}

}  // namespace
}  // namespace lockstep
