#pragma once

#include "trainer/run/session.hpp"

namespace lockstep::trainer {

// One function a command, one file each. All are *Collective*: they throw alike on all ranks, or
// return on all. Results go to standard output and files, everything else to standard error.

void train(Session& session);
void cross_validate(Session& session);
void sweep(Session& session);
void verify(Session& session);
void rerun(Session& session);
void bisect(Session& session);
void evaluate(Session& session);
void predict(Session& session);
void inspect(Session& session);
void generate_data(Session& session);
void check(Session& session);
void convert_data(Session& session);
void describe(Session& session);
void decompose(Session& session);

}  // namespace lockstep::trainer
