#pragma once
// Texts made comparable: what is left is words in lower case.
#include <string>
#include <string_view>
#include <vector>

namespace ft {

/// Lower case, compatibility forms (NFKC) of Latin, Greek and Cyrillic; combining marks that form no letter and
/// invisible signs go; every other sign that is neither letter nor number separates words, so "EU-land" is two.
std::vector<std::string> comparable_words(std::string_view text);

}  // namespace ft
