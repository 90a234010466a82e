#include "trainer/run/checkpoints.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "comm/communicator.hpp"
#include "comm/thread_transport.hpp"
#include "core/base/random.hpp"
#include "core/format/file_calls.hpp"
#include "core/format/file_descriptor.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;
using test::TestFolder;

constexpr std::chrono::seconds kTimeout{20};
constexpr Index kArrays = 3;
constexpr Index kBlocks = 11;

/// Blocks of 1, 18, 35, … bytes.
std::vector<Range> blocks() {
  std::vector<Range> all;
  Index begin = 0;
  for (Index b = 0; b < kBlocks; ++b) {
    all.push_back({begin, begin + 1 + 17 * b});
    begin = all.back().end;
  }
  return all;
}
Index array_bytes() { return blocks().back().end; }

/// Of an array of the checkpoint after so many steps.
std::byte content(Index steps, Index array, Index at) {
  return static_cast<std::byte>(steps * 101 + array * 37 + at * 7 + at / 100);
}

CheckpointManifest manifest_of(Index steps) {
  CheckpointManifest m;
  m.version = "1.2.3";
  m.epoch = steps / 10 + 1;
  m.step = steps % 10;
  m.all_steps = steps;
  m.lbfgs = {0.1, 3e-7};
  m.sums = {std::byte{0}, std::byte{0xab}, std::byte{0xff}};
  m.precision = "float";
  m.states = kArrays - 1;
  m.array_bytes = array_bytes();
  m.options = {{"train.seed", "1"}, {"data.target", "\"ä\\"}};
  m.data = {{"training", "0123"}};
  m.metrics_bytes = 17;
  m.metrics_hash = "89ab";
  return m;
}

/// A rank's blocks, in memory of its own.
struct Arrays {
  explicit Arrays(Team& team) {
    const auto boundaries = even_boundaries(kBlocks, team.size());
    const Range mine = part_of(boundaries, team.rank());
    parts.blocks = blocks();
    const auto byte_of = [](Index b) {
      return b == kBlocks ? array_bytes() : blocks()[static_cast<std::size_t>(b)].begin;
    };
    parts.mine = {byte_of(mine.begin), byte_of(mine.end)};
    for (Index a = 0; a < kArrays; ++a) {
      memory.emplace_back(static_cast<std::size_t>(parts.mine.size()));
    }
    for (auto& array : memory) parts.arrays.push_back(array.data());
  }
  void fill(Index steps) {
    for (Index a = 0; a < kArrays; ++a) {
      for (Index i = 0; i < parts.mine.size(); ++i) {
        memory[static_cast<std::size_t>(a)][static_cast<std::size_t>(i)] =
            content(steps, a, parts.mine.begin + i);
      }
    }
  }
  bool holds(Index steps) const {
    Arrays expected(*this);
    expected.fill(steps);
    return expected.memory == memory;
  }

  std::vector<std::vector<std::byte>> memory;
  ArrayParts parts;
};

void save(Team& team, const std::string& path, Index steps, Index keep = 2) {
  Arrays arrays(team);
  arrays.fill(steps);
  CheckpointFolder(team, path, keep).save(manifest_of(steps), arrays.parts);
}

/// The newest checkpoint that is whole, checked: its steps, or 0.
Index newest_whole(Team& team, const std::string& path) {
  const CheckpointFolder files(team, path, 2);
  for (const Index steps : files.steps()) {
    try {
      const CheckpointManifest manifest = files.manifest(steps);
      Arrays arrays(team);
      files.load(manifest, arrays.parts);
      EXPECT_TRUE(arrays.holds(steps)) << "a hash that is right over content that is not";
      return steps;
    } catch (const DamagedCheckpoint&) {
    }
  }
  return 0;
}

template <class Work>
void on_ranks(int ranks, const Work& work) {
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    comm::Communicator team(transport, kTimeout);
    work(team);
  });
}

std::string bytes_of(const fs::path& path) { return read_text_file(path.string()); }

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(Checkpoints, AreTheSameBytesFromAnyRanksAndLoadOnAnyOther) {
  const TestFolder folder;
  on_ranks(1, [&](Team& team) { save(team, folder.file("of-1"), 7); });
  for (const int ranks : {2, 3, 4, 7, 16}) {
    const std::string path = folder.file("of-" + std::to_string(ranks));
    on_ranks(ranks, [&](Team& team) { save(team, path, 7); });
    for (const char* name : {"arrays.bin", "manifest.json"}) {
      EXPECT_EQ(bytes_of(fs::path(path) / "step-7" / name),
                bytes_of(fs::path(folder.file("of-1")) / "step-7" / name))
          << ranks << " ranks, " << name;
    }
    on_ranks(17 - ranks, [&](Team& team) { EXPECT_EQ(newest_whole(team, path), 7); });
  }
}

