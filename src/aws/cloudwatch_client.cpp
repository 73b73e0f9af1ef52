#include "aws/cloudwatch_client.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "aws/query_client.h"
#include "aws/times.h"
#include "base/dump_json.h"

namespace ft::aws {

namespace {

constexpr size_t kMetricsInRequest = 500;

std::vector<Metric> finite(std::vector<Metric> metrics) {
    std::erase_if(metrics, [](const Metric& metric) { return !std::isfinite(metric.value); });
    return metrics;
}

}  // namespace

std::string embedded_metrics(const std::string& name_space, const Dimensions& dimensions,
                             const std::vector<Metric>& metrics, const std::map<std::string, std::string>& properties,
                             TimePoint time) {
    nlohmann::json line(properties);
    if (properties.empty()) line = nlohmann::json::object();
    nlohmann::json definitions = nlohmann::json::array(), names = nlohmann::json::array();
    for (const auto& [name, value] : dimensions) {
        names.push_back(name);
        line[name] = value;
    }
    for (const Metric& metric : finite(metrics)) {
        definitions.push_back({{"Name", metric.name}, {"Unit", metric.unit}});
        line[metric.name] = metric.value;
    }
    nlohmann::json directive = {{"Namespace", name_space}, {"Metrics", definitions}};
    directive["Dimensions"] = nlohmann::json::array({names});
    const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
    line["_aws"] = {{"Timestamp", since_1970.count()}, {"CloudWatchMetrics", nlohmann::json::array({directive})}};
    // A text that is not UTF-8 must not stop a metric.
    return dump_json(line);
}

struct CloudWatchClient::State {
    QueryClient client;
};

CloudWatchClient::CloudWatchClient(std::shared_ptr<Session> session)
    : state_(std::make_unique<State>(State{
          QueryClient(std::move(session), {"CloudWatch", "monitoring", "CLOUDWATCH", "monitoring"}, "2010-08-01")})) {}
CloudWatchClient::~CloudWatchClient() = default;
CloudWatchClient::CloudWatchClient(CloudWatchClient&&) noexcept = default;

void CloudWatchClient::put_metric_data(const std::string& name_space, const Dimensions& dimensions,
                                       const std::vector<Metric>& metrics, TimePoint time) {
    const std::vector<Metric> all = finite(metrics);
    for (size_t begin = 0; begin < all.size(); begin += kMetricsInRequest) {
        QueryForm form;
        form.add("Namespace", name_space);
        const size_t end = std::min(begin + kMetricsInRequest, all.size());
        for (size_t i = begin; i < end; ++i) {
            const std::string prefix = fmt::format("MetricData.member.{}.", i - begin + 1);
            form.add(prefix + "MetricName", all[i].name).add(prefix + "Unit", all[i].unit);
            form.add(prefix + "Value", fmt::format("{}", all[i].value)).add(prefix + "Timestamp", iso_time(time));
            int number = 1;
            for (const auto& [name, value] : dimensions) {
                form.add(fmt::format("{}Dimensions.member.{}.Name", prefix, number), name);
                form.add(fmt::format("{}Dimensions.member.{}.Value", prefix, number), value);
                ++number;
            }
        }
        state_->client.call({"PutMetricData", "namespace " + name_space}, form);
    }
}

}  // namespace ft::aws
