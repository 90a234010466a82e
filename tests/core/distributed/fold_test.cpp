#include "core/parallel/fold.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "core/parallel/ranges.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::for_each_team;

/// Repeatable draws: SplitMix64 [Steele et al. 2014].
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  Index below(Index n) { return static_cast<Index>(next() % static_cast<std::uint64_t>(n)); }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53 - 0.5; }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

/// P+1 boundaries of [0, leaves) with many empty parts.
std::vector<Index> random_boundaries(Draws& draws, Index leaves, int ranks) {
  std::vector<Index> boundaries{0, leaves};
  while (static_cast<int>(boundaries.size()) < ranks + 1) {
    boundaries.push_back(draws.below(3) == 0 ? boundaries[static_cast<std::size_t>(draws.below(
                                                   static_cast<Index>(boundaries.size())))]
                                             : draws.below(leaves + 1));
  }
  std::sort(boundaries.begin(), boundaries.end());
  return boundaries;
}

/// The definition: leaves padded to a power of two, absent nodes left out.
template <class T, class Leaf, class Merge>
T reference_fold(Index lo, Index span, Index leaves, const Leaf& leaf, const Merge& merge) {
  if (span == 1) return leaf(lo);
  T left = reference_fold<T>(lo, span / 2, leaves, leaf, merge);
  if (lo + span / 2 >= leaves) return left;
  return merge(left, reference_fold<T>(lo + span / 2, span / 2, leaves, leaf, merge));
}

std::string name_of(Index leaf) { return std::to_string(leaf); }
std::string in_parentheses(const std::string& left, const std::string& right) {
  return "(" + left + " " + right + ")";
}

double value_of(Index leaf) {
  Draws draws(static_cast<std::uint64_t>(leaf));
  const double magnitude = static_cast<double>(Index{1} << draws.below(40));
  return draws.uniform() * magnitude;
}

TEST(TreeWidth, IsThePowerOfTwoAbove) {
  EXPECT_EQ(tree_width(0), 1);
  EXPECT_EQ(tree_width(1), 1);
  EXPECT_EQ(tree_width(2), 2);
  EXPECT_EQ(tree_width(5), 8);
  EXPECT_EQ(tree_width(8), 8);
}

TEST(CanonicalNodes, AreTheMaximalAlignedSubtrees) {
  using Nodes = std::vector<TreeNode>;
  EXPECT_EQ(canonical_nodes({0, 8}, 8), (Nodes{{0, 8}}));
  EXPECT_EQ(canonical_nodes({0, 7}, 8), (Nodes{{0, 4}, {4, 2}, {6, 1}}));
  EXPECT_EQ(canonical_nodes({1, 8}, 8), (Nodes{{1, 1}, {2, 2}, {4, 4}}));
  EXPECT_EQ(canonical_nodes({3, 6}, 8), (Nodes{{3, 1}, {4, 2}}));
  EXPECT_EQ(canonical_nodes({3, 3}, 8), Nodes{});
}

TEST(CanonicalNodes, CountACutOffSubtreeAsComplete) {
  using Nodes = std::vector<TreeNode>;
  EXPECT_EQ(canonical_nodes({0, 5}, 5), (Nodes{{0, 8}}));
  EXPECT_EQ(canonical_nodes({4, 5}, 5), (Nodes{{4, 4}}));
  EXPECT_EQ(canonical_nodes({3, 5}, 5), (Nodes{{3, 1}, {4, 4}}));
  EXPECT_EQ(canonical_nodes({0, 4}, 5), (Nodes{{0, 4}}));
  EXPECT_EQ(canonical_nodes({0, 1}, 1), (Nodes{{0, 1}}));
}

TEST(TreeFold, HasTheShapeOfThePaddedTree) {
  for_each_team({1, 2, 3}, [](Team& team) {
    const auto fold = [&](Index leaves) {
      return tree_fold<std::string>(team, even_boundaries(leaves, team.size()), name_of,
                                    in_parentheses);
    };
    EXPECT_EQ(fold(0), "");
    EXPECT_EQ(fold(1), "0");
    EXPECT_EQ(fold(3), "((0 1) 2)");
    EXPECT_EQ(fold(4), "((0 1) (2 3))");
    EXPECT_EQ(fold(5), "(((0 1) (2 3)) 4)");
    EXPECT_EQ(fold(7), "(((0 1) (2 3)) ((4 5) 6))");
  });
}

TEST(TreeFold, DoesNotDependOnTheBoundaries) {
  for_each_team({1, 2, 3, 4, 5, 6, 7, 8, 9, 16}, [](Team& team) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      Draws draws(seed);  // the same on all ranks
      const Index leaves = 1 + draws.below(70);
      const std::vector<Index> boundaries = random_boundaries(draws, leaves, team.size());
      const Index width = tree_width(leaves);

      Index called = part_of(boundaries, team.rank()).begin;
      const auto leaf = [&](Index i) {
        EXPECT_EQ(i, called++);
        return name_of(i);
      };
      EXPECT_EQ(tree_fold<std::string>(team, boundaries, leaf, in_parentheses),
                reference_fold<std::string>(0, width, leaves, name_of, in_parentheses));
      EXPECT_EQ(called, part_of(boundaries, team.rank()).end);

      const auto add = [](double left, double right) { return left + right; };
      const auto sum = tree_fold<double>(team, boundaries, value_of, add);
      const auto expected = reference_fold<double>(0, width, leaves, value_of, add);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(sum), std::bit_cast<std::uint64_t>(expected));
    }
  });
}

