// Any bytes are an error of a service, XML, times and values, or are none: nothing crashes, and what is read keeps its
// limits. The first byte chooses the status.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "aws/attribute_json.h"
#include "aws/instance_metadata.h"
#include "aws/service_error.h"
#include "aws/times.h"
#include "aws/xml.h"

namespace {

bool is_tidy(const std::string& text, size_t longest) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    return text.size() <= longest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    ft::HttpResponse response;
    response.status = 200 + data[0] * 2;
    response.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    const ft::aws::ServiceError error = ft::aws::read_service_error(response);
    if (error.code.empty() || !is_tidy(error.code, 100) || !is_tidy(error.message, 600)) std::abort();
    ft::aws::category_of(error, response.status);
    ft::aws::is_error_in_disguise(response.body);
    ft::aws::parse_xml(response.body);
    ft::aws::parse_iso_time(response.body);
    try {
        const auto item = ft::aws::item_from_json(nlohmann::json::parse(response.body, nullptr, false));
        if (!(ft::aws::item_from_json(ft::aws::item_to_json(item)) == item)) std::abort();
    } catch (const ft::Error& refused) {
        if (refused.code() != ft::ErrorCode::network) std::abort();
    }
    try {
        ft::aws::parse_role_credentials(response.body, "fuzz");
    } catch (const ft::Error&) {
    }
    return 0;
}
