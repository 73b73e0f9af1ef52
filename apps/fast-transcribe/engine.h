#pragma once
// The engine behind the command: the model found, prepared, loaded, and its provenance in the results.
#include <memory>

#include "command.h"
#include "service/engine.h"

namespace ft {

/// Everything from the model's name to a loaded Transcriber, for the one run of a process: its transcript tells how
/// long the start took (base/start_timeline.h).
MakeEngine make_engine_factory();

/// The same for the service, which asks for windows and plans as well.
std::shared_ptr<Engine> load_engine(const EngineOptions& options, const Notice& notice);

}  // namespace ft
