#include "trainer/commands/commands.hpp"
#include "trainer/run/train_model.hpp"

namespace lockstep::trainer {

void train(Session& session) { train_run(session); }

}  // namespace lockstep::trainer
