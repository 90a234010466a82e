#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/data/data_hash.hpp"
#include "core/data/lsd_conversion.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/lsd_reader.hpp"
#include "core/data/lsd_writer.hpp"
#include "tests/core/data/data_files.hpp"

namespace lockstep::test {

// The four ways to an .lsd file, as `lockstep convert` goes them. All are *Collective*.

inline LsdFile opened(Team& team, TeamDirectory& folder, const std::string& name) {
  return open_lsd(team, folder.find(name));
}

inline LsdFile lsd_of_csv(Team& team, TeamDirectory& folder, const std::vector<InputFile>& files,
                          const CsvOptions& options = {}, const std::string& name = "a.lsd") {
  const CsvOptions all = csv_options_for_lsd(options);
  const auto sources = lsd_sources(folder / name, files);
  CsvTable csv = read_csv(team, files, all);
  const LsdHeader header = lsd_header_of(csv, all, sources);
  write_lsd(team, header, std::move(csv.table), folder / name);
  return opened(team, folder, name);
}

inline LsdFile lsd_of_npy(Team& team, TeamDirectory& folder, const std::vector<InputFile>& files,
                          const std::vector<InputFile>& labels = {},
                          const CsvOptions& options = {}) {
  const NpyOptions all = npy_options_for_lsd(options, !labels.empty());
  std::vector<InputFile> both = files;
  both.insert(both.end(), labels.begin(), labels.end());
  const auto sources = lsd_sources(folder / "a.lsd", both);
  NpyTable npy = read_npy(team, files, labels, all);
  const LsdHeader header = lsd_header_of(npy, all, sources);
  write_lsd(team, header, std::move(npy.table), folder / "a.lsd");
  return opened(team, folder, "a.lsd");
}

inline LsdFile lsd_of_idx(Team& team, TeamDirectory& folder, const std::vector<InputFile>& images,
                          const std::vector<InputFile>& labels) {
  std::vector<InputFile> both = images;
  both.insert(both.end(), labels.begin(), labels.end());
  const auto sources = lsd_sources(folder / "a.lsd", both);
  IdxTable idx = read_idx(team, images, labels, idx_options_for_lsd(!labels.empty()));
  const LsdHeader header = lsd_header_of(idx, sources);
  write_lsd(team, header, std::move(idx.table), folder / "a.lsd");
  return opened(team, folder, "a.lsd");
}

inline LsdFile lsd_of_libsvm(Team& team, TeamDirectory& folder,
                             const std::vector<InputFile>& files) {
  const auto sources = lsd_sources(folder / "a.lsd", files);
  LibsvmTable libsvm = read_libsvm(team, files, libsvm_options_for_lsd());
  const LsdHeader header = lsd_header_of(libsvm, sources);
  write_lsd(team, header, std::move(libsvm.table), folder / "a.lsd");
  return opened(team, folder, "a.lsd");
}

/// Expects the same rows and columns, to the bit, and the same places. *Collective*.
inline void expect_same(Team& team, const Table& found, const Table& expected) {
  expect_whole(team, found, expected.total_rows);
  EXPECT_EQ(found.features, expected.features);
  EXPECT_EQ(found.feature_names, expected.feature_names);
  EXPECT_EQ(found.feature_types.size(), expected.feature_types.size());
  for (std::size_t j = 0; j < std::min(found.feature_types.size(), expected.feature_types.size());
       ++j) {
    EXPECT_EQ(found.feature_types[j].kind, expected.feature_types[j].kind) << j;
    EXPECT_EQ(found.feature_types[j].categories, expected.feature_types[j].categories) << j;
  }
  EXPECT_EQ(found.target_kind, expected.target_kind);
  EXPECT_EQ(found.target_name(), expected.target_name());
  EXPECT_EQ(found.class_names, expected.class_names);
  EXPECT_EQ(found.weights.has_value(), expected.weights.has_value());
  EXPECT_EQ(found.values.index(), expected.values.index());
  EXPECT_EQ(data_hash(team, found), data_hash(team, expected));
}

}  // namespace lockstep::test
