#include "app/cli.hpp"

int main(int argc, char** argv) { return tide::run_cli(argc, argv); }
