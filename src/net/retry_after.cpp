#include "net/retry_after.h"

#include <curl/curl.h>

#include <algorithm>
#include <string>

namespace ft {

std::optional<std::chrono::seconds> retry_after(const HttpResponse& response, std::time_t now) {
    const std::string text = response.header("retry-after");
    if (text.empty()) return std::nullopt;
    constexpr long long kDay = 86400;
    if (text.find_first_not_of("0123456789") == std::string::npos) {
        return std::chrono::seconds(text.size() > 6 ? kDay : std::min<long long>(std::stoll(text), kDay));
    }
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    return std::chrono::seconds(std::clamp<long long>(static_cast<long long>(date) - now, 0, kDay));
}

}  // namespace ft
