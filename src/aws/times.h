#pragma once
// Points in time as the services write them. All are UTC.
#include <optional>
#include <string>
#include <string_view>

#include "aws/surroundings.h"

namespace ft::aws {

/// "20150830T123600Z", as signatures want it.
std::string basic_time(TimePoint time);
/// "2015-08-30T12:36:00Z"
std::string iso_time(TimePoint time);
/// "2015-08-30T12:36:00Z", "…00.000Z", "…+00:00" (other zones too); nothing when it is none.
std::optional<TimePoint> parse_iso_time(std::string_view text);
/// "Sun, 30 Aug 2015 12:36:00 GMT" and HTTP's older forms; nothing when it is none.
std::optional<TimePoint> parse_http_time(const std::string& text);

}  // namespace ft::aws
