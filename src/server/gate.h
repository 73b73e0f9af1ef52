#pragma once
// What every request passes on its way to its route: is it a page's that may ask, has it a key, are there too many.
#include <optional>

#include "base/clock.h"
#include "server/access.h"
#include "server/api.h"
#include "server/audio_ticket.h"
#include "server/metrics.h"
#include "server/router.h"

namespace ft {

struct GateOptions {
    std::optional<ApiKeys> keys;  ///< nothing: everybody may ask who reaches us by a loopback name
    int most_at_once = 64;        ///< requests of one client
};

/// Any thread may call any function.
class Gate {
  public:
    /// `router` and what follows outlive the gate.
    Gate(GateOptions options, const Router& router, Metrics& metrics, const AudioTickets& tickets, const Clock& clock);

    /// Never throws; fills in request.client.
    ApiReply handle(ApiRequest& request);

  private:
    ApiReply pass(ApiRequest& request);
    std::string client_of(const ApiRequest& request) const;

    const GateOptions options_;
    const Router& router_;
    Metrics& metrics_;
    const AudioTickets& tickets_;
    const Clock& clock_;
    ClientLimits clients_;
};

}  // namespace ft
