#include "trainer/run/check_unknown.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "core/base/error.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/run/data_notes.hpp"
#include "trainer/run/preprocessing.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

/// What the training makes of unknown categories, column by column.
class UnknownFate {
 public:
  UnknownFate(const Settings& settings, const Table& train)
      : is_naive_bayes_(settings.text("model.type") == kNaiveBayesName) {
    if (!is_naive_bayes_) options_ = choose_columns(settings, train.feature_names).options;
  }

  bool has_a_place_for_each(std::size_t feature) const {
    return !is_naive_bayes_ && options_[feature].encode == Encoding::hash;
  }
  bool is_refused(std::size_t feature) const { return becomes(feature) == CsvUnknown::refused; }

  /// What ends a message about so many of them: ", are taken as missing".
  std::string text(std::size_t feature, std::int64_t cells) const {
    const bool is_text_refused = !is_naive_bayes_ && options_[feature].encode == Encoding::none;
    if (is_text_refused) return "";
    const std::string are = cells == 1 ? "is" : "are";
    if (!is_refused(feature)) return fmt::format(", {} {}", are, unknown_are(becomes(feature)));
    const bool is_asked_for = options_[feature].unknown == UnknownCategory::error;
    return fmt::format(", {} refused; {}", are,
                       is_asked_for ? "set preprocess.unknown = zero to take them"
                                    : "ordinal takes them as missing, so set preprocess.impute");
  }

 private:
  CsvUnknown becomes(std::size_t feature) const {
    if (is_naive_bayes_) return CsvUnknown::missing;
    const ColumnOptions& options = options_[feature];
    return unknown_for(options.encode, options.unknown, options.impute != Imputation::none);
  }

  bool is_naive_bayes_;
  std::vector<ColumnOptions> options_;
};

/// Findings about columns: errors where the training refuses the cells.
class UnknownFindings {
 public:
  UnknownFindings(const Settings& settings, const Table& train)
      : train_(train), fate_(settings, train) {}

  bool is_of(std::size_t feature) const { return !fate_.has_a_place_for_each(feature); }
  /// @param what  "2 test cells of 2 categories"
  void add(std::size_t feature, std::int64_t cells, const std::string& what,
           const std::string& example, std::vector<std::string> places) {
    (fate_.is_refused(feature) ? refused_ : taken_)
        .push_back({train_.feature_names[feature],
                    fmt::format("{} that no training row has, the first {}{}", what,
                                lockstep::quoted(example), fate_.text(feature, cells)),
                    std::move(places)});
  }
  void move_to(Findings& findings) const {
    findings.add_columns(Severity::error, "unknown", refused_);
    findings.add_columns(Severity::warning, "unknown", taken_);
  }

 private:
  const Table& train_;
  UnknownFate fate_;
  std::vector<ColumnFinding> refused_;
  std::vector<ColumnFinding> taken_;
};

}  // namespace

void check_unknown_of_test(Session& session, const Table& train, const Table& test,
                           const std::vector<ColumnDrift>& drifts, Findings& findings) {
  UnknownFindings found(session.settings, train);
  for (std::size_t j = 0; j < drifts.size(); ++j) {
    const UnknownCategories& unknown = drifts[j].unknown;
    if (unknown.cells == 0 || !found.is_of(j)) continue;
    const std::string categories =
        unknown.categories == 1 ? "a category" : fmt::format("{} categories", unknown.categories);
    found.add(j, unknown.cells,
              fmt::format("{} of {}", plural(unknown.cells, "test cell"), categories),
              unknown.example,
              places_of(session.team, test, {unknown.first_row}, {static_cast<Index>(j)}));
  }
  found.move_to(findings);
}

void check_unknown_of_split(const Session& session, const Table& train,
                            const std::vector<UnknownCells>& unknown, Findings& findings) {
  UnknownFindings found(session.settings, train);
  for (const UnknownCells& cells : unknown) {
    if (!found.is_of(cells.feature)) continue;
    found.add(cells.feature, cells.cells,
              fmt::format("{} of rows that were split off, of {}", plural(cells.cells, "cell"),
                          cells.cells == 1 ? "a category" : "categories"),
              cells.first, {cells.place});
  }
  found.move_to(findings);
}

}  // namespace lockstep::trainer
