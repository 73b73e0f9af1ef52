#pragma once
// The end of a machine.
#include <cstdint>
#include <string>
#include <vector>

namespace ft {

/// "systemctl poweroff" → its words; blanks divide, and no shell reads it. "none" → nothing.
std::vector<std::string> parse_power_off(const std::string& command);

/// Runs it and waits at most `longest_ms` for its end. False, with a line in the log, when it could not be run or ended
/// with another code than 0: then the machine's timers do it.
bool power_off(const std::vector<std::string>& command, int64_t longest_ms = 10000);

}  // namespace ft