TEST(Checkpoints, KeepTheNewestAndLeaveNothingElse) {
  const TestFolder folder;
  const std::string path = folder.file("c");
  fs::create_directories(path + "/step-5.tmp");  // of a run that was killed
  write_bytes(path + "/step-5.tmp/arrays.bin.tmp", "half");
  write_bytes(path + "/notes.txt", "a user's own");
  on_ranks(3, [&](Team& team) {
    for (const Index steps : {8, 9, 10, 100}) save(team, path, steps);
    const CheckpointFolder files(team, path, 2);
    EXPECT_EQ(files.steps(), (std::vector<Index>{100, 10}));
    CheckpointFolder(team, path, 2).set_aside(100);
    EXPECT_EQ(newest_whole(team, path), 10);
  });
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"notes.txt", "step-10", "step-100.damaged"}));
}

TEST(Checkpoints, KnowTheirPaths) {
  for (const char* path : {"step-1", "step-120.tmp", "step-3.damaged", "step-1/arrays.bin",
                           "step-1.tmp/manifest.json.tmp"}) {
    EXPECT_TRUE(is_checkpoint_path(path)) << path;
  }
  for (const char* path :
       {"step-", "step", "step-1x", "step-1/other", "step-1/arrays.bin/x", "", "notes.txt",
        "step-1.old", "step--1", "step-007", "step-00", "step-99999999999999999999"}) {
    EXPECT_FALSE(is_checkpoint_path(path)) << path;
  }
}

TEST(Checkpoints, SayWhereTheManifestIsDamaged) {
  const CheckpointManifest manifest = manifest_of(7);
  const std::string text = manifest_text(manifest);
  EXPECT_EQ(parse_manifest(text), manifest);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      EXPECT_THROW(parse_manifest(damaged), DamagedCheckpoint) << "bit " << bit << " of " << i;
    }
    EXPECT_THROW(parse_manifest(text.substr(0, i)), DamagedCheckpoint) << "cut at " << i;
  }
  EXPECT_THROW(parse_manifest(text + "\n"), DamagedCheckpoint);
}

TEST(Checkpoints, OfDamagedArraysAreNotLoaded) {
  const TestFolder folder;
  const std::string path = folder.file("c");
  on_ranks(2, [&](Team& team) {
    save(team, path, 6);
    save(team, path, 7);
  });
  const fs::path arrays = fs::path(path) / "step-7" / "arrays.bin";
  const std::string whole = bytes_of(arrays);
  const RandomStream random(5, Purpose::synthetic);
  for (std::uint64_t trial = 0; trial < 10000; ++trial) {
    std::string damaged = whole;
    const auto at = static_cast<std::size_t>(random.words(trial)[0] % whole.size());
    if (trial % 4 == 0) {
      damaged.resize(at);
    } else if (trial % 4 == 1) {
      damaged += damaged.substr(at);
    } else {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random.words(trial)[1] % 8)));
    }
    write_bytes(arrays, damaged);
    on_ranks(static_cast<int>(trial % 3) + 1, [&](Team& team) {
      EXPECT_EQ(newest_whole(team, path), 6) << "trial " << trial << " at " << at;
    });
  }
  write_bytes(arrays, whole);
  on_ranks(1, [&](Team& team) { EXPECT_EQ(newest_whole(team, path), 7); });
  fs::remove(arrays);
  on_ranks(2, [&](Team& team) { EXPECT_EQ(newest_whole(team, path), 6); });
}

/// Each call of the system in a save fails once: those before stay whole, all ranks say so alike,
/// and the next save succeeds.
TEST(Checkpoints, SurviveTheFailureOfAnyCall) {
  for (const int ranks : {1, 3}) {
    Index failures = 0;
    for (Index failing = 0;; ++failing) {
      const TestFolder folder;
      const std::string path = folder.file("c");
      on_ranks(ranks, [&](Team& team) {
        save(team, path, 5);
        save(team, path, 6);
      });
      std::atomic<int> told{0};
      std::atomic<Index> made{0};
      {
        const file_calls::Faults faults(
            [&](file_calls::Call) { return made++ == failing ? ENOSPC : 0; });
        on_ranks(ranks, [&](Team& team) {
          try {
            save(team, path, 7);
          } catch (const CollectiveError& error) {
            ++told;
            EXPECT_NE(std::string(error.what()).find("No space left on device"), std::string::npos)
                << error.what();
          }
        });
      }
      const bool all_succeeded = made <= failing;
      EXPECT_TRUE(told == 0 || (told == ranks && !all_succeeded)) << "call " << failing;
      failures += told == 0 ? 0 : 1;
      on_ranks(2, [&](Team& team) {
        const Index newest = newest_whole(team, path);
        EXPECT_GE(newest, told == 0 ? 7 : 6) << "call " << failing;
        EXPECT_EQ(CheckpointFolder(team, path, 2).steps().front(), newest)
            << "call " << failing << ": what has its name is whole";
        save(team, path, 8);
        EXPECT_EQ(newest_whole(team, path), 8);
        save(team, path, 9);
        EXPECT_EQ(CheckpointFolder(team, path, 2).steps(), (std::vector<Index>{9, 8}));
      });
      if (!all_succeeded) continue;
      EXPECT_GE(failures, 12) << "calls that a save cannot do without";
      break;
    }
  }
}

}  // namespace
}  // namespace lockstep::trainer
