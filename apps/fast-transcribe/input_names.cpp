#include "input_names.h"

#include <filesystem>

namespace ft {

std::string shown_name(const std::string& input) {
    return input == "-" ? "stdin" : input;
}

std::string with_name(const std::string& input, const std::string& reason) {
    const std::string name = shown_name(input);
    for (const std::string& prefix : {input + ": ", name + ": "}) {
        if (reason.compare(0, prefix.size(), prefix) == 0) return name + ": " + reason.substr(prefix.size());
    }
    return name + ": " + reason;
}

std::string early_reason(const std::string& input) {
    if (input == "-") return "";
    std::error_code error;
    const auto status = std::filesystem::status(input, error);
    if (status.type() == std::filesystem::file_type::not_found) return "there is no such file";
    if (error) return "cannot be opened: " + error.message();
    if (std::filesystem::is_directory(status)) return "is a folder; name the files in it, e.g. " + input + "/*";
    return "";
}

}  // namespace ft
