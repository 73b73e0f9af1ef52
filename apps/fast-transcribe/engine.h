#pragma once
// The engine behind the command: the model found, prepared, loaded, and its provenance in the results.
#include <memory>

#include "command.h"
#include "service/engine.h"

namespace ft {

/// Everything from the model's name to a loaded Transcriber. `now_s` as in Environment; `started_s` on that clock is
/// when the process began, for the time until the model was ready.
MakeEngine make_engine_factory(std::function<double()> now_s, double started_s);

/// The same for the service, which asks for windows and plans as well.
std::shared_ptr<Engine> load_engine(const EngineOptions& options, const Notice& notice);

}  // namespace ft
