#pragma once
// Where a subtitle may be broken: the better the place, the lower the cost.
#include <string_view>

namespace ft {

/// Of a break between two neighbouring words as they are written: 0 after the end of a sentence; 0.3 after a comma or
/// the like; 0.5 before a word that begins a clause (och, men, att, som, eftersom …); 1 elsewhere; 2 where the two
/// belong together: after an article, a preposition, a possessive, the infinitive's "att" or a number ("en | bil",
/// "på | bordet", "3 | kr"). Swedish; other languages have their punctuation.
double break_cost(std::string_view before, std::string_view after);

/// "Hej!", "slut.", "…och då?": a sentence ends with it. "t.ex.", "kl.", "3." do not.
bool ends_sentence(std::string_view word);

}  // namespace ft
