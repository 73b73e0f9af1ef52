#pragma once
// What `fast-transcribe serve` was asked to do, read from its arguments.
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli_options.h"
#include "net/ip_address.h"
#include "transcriber/options.h"

namespace ft {

struct ServeOptions {
    std::string host = "127.0.0.1";
    int port = 8080;
    std::filesystem::path data;  ///< empty: default_data_folder()
    std::filesystem::path api_keys, webhook_secret_file;
    std::string public_url;  ///< for links in messages; empty: http://host:port
    int workers = 8, most_waiting = 200, most_at_once = 64, http_threads = 128;
    int64_t longest_upload_mb = 4096;
    double keep_days = 30, model_idle_minutes = 15;
    bool allow_http = false;                ///< for callbacks and audio by address
    std::vector<IpNetwork> allow_networks;  ///< likewise, though they are not public
    EngineOptions engine;
    OptionsDraft defaults;  ///< of jobs
    Verbosity verbosity = Verbosity::normal;
    bool help = false;
};

/// Throws Error{invalid_argument}: one sentence with the flag, the value and what to give instead.
ServeOptions parse_serve_arguments(const std::vector<std::string>& arguments);

/// The whole text of `serve --help`.
std::string serve_help();

/// $FAST_TRANSCRIBE_HOME/service, else $XDG_DATA_HOME/fast-transcribe/service, else ~/.local/share/…
std::filesystem::path default_data_folder(const std::function<std::string(const char*)>& variable);

}  // namespace ft
