// SPDX-License-Identifier: Apache-2.0
// DUHDR_HD marks a formula that runs on the host and, in a CUDA build, on the device: one text, two compilers.
#pragma once

#if defined(__CUDACC__)
#define DUHDR_HD __host__ __device__ __forceinline__
#else
#define DUHDR_HD inline
#endif
