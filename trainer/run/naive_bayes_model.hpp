#pragma once

#include <memory>
#include <string>

#include "core/format/safetensors.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/run/model.hpp"

namespace lockstep::trainer {

/// A naive Bayes classifier with what else its file keeps. Scores are ln P(y, x), so that their
/// softmax is the posterior and cross-entropy is its negative logarithm.
class NaiveBayesModel final : public Model {
 public:
  NaiveBayesModel(ModelDescription description, const NaiveBayesOptions& options,
                  NaiveBayes classifier);

  const ModelDescription& description() const override { return description_; }
  std::vector<CsvFeatureRules> feature_rules() const override { return {}; }
  const Scorer& scorer() const override { return scorer_; }
  Index parameter_count() const override;
  double penalty() const override { return 0; }
  /// Throws DataError for a row whose scores are not finite, naming the value.
  void visit_scores(const Table& table, int threads, const ScoreVisitor& visit) const override;
  std::vector<std::pair<std::string, std::string>> facts() const override;
  nlohmann::ordered_json json_facts() const override;

  /// The parameters as the file stores them: `log_prior` (K), `mean` and `variance` (numbers × K)
  /// and `log_probability.J` (categories × K) for each feature J of categories, all in double.
  /// They show memory of this model.
  std::vector<TensorView> tensors() const;

  /// Equal models give equal bytes. Rank-local.
  void save(const std::string& path) const;

 private:
  ModelDescription description_;
  NaiveBayesOptions options_;
  NaiveBayes classifier_;
  Scorer scorer_;
};

/// Whether a model file holds one.
bool is_naive_bayes(const SafetensorsFile& file);

/// The classifier in a file. Throws DataError, or nlohmann's exceptions, when the file is damaged.
std::unique_ptr<Model> read_naive_bayes(const SafetensorsFile& file);

}  // namespace lockstep::trainer
