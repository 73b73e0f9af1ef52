#pragma once
// Flags of other Whisper programs whose part is not built yet: accepted where they ask for what happens anyway, refused
// with a sentence otherwise, so that nobody waits an hour for a result that ignored what was asked.
#include <vector>

#include "flags.h"

namespace ft {

std::vector<Flag> unbuilt_flags();

}  // namespace ft
