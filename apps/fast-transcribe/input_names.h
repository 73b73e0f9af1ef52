#pragma once
// Inputs as messages name them, and what their names tell.
#include <string>

namespace ft {

/// "-" is called stdin.
std::string shown_name(const std::string& input);

/// "FILE: reason", where many reasons name the file already.
std::string with_name(const std::string& input, const std::string& reason);

/// Why an input cannot be read, as far as its name tells; empty when nothing speaks against it. Said before the work on
/// the others begins, as a mistyped name should not be found out an hour later.
std::string early_reason(const std::string& input);

}  // namespace ft
