#include "service/process_name.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace ft {

namespace {

std::string first_line(const std::string& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

/// Clock ticks from the machine's start to the process's; empty when there is none. Numbers of processes come again,
/// this pair does not.
std::string start_of(const std::string& process) {
    const std::string stat = first_line("/proc/" + process + "/stat");
    // The name, in brackets, may hold anything; 20 fields follow it before the start.
    const size_t end = stat.rfind(')');
    if (end == std::string::npos) return "";
    std::istringstream fields(stat.substr(end + 1));
    std::string field;
    for (int i = 0; i < 20; ++i) fields >> field;
    return fields ? field : "";
}

std::string host_name() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
    std::string text = name;
    for (char& c : text) {
        if (c == ':' || c == '/') c = '-';
    }
    return text;
}

std::string boot_name() {
    return first_line("/proc/sys/kernel/random/boot_id").substr(0, 8);
}

}  // namespace

std::string process_name() {
    const std::string process = std::to_string(::getpid());
    return host_name() + ":" + boot_name() + ":" + process + ":" + start_of(process);
}

bool is_gone(const std::string& name) {
    std::vector<std::string> parts;
    std::istringstream stream(name.substr(0, name.find('/')));
    for (std::string part; std::getline(stream, part, ':');) parts.push_back(part);
    if (parts.size() != 4 || parts[0] != host_name()) return false;
    const std::string boot = boot_name();
    if (parts[1].empty() || boot.empty() || parts[3].empty()) return false;
    int number = 0;
    const auto [end, error] = std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), number);
    if (error != std::errc() || end != parts[2].data() + parts[2].size() || number <= 0) return false;
    return parts[1] != boot || start_of(parts[2]) != parts[3];
}

}  // namespace ft
