#pragma once
// Python packages that judge us, where scripts/moto.sh has put them.
#include <string>
#include <vector>

namespace ft {

bool has_python_package(const std::string& name);

/// What a script of this folder prints; its complaints go where the test's go. Arguments have no quotes in them.
std::string output_of_python(const std::string& script, const std::vector<std::string>& arguments);

}  // namespace ft
