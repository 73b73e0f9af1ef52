#pragma once
// fast-transcribe webhook verify|listen|secret: for people who build receivers.
#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "interruption.h"

namespace CLI {
class App;
}

namespace ft {

struct WebhookCommandParts {
    std::istream& in;
    std::ostream& out;  ///< what was found, the secret
    std::ostream& err;
    std::function<std::string(const char* name)> variable;  ///< of the environment; empty when unset
    const Clock& clock;
    Interruption& interruption;
    bool catch_signals = false;
};

/// Adds the subcommand. It runs inside app.parse(); ft::Error comes out of it. `exit_code` (which must live as long as
/// the parse, as must what the parts refer to) becomes 1 when a signature does not hold.
void add_webhook_command(CLI::App& app, const WebhookCommandParts& parts, int& exit_code);

}  // namespace ft
