#include "server/metrics.h"

#include <fmt/format.h>

namespace ft {

namespace {

constexpr double buckets_s[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

/// {method="GET",status="200"}
std::string written(const Metrics::Labels& labels) {
    std::string text;
    for (const auto& [name, value] : labels) {
        text += (text.empty() ? "{" : ",") + name + "=\"";
        for (const char c : value) {
            if (c == '\n') {
                text += "\\n";
                continue;
            }
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return text.empty() ? "" : text + "}";
}

std::string with_bound(Metrics::Labels labels, const std::string& bound) {
    labels["le"] = bound;
    return "_bucket" + written(labels);
}

}  // namespace

Metrics::Family& Metrics::family(const std::string& name, const std::string& help, const char* type) {
    Family& family = families_[name];
    if (family.help.empty()) {
        family.help = help;
        family.type = type;
    }
    return family;
}

void Metrics::add(const std::string& name, const std::string& help, const Labels& labels, double value) {
    const std::lock_guard lock(mutex_);
    family(name, help, "counter").values[written(labels)] += value;
}

void Metrics::observe_seconds(const std::string& name, const std::string& help, const Labels& labels, double seconds) {
    const std::lock_guard lock(mutex_);
    auto& values = family(name, help, "histogram").values;
    for (const double bound : buckets_s)
        values[with_bound(labels, fmt::format("{}", bound))] += seconds <= bound ? 1 : 0;
    values[with_bound(labels, "+Inf")] += 1;
    values["_sum" + written(labels)] += seconds;
    values["_count" + written(labels)] += 1;
}

void Metrics::watch(const std::string& name, const std::string& help, const char* type, std::function<double()> value) {
    const std::lock_guard lock(mutex_);
    family(name, help, type).watched = std::move(value);
}

std::string Metrics::text() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const auto& [name, family] : families_) {
        all += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
        for (const auto& [rest, value] : family.values) all += fmt::format("{}{} {}\n", name, rest, value);
        if (family.watched) all += fmt::format("{} {}\n", name, family.watched());
    }
    return all;
}

}  // namespace ft
