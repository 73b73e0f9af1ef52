#include "backends/device_choice.h"

#include "backends/self_check.h"
#include "base/error.h"
#include "base/start_timeline.h"

namespace ft {

namespace {

/// What runs on this very processor was tested when it was built; a GPU's driver and chip come from elsewhere.
std::unique_ptr<Backend> open_checked(const BackendOptions& options, const MakeBackend& make) {
    std::unique_ptr<Backend> backend = make(options);
    if (options.name == "cpu" || options.name == "reference") return backend;
    check_arithmetic(*backend);
    start_timeline().reached("self_check");
    return backend;
}

bool is_the_devices_fault(const Error& error) {
    return error.code() == ErrorCode::unsupported || error.code() == ErrorCode::out_of_memory ||
           error.code() == ErrorCode::device_lost || error.code() == ErrorCode::internal;
}

}  // namespace

std::string use_backend(const BackendOptions& first, const std::optional<BackendOptions>& otherwise,
                        const UseBackend& use, const MakeBackend& make) {
    std::string why;
    try {
        use(open_checked(first, make));
        return why;
    } catch (const Error& error) {
        if (!otherwise || !is_the_devices_fault(error)) throw;
        why = error.what();
    }
    use(open_checked(*otherwise, make));
    return why;
}

}  // namespace ft
