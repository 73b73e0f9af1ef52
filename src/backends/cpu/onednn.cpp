// The only file that knows oneDNN.
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include "backends/cpu/engine.h"

namespace ft::cpu {

namespace {

/// oneDNN's OpenMP runtime may be GNU's or LLVM's, whichever the distribution linked: ask the one that is loaded.
bool keep_to_this_thread() {
    auto* set_threads = reinterpret_cast<void (*)(int)>(::dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (set_threads != nullptr) set_threads(1);
    return set_threads != nullptr;
}

}  // namespace

void sgemm(bool transposed, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
           float* c, int64_t ldc) {
    // Each thread of our pool calls with its own rows; oneDNN must not start a team of its own in each of them.
    thread_local const bool single = keep_to_this_thread();
    (void)single;
    const dnnl_status_t status = dnnl_sgemm('N', transposed ? 'T' : 'N', m, n, k, 1.0F, a, lda, b, ldb, 0.0F, c, ldc);
    if (status != dnnl_success) throw Error(ErrorCode::internal, "oneDNN refused a product of {}×{}×{}", m, n, k);
}

std::string onednn_version() {
    const dnnl_version_t& version = *dnnl_version();
    return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace ft::cpu
