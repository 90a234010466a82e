#include "trainer/program.hpp"

int main(int argc, char** argv) {
  return lockstep::trainer::run_program(std::vector<std::string>(argv + 1, argv + argc));
}
