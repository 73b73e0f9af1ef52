#include "model_store/hub_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "model_store/model_names.h"

namespace ft {

namespace {

/// "W/\"abc\"" → "abc"
std::string plain_etag(std::string etag) {
    if (etag.rfind("W/", 0) == 0) etag.erase(0, 2);
    etag.erase(std::remove(etag.begin(), etag.end(), '"'), etag.end());
    return etag;
}

bool is_hash(const std::string& text, size_t digits) {
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::optional<uint64_t> size_of(const std::string& text) {
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return std::stoull(text);
}

/// Path of a repository's file in an address: each part encoded, the slashes kept.
std::string encode_path(const std::string& path) {
    std::string result;
    size_t begin = 0;
    while (begin <= path.size()) {
        const size_t end = std::min(path.find('/', begin), path.size());
        result += (begin == 0 ? "" : "/") + percent_encode(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

HttpOptions with_hub_setting(HttpOptions options) {
    options.address_setting = "HF_ENDPOINT";
    return options;
}

}  // namespace

HubClient::HubClient(HubSettings settings, const HttpOptions& options, HubWait wait, HttpTick tick, RetryPolicy policy)
    : settings_(std::move(settings)),
      wait_(std::move(wait)),
      tick_(std::move(tick)),
      policy_(policy),
      http_(with_hub_setting(options), tick_) {}

std::string HubClient::file_url(const std::string& repository, const std::string& commit,
                                const std::string& name) const {
    return fmt::format("{}/{}/resolve/{}/{}", settings_.endpoint, repository, percent_encode(commit),
                       encode_path(name));
}

void HubClient::wait_or_fail(int failures, const HttpResponse& response, const std::string& what) {
    const auto wait = wait_before_retry(policy_, failures, response, std::time(nullptr));
    if (!wait) fail(response, what);
    spdlog::debug("{}: {} (HTTP {}), try again in {} ms", what, response.failure_text, response.status, wait->count());
    // In slices, so that whoever wants to stop is heard.
    constexpr std::chrono::milliseconds kSlice(200);
    for (std::chrono::milliseconds left = *wait; left.count() > 0; left -= kSlice) {
        if (tick_) tick_();
        wait_(std::min(left, kSlice));
    }
}

HttpResponse HubClient::send_with_retries(const HttpRequest& request, const std::string& what,
                                          const std::function<HttpResponse(const HttpRequest&)>& send) {
    for (int failures = 1;; ++failures) {
        HttpResponse response = send(request);
        if (response.ok()) return response;
        wait_or_fail(failures, response, what);
    }
}

HubRevision HubClient::revision(const std::string& repository, const std::string& revision) {
    HttpRequest request;
    request.url = fmt::format("{}/api/models/{}/revision/{}", settings_.endpoint, repository, percent_encode(revision));
    request.token = settings_.token;
    const std::string what = display_name(repository, revision);
    const HttpResponse response =
        send_with_retries(request, what, [this](const HttpRequest& r) { return http_.send(r); });
    HubRevision result;
    const nlohmann::json json = nlohmann::json::parse(response.body, nullptr, false);
    if (json.is_object() && json.contains("sha") && json["sha"].is_string())
        result.commit = json["sha"].get<std::string>();
    if (json.is_object() && json.contains("siblings") && json["siblings"].is_array()) {
        for (const nlohmann::json& sibling : json["siblings"]) {
            if (!sibling.is_object() || !sibling.contains("rfilename") || !sibling["rfilename"].is_string()) continue;
            result.files.push_back(sibling["rfilename"].get<std::string>());
        }
    }
    if (!is_commit(result.commit)) {
        throw Error(ErrorCode::network,
                    "{}: {} answered something that is not the hub's answer (a login page of the network, perhaps); "
                    "check the network and "
                    "HF_ENDPOINT",
                    what, settings_.endpoint);
    }
    return result;
}

HubFile HubClient::file(const std::string& repository, const std::string& commit, const std::string& name) {
    HttpRequest request;
    request.url = file_url(repository, commit, name);
    request.method = "HEAD";
    request.token = settings_.token;
    const std::string what = fmt::format("{}, file {}", repository, name);
    // The hub's own answer carries X-Linked-…, even when it redirects to where the bytes are, which knows nothing of
    // them.
    const auto follow = [this](const HttpRequest& first) {
        HttpRequest hop = first;
        HttpResponse response = http_.send_once(hop);
        for (int redirects = 0; redirects < 10 && response.failure == HttpFailure::none; ++redirects) {
            if (!response.header("x-linked-etag").empty() && response.status / 100 == 3) {
                response.status = 200;
                return response;
            }
            const std::optional<HttpRequest> next = next_hop(hop, response);
            if (!next) return response;
            hop = *next;
            response = http_.send_once(hop);
            // A link signed for GET alone: then nothing is told about the file, which is no failure.
            if (response.status == 403 || response.status == 405) {
                response.status = 200;
                response.headers.clear();
            }
        }
        return response;
    };
    const HttpResponse response = send_with_retries(request, what, follow);
    const std::string told_commit = response.header("x-repo-commit");
    if (!told_commit.empty() && told_commit != commit) {
        throw Error(ErrorCode::network, "{}: {} answers with commit {} where {} was asked for; check HF_ENDPOINT", what,
                    settings_.endpoint, told_commit, commit);
    }
    const bool linked = !response.header("x-linked-etag").empty();
    const std::string etag = plain_etag(response.header(linked ? "x-linked-etag" : "etag"));
    HubFile file;
    file.name = name;
    file.size = size_of(response.header(response.header("x-linked-size").empty() ? "content-length" : "x-linked-size"));
    if (linked && response.header("x-linked-size").empty() && !response.redirect_url.empty()) file.size.reset();
    if (is_hash(etag, 64)) file.sha256 = etag;
    if (is_hash(etag, 40)) file.git_sha1 = etag;
    return file;
}

HttpResponse HubClient::fetch_once(const std::string& repository, const std::string& commit, const std::string& name,
                                   uint64_t offset, const HttpSink& sink) {
    HttpRequest request;
    request.url = file_url(repository, commit, name);
    request.token = settings_.token;
    if (offset > 0) request.headers.push_back(fmt::format("Range: bytes={}-", offset));
    return http_.send(request, sink);
}

}  // namespace ft
