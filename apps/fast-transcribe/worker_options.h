#pragma once
// What `fast-transcribe worker` was asked to do: its environment, which the machine's launch template writes, and its
// flags, which go before it.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli_options.h"
#include "net/ip_address.h"
#include "transcriber/options.h"

namespace ft {

enum class ImagePolicy { off, log, strict };
enum class NoGpuPolicy { fall_back, give_back };

struct WorkerCommandOptions {
    std::string bucket, table = "transcription-jobs";
    std::string image_parameter, webhook_secret_parameter, price_parameter;  ///< names in SSM; empty: none
    std::string job_id;                                                      ///< empty: the instance's tag, else any
    int launch_seq = -1;
    double deadline_min = 0;  ///< the machine's longest life; 0: none
    double idle_s = 60;
    int workers = 2;
    ImagePolicy image_check = ImagePolicy::log;
    NoGpuPolicy no_gpu = NoGpuPolicy::fall_back;
    std::filesystem::path manifest = "/opt/transcribe/manifest.json";
    std::filesystem::path scratch;         ///< empty: the system's folder for temporary files
    std::optional<std::string> power_off;  ///< not given: systemctl poweroff on an EC2 instance, else nothing
    std::optional<double> price_usd_hour;
    std::string public_url;  ///< for links in webhooks
    bool allow_http = false;
    std::vector<IpNetwork> allow_networks;
    EngineOptions engine;
    OptionsDraft defaults;
    bool quiet = false, help = false;
};

/// `variable`: of the environment; empty when unset. Throws Error{invalid_argument}: one sentence with the flag or the
/// variable, its value, and what to give instead.
WorkerCommandOptions parse_worker_arguments(const std::vector<std::string>& arguments,
                                            const std::function<std::string(const char*)>& variable);

/// The whole text of `worker --help`.
std::string worker_help();

}  // namespace ft
