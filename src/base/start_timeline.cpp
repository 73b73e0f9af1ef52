#include "base/start_timeline.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace ft {

double process_age_s() {
    std::ifstream file("/proc/self/stat");
    const std::string stat{std::istreambuf_iterator<char>(file), {}};
    // The program's name, in parentheses, may hold anything; the start is the twentieth field behind it.
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(stat.substr(name_end + 1));
    const std::vector<std::string> values{std::istream_iterator<std::string>(fields), {}};
    constexpr size_t start_field = 19;
    if (values.size() <= start_field) return 0;
    const double start_s =
        std::strtod(values[start_field].c_str(), nullptr) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const double age_s = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 - start_s;
    // Kernels that only look like Linux say 0 for every process; a script may have built the program before it became
    // it.
    constexpr double implausible_s = 5;
    return age_s > 0 && age_s < implausible_s && start_s > 0 ? age_s : 0;
}

bool StartTimeline::reached(std::string_view name, std::string_view after) noexcept try {
    const double at_s = now_s();
    const std::lock_guard lock(mutex_);
    const auto is_known = [&](std::string_view wanted) {
        return std::any_of(moments_.begin(), moments_.end(), [&](const Moment& m) { return m.name == wanted; });
    };
    if (is_known(name) || (!after.empty() && !is_known(after))) return false;
    moments_.push_back({std::string(name), at_s});
    return true;
} catch (...) {
    return false;  // out of memory: whoever starts something has worse to worry about
}

std::vector<StartTimeline::Moment> StartTimeline::moments() const {
    std::vector<Moment> sorted;
    {
        const std::lock_guard lock(mutex_);
        sorted = moments_;
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const Moment& a, const Moment& b) { return a.at_s < b.at_s; });
    return sorted;
}

std::string StartTimeline::text() const {
    std::string text;
    for (const Moment& moment : moments())
        text += fmt::format("{}{} {:.2f} s", text.empty() ? "" : ", ", moment.name, moment.at_s);
    return text;
}

StartTimeline& start_timeline() {
    static StartTimeline timeline(process_age_s());
    return timeline;
}

}  // namespace ft
