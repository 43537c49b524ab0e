# SPDX-License-Identifier: Apache-2.0
# Libraries that tests share: duhdr_test_cases (tests/cases: operations, networks and training steps with the inputs
# that tests and benchmarks give them) and duhdr_test_support (tests/support: running programs, making files).
include_guard(GLOBAL)
function(duhdr_test_library name folder)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${folder}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
  target_compile_options(${name} PRIVATE ${DUHDR_CXX_FLAGS})
  target_compile_definitions(${name} PUBLIC DUHDR_TEST_DATA="${CMAKE_CURRENT_FUNCTION_LIST_DIR}"
                                            DUHDR_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                            DUHDR_BINARY_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endfunction()
duhdr_test_library(duhdr_test_cases cases DEPENDS duhdr_train duhdr_infer)
