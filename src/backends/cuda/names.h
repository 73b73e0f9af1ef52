#pragma once
// The same sources are compiled twice: by nvcc for the GPU, and as plain C++ against the stand-in of tests. Each has a
// namespace of its own, so that one program can hold both.
#ifdef FT_CUDA_STANDIN
#define FT_GPU cuda_standin
#else
#define FT_GPU cuda
#endif
