# SPDX-License-Identifier: Apache-2.0
# What can be switched, and how every target of the project is compiled.
set(DUHDR_CUDA AUTO CACHE STRING "CUDA back end: AUTO (when nvcc and cuDNN are found), ON or OFF")
set_property(CACHE DUHDR_CUDA PROPERTY STRINGS AUTO ON OFF)
set(DUHDR_CUDA_ARCHITECTURES "80-real;90" CACHE STRING "GPU architectures of the CUDA build")
option(DUHDR_WERROR "Treat warnings as errors" OFF)
option(DUHDR_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(DUHDR_TESTS "Build the tests" ON)
option(DUHDR_BENCH "Build the benchmarks" ON)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
find_program(DUHDR_CCACHE ccache)
if(DUHDR_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DUHDR_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${DUHDR_CCACHE})
endif()

# No fused multiply-adds that the compiler invents: the same text gives the same bits on every build of one
# machine. Nobody asks errno or the exception flags about arithmetic, so loops with roots and comparisons become vectors.
# x86-64-v3 (AVX2, 2013 and later) is the oldest x86 processor that is supported.
set(DUHDR_CXX_FLAGS -Wall -Wextra -Wconversion -Wshadow -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND DUHDR_CXX_FLAGS -march=x86-64-v3)
endif()
if(DUHDR_WERROR)
  list(APPEND DUHDR_CXX_FLAGS -Werror)
endif()
if(DUHDR_SANITIZE)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined>
                      $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all> -g1)
  add_link_options(-fsanitize=address,undefined)
endif()
