#pragma once
// The files ~/.aws/credentials and ~/.aws/config.
#include <map>
#include <string>
#include <string_view>

#include "aws/surroundings.h"

namespace ft::aws {

using Profile = std::map<std::string, std::string>;  ///< property → value, names in lower case
using ProfileFile = std::map<std::string, Profile>;  ///< section as written between the brackets → profile

/// Throws Error{invalid_argument} naming `name` and the line; what stands in the line is never repeated.
ProfileFile parse_profile_file(std::string_view text, const std::string& name);

struct ChosenProfile {
    std::string name;        ///< AWS_PROFILE or "default"
    bool asked_for = false;  ///< AWS_PROFILE is set
    bool found = false;      ///< in either file
    Profile values;          ///< of both files; the credentials file wins
    std::string searched;    ///< the two paths, for messages
};

/// Files that do not exist are empty. Throws as above, and Error{permission, io} for unreadable files.
ChosenProfile read_profile(const Surroundings& surroundings);

/// AWS_REGION, AWS_DEFAULT_REGION, the profile's; else eu-north-1. Throws Error{invalid_argument} for what is none.
std::string configured_region(const Surroundings& surroundings);

}  // namespace ft::aws
