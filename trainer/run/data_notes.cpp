#include "trainer/run/data_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/csv_fields.hpp"

namespace lockstep::trainer {
namespace {

std::string note_text(const CsvColumnNote& note) {
  const std::string column =
      fmt::format("{}: column {}", note.place, lockstep::quoted(note.column));
  const std::string example = ", the first " + lockstep::quoted(note.example) + ",";
  if (note.unknown > 0) {
    return fmt::format("{}: {} cells of categories that the training data does not have{} are {}",
                       column, note.unknown, example, unknown_are(note.unknown_are));
  }
  const bool odd_numbers = note.numbers < note.texts;
  return fmt::format(
      "{}: {} numbers{} and {} other texts{} are taken as categories; a missing cell is an empty "
      "one",
      column, note.numbers, odd_numbers ? example : "", note.texts, odd_numbers ? "" : example);
}

void warn(const Session& session, const std::string& place, const std::string& text) {
  if (session.data_warnings != nullptr) {
    session.data_warnings->push_back({place, text});
  } else {
    say(session, fmt::format("warning: {}: {}", place, text));
  }
}

void warn_of_extra_columns(const Session& session, const std::string& path,
                           const std::vector<std::string>& columns) {
  if (columns.empty()) return;
  warn(session, path,
       fmt::format("the model does not know, and leaves out, {}",
                   lockstep::quoted(fmt::format("{}", fmt::join(columns, ", ")))));
}

void warn_of_notes(const Session& session, const std::vector<CsvColumnNote>& notes) {
  if (!session.reports_columns) return;
  for (const CsvColumnNote& note : notes) say(session, "warning: " + note_text(note));
}

/// Of columns that a first line names.
void warn_of_names(const Session& session, const std::string& path,
                   const std::vector<std::string>& names) {
  const bool are_numbers = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    double ignored = 0;
    return parse_csv_number(name, ignored);
  });
  if (!are_numbers) return;
  warn(session, path,
       fmt::format("the first line names the columns, and these are numbers: "
                   "{}; if it is a row, set data.header = no",
                   lockstep::quoted(fmt::format("{}", fmt::join(names, ", ")))));
}

void warn_of_left_out(const Session& session, const AllLeftOut& left_out, Index features) {
  if (left_out.cells == 0) return;
  warn(session, left_out.place,
       fmt::format("{} cells in features beyond the model's {} are left out, "
                   "the first of index {}",
                   left_out.cells, features, left_out.index));
}

}  // namespace

std::string unknown_are(CsvUnknown unknown) {
  return unknown == CsvUnknown::kept ? "0 in all features of the column" : "taken as missing";
}

void warn_of_npy(const Session& session, const std::string& path, const NpyTable& npy) {
  warn_of_extra_columns(session, path, npy.extra_columns);
  warn_of_notes(session, npy.notes);
}

void warn_of_libsvm(const Session& session, const std::string& path, const LibsvmTable& libsvm,
                    bool has_schema) {
  // A model of such files has told its base already; of others it is a guess.
  if (session.settings.is_word("data.index_base", "auto") &&
      (has_schema || libsvm.index_base == 0)) {
    say(session, fmt::format("{}: indices begin at {} (data.index_base)", path, libsvm.index_base));
  }
  if (!libsvm.widest_place.empty()) {
    warn(session, libsvm.widest_place,
         fmt::format("the index {} makes {} features, more than there are cells; "
                     "each takes some 0.5 KB of memory on each rank",
                     libsvm.table.features - 1 + libsvm.index_base, libsvm.table.features));
  }
  warn_of_left_out(session, libsvm.left_out, libsvm.table.features);
}

void warn_of_lsd(const Session& session, const std::string& path, const LsdHeader& header,
                 const LsdTable& lsd, bool has_schema) {
  warn_of_extra_columns(session, path, lsd.extra_columns);
  warn_of_notes(session, lsd.notes);
  warn_of_left_out(session, lsd.left_out, lsd.table.features);
  if (!has_schema && header.has_header) warn_of_names(session, path, lsd.table.feature_names);
}

void warn_of_csv(const Session& session, const std::string& path, const CsvTable& csv,
                 bool has_schema, bool tells_columns) {
  const Settings& settings = session.settings;
  if (settings.is_word("data.delimiter", "auto") && csv.dialect.delimiter != ',') {
    say(session, fmt::format("{}: columns are separated by {} (data.delimiter)", path,
                             delimiter_name(csv.dialect.delimiter)));
  }
  if (settings.is_word("data.header", "auto") && !csv.dialect.has_header && !has_schema) {
    say(session, fmt::format("{}: the first line is taken for a row, and columns are named c0, c1, "
                             "…; set data.header = yes if it names them",
                             path));
  }
  if (csv.dialect.is_doubtful && !has_schema) {
    warn(
        session, path,
        "the first line names the columns, and a name is a cell below it, too; if it is a row, set "
        "data.header = no");
  }
  warn_of_extra_columns(session, path, csv.extra_columns);
  if (!csv.unnamed_last.empty() && !has_schema) {
    warn(session, csv.unnamed_last,
         fmt::format("the header ends with {}, so its last column has no name; "
                     "remove it, or leave the column out (data.ignore)",
                     delimiter_name(csv.dialect.delimiter)));
  }
  if (!tells_columns) return;
  warn_of_notes(session, csv.notes);
  if (!has_schema && csv.dialect.has_header) warn_of_names(session, path, csv.table.feature_names);
}

}  // namespace lockstep::trainer
