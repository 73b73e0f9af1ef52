#pragma once
// What an hour of this machine costs.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/machine.h"
#include "aws/session.h"

namespace ft {

struct PriceSources {
    std::optional<double> given;  ///< USD an hour, by option
    std::string parameter;        ///< of SSM: USD an hour on demand, as a number; empty: none
};

/// Given, or the spot price of now in the machine's zone, or the parameter's. Nothing when it is not known: no figure
/// is better than a wrong one. Why not, is logged. Throws nothing of ft::Error.
std::optional<double> find_price(const PriceSources& sources, const Machine& machine,
                                 const std::shared_ptr<aws::Session>& session);

/// A positive number of USD an hour; nothing when it is none.
std::optional<double> parse_price(const std::string& text);

}  // namespace ft
