#pragma once
// Which model a run takes.
#include <functional>
#include <string>

#include "command.h"
#include "model_store/model_store.h"

namespace ft {

/// The model to use. `given` empty: kb-whisper-small, else whisper-base with a notice of what that costs.
/// `locate` finds a name on this machine or throws Error{not_found}. Throws Error.
LocatedModel choose_model(const std::string& given, const std::function<LocatedModel(const std::string&)>& locate,
                          const Notice& notice);

}  // namespace ft
