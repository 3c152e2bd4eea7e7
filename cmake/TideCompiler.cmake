# One interface target carries every compiler and linker choice.
set(TIDE_SANITIZE "" CACHE STRING "value for -fsanitize, empty for none")
option(TIDE_FUZZ "build the libFuzzer targets only (clang)" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Assertions state invariants and stay on in release (core/assert.hpp); line tables keep back traces readable.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # What it must be told of precompiled headers (ccache's manual).
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_library(tide_compiler INTERFACE)
target_compile_options(tide_compiler INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -fno-omit-frame-pointer -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_compile_options(tide_compiler INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
# Doubles must give the same digits on every machine: no contraction into fused operations, no fast-math.
target_compile_options(tide_compiler INTERFACE -ffp-contract=off)
if(TIDE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(TIDE_SANITIZE)
  add_compile_options(-fsanitize=${TIDE_SANITIZE} -fno-sanitize-recover=all)
  # g++ reports members of an empty optional here that it knows to be unused without the instrumentation.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${TIDE_SANITIZE})
endif()
# Whole-program optimisation of what works on every event (docs/decisions/hot-path.md). The objects are whole without it
# too, so that tests link as fast as ever; only programs whose speed matters link with tide_whole_program.
option(TIDE_WHOLE_PROGRAM "optimise the engine and the benchmarks across files (g++, Release)" ON)
add_library(tide_hot INTERFACE)
add_library(tide_whole_program INTERFACE)
if(TIDE_WHOLE_PROGRAM AND CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
    AND NOT TIDE_SANITIZE AND NOT TIDE_FUZZ)
  # Of small functions the frame pointer is a good part; back traces read the unwind tables.
  target_compile_options(tide_hot INTERFACE -flto=auto -ffat-lto-objects -fomit-frame-pointer)
  add_link_options(-fno-lto)  # the compiler's linker plugin would take the objects up by itself
  # The linking compiler sees inlined string code as if it could overflow; compiling each file has checked it.
  target_link_options(tide_whole_program INTERFACE -O2 -flto=auto -Wno-stringop-overflow)
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# What nearly every file includes anyway, read once for all targets that are compiled with the same options: a third of a
# clean build's time. Files still name what they use.
set(TIDE_COMMON_HEADERS <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <span> <string> <string_view>
  <variant> <vector> <fmt/format.h>)
# tide_precompile(TARGET GROUP [HEADER…]): GROUP names targets with equal options; its first one makes the header.
function(tide_precompile target group)
  get_property(maker GLOBAL PROPERTY TIDE_PRECOMPILED_${group})
  if(maker)
    target_precompile_headers(${target} REUSE_FROM ${maker})
  else()
    set_property(GLOBAL PROPERTY TIDE_PRECOMPILED_${group} ${target})
    target_precompile_headers(${target} PRIVATE ${TIDE_COMMON_HEADERS} ${ARGN})
  endif()
endfunction()
