#include <cstdlib>
#include <ctime>

#include "app/cli.hpp"

int main(int argc, char** argv) {
    // Times are India's or UTC, never those of the machine's place; strftime, which scripts reach by os.date, asks.
    ::setenv("TZ", "UTC0", 1);
    ::tzset();
    return tide::run_cli(argc, argv);
}
