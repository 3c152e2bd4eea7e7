#include <benchmark/benchmark.h>

// States what the numbers were measured with; google-benchmark adds the machine and the date.
int main(int argc, char** argv) {
    benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
    benchmark::AddCustomContext("build", TIDE_BUILD_TYPE " (see cmake/TideCompiler.cmake)");
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
