#include "agent/price.h"

#include "aws/ec2_client.h"
#include "aws/ssm_client.h"
#include "base/error.h"
#include "base/log.h"
#include "base/user_input.h"

namespace ft {

namespace {

constexpr double highest_price = 1000;  // of any machine of EC2, with room for more

std::optional<double> ask(const PriceSources& sources, const Machine& machine,
                          const std::shared_ptr<aws::Session>& session) {
    if (machine.life_cycle == "spot" && !machine.type.empty() && !machine.zone.empty())
        return aws::Ec2Client(session).spot_price(machine.type, machine.zone);
    if (sources.parameter.empty()) return std::nullopt;
    const auto parameter = aws::SsmClient(session).get_parameter(sources.parameter);
    if (!parameter) return std::nullopt;
    const auto price = parse_price(parameter->value);
    if (!price) spdlog::warn("the parameter {} is no price; write USD an hour into it", sources.parameter);
    return price;
}

}  // namespace

std::optional<double> parse_price(const std::string& text) {
    try {
        const double price = parse_number("a price", text, 0, highest_price);
        return price > 0 ? std::optional(price) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::optional<double> find_price(const PriceSources& sources, const Machine& machine,
                                 const std::shared_ptr<aws::Session>& session) {
    if (sources.given) return sources.given;
    if (!machine.is_instance()) return std::nullopt;
    try {
        const auto price = ask(sources, machine, session);
        if (!price) spdlog::info("what this machine costs is not known; results tell no cost");
        return price;
    } catch (const Error& error) {
        spdlog::warn("what this machine costs is not known: {}", error.what());
        return std::nullopt;
    }
}

}  // namespace ft
