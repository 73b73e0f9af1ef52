#pragma once
// What a server says of its jobs, as lines for people.
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ft {

/// One line: id, state, when it was made, how far it is, the recording's name.
std::string job_line(const nlohmann::json& job);
/// All that there is to know, a line each: "state      running".
std::string job_text(const nlohmann::json& job);
/// A message to a callback, and a line for each of its tries.
std::string delivery_text(const nlohmann::json& delivery);

}  // namespace ft
