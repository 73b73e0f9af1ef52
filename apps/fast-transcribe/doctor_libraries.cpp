// Libraries that doctor asks for their versions, at run time: they can differ from those built with.
#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/core.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
}

#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "doctor_facts.h"

namespace ft {

namespace {

struct CloseLibrary {
    void operator()(void* library) const { ::dlclose(library); }
};

template <typename Function>
Function* symbol(void* library, const char* name) {
    return reinterpret_cast<Function*>(::dlsym(library, name));
}

/// The driver's C interface, as far as it is used here: stable since CUDA 2.
struct CudaDriver {
    explicit CudaDriver(void* library)
        : init(symbol<int(unsigned)>(library, "cuInit")),
          version(symbol<int(int*)>(library, "cuDriverGetVersion")),
          count(symbol<int(int*)>(library, "cuDeviceGetCount")),
          get(symbol<int(int*, int)>(library, "cuDeviceGet")),
          name(symbol<int(char*, int, int)>(library, "cuDeviceGetName")),
          error_string(symbol<int(int, const char**)>(library, "cuGetErrorString")) {}

    bool complete() const { return init && version && count && get && name && error_string; }
    std::string text(int error) const {
        const char* sentence = nullptr;
        return error_string(error, &sentence) == 0 && sentence ? sentence : fmt::format("CUDA error {}", error);
    }

    int (*init)(unsigned);
    int (*version)(int*);
    int (*count)(int*);
    int (*get)(int*, int);
    int (*name)(char*, int, int);
    int (*error_string)(int, const char**);
};

void ask_driver(const CudaDriver& driver, DoctorFacts::Gpu& gpu) {
    int number = 0;
    if (driver.version(&number) == 0 && number > 0) gpu.cuda = fmt::format("{}.{}", number / 1000, number % 1000 / 10);
    int devices = 0;
    int error = driver.init(0);
    if (error == 0) error = driver.count(&devices);
    if (error != 0) {
        gpu.problem = driver.text(error);
        return;
    }
    for (int i = 0; i < devices; ++i) {
        char name[256] = "";
        int device = 0;
        if (driver.get(&device, i) == 0 && driver.name(name, sizeof name - 1, device) == 0)
            gpu.devices.emplace_back(name);
    }
}

}  // namespace

std::string parse_nvidia_version(std::string_view text) {
    // "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Fri …": the first word of digits and dots.
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
        const std::string_view word = text.substr(begin, end - begin);
        if (word.find('.') != std::string_view::npos && word.find_first_not_of("0123456789.") == std::string_view::npos)
            return std::string(word);
        begin = end + 1;
    }
    return "";
}

DoctorFacts::Gpu gather_gpu() {
    DoctorFacts::Gpu gpu;
    try {
        gpu.kernel_driver = parse_nvidia_version(read_file("/proc/driver/nvidia/version"));
    } catch (const Error&) {
        // No such driver.
    }
    const std::unique_ptr<void, CloseLibrary> library(::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL));
    gpu.has_driver_library = library != nullptr;
    if (!library) return gpu;
    const CudaDriver driver(library.get());
    if (driver.complete()) {
        ask_driver(driver, gpu);
    } else {
        gpu.problem = "libcuda.so.1 lacks functions of CUDA's driver";
    }
    return gpu;
}

std::vector<std::string> gather_libraries(const BackendInfo& backend) {
    const int fmt_version = FMT_VERSION;
    std::vector<std::string> libraries = {
        fmt::format("FFmpeg {}", av_version_info()),
        fmt::format("curl {}", curl_version_info(CURLVERSION_NOW)->version),
        fmt::format("OpenSSL {}", OpenSSL_version(OPENSSL_VERSION_STRING)),
        fmt::format("fmt {}.{}.{}", fmt_version / 10000, fmt_version % 10000 / 100, fmt_version % 100),
        fmt::format("spdlog {}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH),
    };
    if (!backend.libraries.empty()) libraries.insert(libraries.begin() + 1, backend.libraries);
    return libraries;
}

}  // namespace ft
