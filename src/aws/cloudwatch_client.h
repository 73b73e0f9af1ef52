#pragma once
// Metrics: as lines of a log (embedded metric format), which cost no request, or by PutMetricData.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/session.h"

namespace ft::aws {

struct Metric {
    std::string name;
    double value = 0;
    std::string unit = "None";  ///< "Seconds", "Milliseconds", "Count", "Bytes", …
};

using Dimensions = std::map<std::string, std::string>;  ///< at most 30; each combination of values is billed

/// One line of JSON, without a line feed, that CloudWatch Logs turns into metrics. `properties` can be searched for,
/// and are no metrics. Values that are no number (NaN, infinite) are left out.
std::string embedded_metrics(const std::string& name_space, const Dimensions& dimensions,
                             const std::vector<Metric>& metrics, const std::map<std::string, std::string>& properties,
                             TimePoint time);

/// One thread at a time. Failures: ServiceClient::call.
class CloudWatchClient {
  public:
    explicit CloudWatchClient(std::shared_ptr<Session> session);
    ~CloudWatchClient();
    CloudWatchClient(CloudWatchClient&&) noexcept;

    /// All metrics, however many: a request holds up to 500. Values that are no number are left out.
    void put_metric_data(const std::string& name_space, const Dimensions& dimensions,
                         const std::vector<Metric>& metrics, TimePoint time);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft::aws