TEST(TreeFold, DoesNotDependOnTheThreads) {
  for_each_team({1, 2, 3, 5}, [](Team& team) {
    for (const Index leaves : {0, 1, 2, 5, 37, 300}) {
      const auto boundaries = even_boundaries(leaves, team.size());
      const std::string expected =
          leaves == 0
              ? ""
              : reference_fold<std::string>(0, tree_width(leaves), leaves, name_of, in_parentheses);
      for (const int threads : {1, 2, 3}) {
        EXPECT_EQ(tree_fold<std::string>(team, boundaries, name_of, in_parentheses, threads),
                  expected)
            << leaves << " leaves, " << threads << " threads";
      }
    }
  });
}

TEST(SubtreesOf, CutTheWidestNodesFirst) {
  using Nodes = std::vector<TreeNode>;
  EXPECT_EQ(subtrees_of({{0, 8}}, 8, 1), (Nodes{{0, 8}}));
  EXPECT_EQ(subtrees_of({{0, 8}}, 8, 3), (Nodes{{0, 2}, {2, 2}, {4, 2}, {6, 2}}));
  EXPECT_EQ(subtrees_of({{0, 4}, {4, 1}}, 8, 3), (Nodes{{0, 2}, {2, 2}, {4, 1}}));
  EXPECT_EQ(subtrees_of({{0, 8}}, 5, 100), (Nodes{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}}));
  EXPECT_EQ(subtrees_of({}, 5, 100), Nodes{});
}

TEST(TreeFold, CarriesStructures) {
  struct Extremes {
    Index count;
    double least;
  };
  for_each_team({1, 4}, [](Team& team) {
    const auto leaf = [](Index i) { return Extremes{1, value_of(i)}; };
    const auto merge = [](Extremes a, Extremes b) {
      return Extremes{a.count + b.count, std::min(a.least, b.least)};
    };
    const auto all = tree_fold<Extremes>(team, even_boundaries(33, team.size()), leaf, merge);
    double least = value_of(0);
    for (Index i = 1; i < 33; ++i) least = std::min(least, value_of(i));
    EXPECT_EQ(all.count, 33);
    EXPECT_EQ(all.least, least);
  });
}

TEST(TreeFold, CarriesVectorsOfWhatHasACodec) {
  using Lines = std::vector<std::string>;
  for_each_team({1, 2, 3, 5}, [](Team& team) {
    // Lines of many lengths, empty ones and none at all among them.
    const auto leaf = [](Index i) {
      Lines lines(static_cast<std::size_t>(i % 3));
      for (std::string& line : lines) line = std::string(static_cast<std::size_t>(i % 4), 'x');
      return lines;
    };
    const auto append = [](Lines left, const Lines& right) {
      left.insert(left.end(), right.begin(), right.end());
      return left;
    };
    Lines expected;
    for (Index i = 0; i < 23; ++i) expected = append(expected, leaf(i));
    const std::vector<Index> boundaries = even_boundaries(23, team.size());
    EXPECT_EQ(tree_fold<Lines>(team, boundaries, leaf, append), expected);
  });
}

TEST(TreeFoldSum, AddsVectorsElementByElement) {
  for_each_team({1, 2, 3, 5, 9}, [](Team& team) {
    for (std::uint64_t seed = 100; seed < 110; ++seed) {
      Draws draws(seed);
      const Index leaves = 1 + draws.below(40);
      const std::vector<Index> boundaries = random_boundaries(draws, leaves, team.size());
      const Range mine = part_of(boundaries, team.rank());
      std::vector<std::vector<double>> local;
      for (Index i = mine.begin; i < mine.end; ++i) local.push_back({value_of(i), value_of(-i)});

      const std::vector<double> sums = tree_fold_sum(team, boundaries, local);
      const auto add = [](double left, double right) { return left + right; };
      const auto negative = [](Index i) { return value_of(-i); };
      const Index width = tree_width(leaves);
      EXPECT_EQ(sums,
                (std::vector<double>{reference_fold<double>(0, width, leaves, value_of, add),
                                     reference_fold<double>(0, width, leaves, negative, add)}));
    }
    EXPECT_TRUE(
        tree_fold_sum(team, std::vector<Index>(static_cast<std::size_t>(team.size()) + 1, 0), {})
            .empty());
  });
}

TEST(TreeFold, OrderMattersForTheValuesOfTheseTests) {
  double from_left = 0;
  for (Index i = 0; i < 64; ++i) from_left += value_of(i);
  const auto add = [](double left, double right) { return left + right; };
  EXPECT_NE(from_left, reference_fold<double>(0, 64, 64, value_of, add));
}

TEST(AllGatherLists, KeepsMessagesApart) {
  for_each_team({1, 2, 5}, [](Team& team) {
    const auto list_of = [](int rank) {  // rank 0 has none, the others' second message is empty
      std::vector<Bytes> list;
      for (int i = 0; i < rank; ++i) {
        list.push_back(test::pattern(i == 1 ? 0 : 300, static_cast<unsigned>(rank + i)));
      }
      return list;
    };
    const auto lists = all_gather_lists(team, list_of(team.rank()));
    EXPECT_EQ(static_cast<int>(lists.size()), team.size());
    for (int r = 0; r < team.size(); ++r) EXPECT_EQ(lists[static_cast<std::size_t>(r)], list_of(r));
  });
}

}  // namespace
}  // namespace lockstep
