# SPDX-License-Identifier: Apache-2.0
# The GPU's side of duhdr on a GPU that is played by the CPU: what a CUDA build compiles in tensor/ and kernels/ and a
# build without CUDA does not, or otherwise, compiled as C++ against the headers in fake_gpu/include.
set(fake_gpu_sources)
foreach(pattern tensor/*.cu tensor/*_cuda.cpp tensor/allocator.cpp kernels/*.cu kernels/*_cuda.cpp kernels/*_cudnn.cpp
                kernels/*_cublas.cpp tests/fake_gpu/machine.cpp tests/fake_gpu/memory.cpp tests/fake_gpu/runtime.cpp
                tests/fake_gpu/convolution.cpp tests/fake_gpu/cudnn.cpp tests/fake_gpu/cublas.cpp)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${pattern})
  list(APPEND fake_gpu_sources ${found})
endforeach()
list(FILTER fake_gpu_sources EXCLUDE REGEX "_no_cuda")
set_source_files_properties(${fake_gpu_sources} PROPERTIES LANGUAGE CXX)
add_library(duhdr_fake_gpu OBJECT ${fake_gpu_sources})
target_include_directories(duhdr_fake_gpu PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/fake_gpu/include ${PROJECT_SOURCE_DIR})
target_compile_definitions(duhdr_fake_gpu PRIVATE DUHDR_OP_FILE DUHDR_WITH_CUDA DUHDR_FAKE_GPU)
target_compile_options(duhdr_fake_gpu PRIVATE ${DUHDR_CXX_FLAGS} -O1)  # compiled for tests alone: -O3 would cost more
set_source_files_properties(fake_gpu/convolution.cpp PROPERTIES COMPILE_OPTIONS -O3)

if(DUHDR_WITH_CUDA)
  add_library(duhdr_fake_gpu_headers OBJECT fake_gpu/headers_check.cpp)
  target_include_directories(duhdr_fake_gpu_headers PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(duhdr_fake_gpu_headers PRIVATE CUDA::cudart CUDNN::cudnn)
endif()

# duhdr_fake_gpu_test(name sources... DEPENDS ...): a program on the fake GPU, and one CTest test for each of two seeds;
# whole networks, which take minutes and know one stream, have one.
# The objects of duhdr_fake_gpu define all that their likes in the libraries do, so that the linker takes none of those;
# nor, where there is CUDA, the real libraries.
function(duhdr_fake_gpu_test name)
  duhdr_executable(${name} $<TARGET_OBJECTS:duhdr_fake_gpu> ${ARGN})
  target_include_directories(${name} BEFORE PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/fake_gpu/include)
  target_link_options(${name} PRIVATE LINKER:--as-needed)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  string(REGEX REPLACE "_test$" "" area ${name})
  set(seeds 1 2)
  if(area MATCHES "network")
    set(seeds 1)
  endif()
  foreach(seed IN LISTS seeds)
    add_test(NAME ${area}_${seed} COMMAND ${name})
    set_tests_properties(${area}_${seed} PROPERTIES LABELS fake_gpu ENVIRONMENT DUHDR_FAKE_GPU_SEED=${seed})
  endforeach()
endfunction()
