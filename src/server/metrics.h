#pragma once
// What Prometheus asks for, as text. A dozen numbers need no library.
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ft {

/// Any thread may call any function.
class Metrics {
  public:
    using Labels = std::map<std::string, std::string>;

    /// Adds to a counter, which `help` describes when it is first heard of.
    void add(const std::string& name, const std::string& help, const Labels& labels, double value = 1);
    /// Into buckets up to 5 ms … 10 s.
    void observe_seconds(const std::string& name, const std::string& help, const Labels& labels, double seconds);
    /// What is asked for when somebody looks. Throws nothing.
    void watch(const std::string& name, const std::string& help, const char* type, std::function<double()> value);

    /// The exposition format, version 0.0.4.
    std::string text() const;

  private:
    struct Family {
        std::string help, type;
        std::map<std::string, double> values;  // by suffix and labels, as they are written
        std::function<double()> watched;
    };
    Family& family(const std::string& name, const std::string& help, const char* type);

    mutable std::mutex mutex_;
    std::map<std::string, Family> families_;
};

}  // namespace ft
