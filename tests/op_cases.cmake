# SPDX-License-Identifier: Apache-2.0
# duhdr_op_cases: the op case table, shared by several tests and by the benchmark.
include_guard(GLOBAL)
file(GLOB case_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/op_cases*.cpp)
add_library(duhdr_op_cases STATIC ${case_files})
target_link_libraries(duhdr_op_cases PUBLIC duhdr_kernels)
target_compile_options(duhdr_op_cases PRIVATE ${DUHDR_CXX_FLAGS})
