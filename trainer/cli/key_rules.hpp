#pragma once

#include <map>
#include <string>

#include "core/base/options.hpp"
#include "core/data/table.hpp"

namespace lockstep::trainer {

/// Why the key `name` must not be given beside the other settings, or "" when it may: a key that
/// would have no effect (momentum for adam) or that contradicts another (penalty.l2 for an svm) is
/// an error rather than a surprise. The text reads "train.momentum: applies to …; remove it".
std::string key_objection(const Settings& settings, const std::string& name);

/// An mlp without model.loss predicts what it is given.
bool takes_any_target(const Settings& settings);

/// What the model of these settings predicts. What takes any target predicts numbers where
/// data.target names several columns, and classes otherwise.
TargetKind predicted_target(const Settings& settings);

/// The values that the model of these settings is a function of, name → canonical text: without the
/// keys that belong to other kinds of models, optimizers and so on.
std::map<std::string, std::string> options_of_model(const Settings& settings);

/// True when the key `name` stands in the file and what it belongs to was replaced on the command
/// line: the file's momentum, when the command line chooses adam.
bool is_overridden(const Settings& settings, const std::string& name);

}  // namespace lockstep::trainer
