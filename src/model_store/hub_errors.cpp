// What each answer of the hub means to the person who waits for a model: HubClient::fail.
#include <ctime>

#include "base/error.h"
#include "model_store/hub_client.h"
#include "net/retry_after.h"

namespace ft {

namespace {

constexpr const char* kKept = "what has arrived is kept, so run the same command again";

[[noreturn]] void fail_transport(const HttpResponse& response, const std::string& what, const std::string& endpoint) {
    const std::string host = host_of(response.url);
    switch (response.failure) {
        case HttpFailure::unresolved:
            throw Error(ErrorCode::network,
                        "{}: the host {} cannot be found; check the network connection, the proxy (https_proxy) and "
                        "HF_ENDPOINT, or copy the "
                        "model's folder here and give its path",
                        what, host);
        case HttpFailure::unreachable:
            throw Error(ErrorCode::network,
                        "{}: {} takes no connection ({}); check the network, the proxy (https_proxy) and HF_ENDPOINT, "
                        "or copy the model's "
                        "folder here and give its path",
                        what, host, response.failure_text);
        case HttpFailure::untrusted:
            throw Error(ErrorCode::network,
                        "{}: the certificate of {} is not trusted ({}); install ca-certificates, set the clock, or set "
                        "CURL_CA_BUNDLE to your "
                        "network's certificates",
                        what, host, response.failure_text);
        case HttpFailure::timed_out:
            throw Error(ErrorCode::network, "{}: {} did not answer in time ({}); {}, or use a mirror with HF_ENDPOINT",
                        what, host, response.failure_text, kKept);
        case HttpFailure::refused:
            throw Error(ErrorCode::network, "{}: the answer of {} is not one to take ({}); check HF_ENDPOINT ({})",
                        what, host, response.failure_text, endpoint);
        default:
            throw Error(ErrorCode::network, "{}: the connection to {} broke off again and again ({}); {}", what, host,
                        response.failure_text, kKept);
    }
}

[[noreturn]] void fail_forbidden(const HttpResponse& response, const std::string& what, const HubSettings& settings) {
    // The hub says 401, not 404, to strangers who ask for what does not exist.
    if (response.status == 401 && settings.token.empty()) {
        throw Error(ErrorCode::permission,
                    "{}: {} gives this to nobody without a token (HTTP 401): check the spelling, or, when the model is "
                    "private or gated, set "
                    "HF_TOKEN to a token that may read it",
                    what, settings.endpoint);
    }
    if (response.status == 401) {
        throw Error(ErrorCode::permission,
                    "{}: {} does not accept the token (HTTP 401): it is wrong, expired, or may not read this model; "
                    "make a new one and set "
                    "HF_TOKEN, or unset it for a public model",
                    what, settings.endpoint);
    }
    throw Error(ErrorCode::permission,
                "{}: {} refuses (HTTP {}); open the model's page there, accept its terms if it has any, and set "
                "HF_TOKEN to a token of that "
                "account",
                what, settings.endpoint, response.status);
}

[[noreturn]] void fail_missing(const HttpResponse& response, const std::string& what, const HubSettings& settings) {
    const std::string code = response.header("x-error-code");
    const char* missing = code == "RevisionNotFound" ? "there is no such revision"
                          : code == "EntryNotFound"  ? "there is no such file"
                          : code == "RepoNotFound"   ? "there is no such model"
                                                     : "there is no such model or revision";
    throw Error(ErrorCode::not_found, "{}: {} at {} (HTTP {}); check the spelling{}", what, missing, settings.endpoint,
                response.status, settings.token.empty() ? ", or set HF_TOKEN if it is private" : "");
}

}  // namespace

void HubClient::fail(const HttpResponse& response, const std::string& what) const {
    if (response.failure != HttpFailure::none) fail_transport(response, what, settings_.endpoint);
    const long status = response.status;
    // Where the files lie (another host) the hub's rules do not hold: a link of it may have expired.
    if (status == 401 || (status == 403 && host_of(response.url) == host_of(settings_.endpoint))) {
        fail_forbidden(response, what, settings_);
    }
    if (status == 404 || status == 410) fail_missing(response, what, settings_);
    if (status == 429) {
        const auto wait = retry_after(response, std::time(nullptr));
        throw Error(ErrorCode::network,
                    "{}: {} limits the number of requests (HTTP 429); wait {} and run the same command again{}", what,
                    host_of(response.url), wait ? fmt::format("{} s", wait->count()) : "a few minutes",
                    settings_.token.empty() ? ", or set HF_TOKEN: with a token the limit is higher" : "");
    }
    if (status >= 500) {
        throw Error(ErrorCode::network,
                    "{}: {} has trouble of its own (HTTP {}); {} later, or use a mirror with HF_ENDPOINT", what,
                    host_of(response.url), status, kKept);
    }
    throw Error(ErrorCode::network,
                "{}: {} answered HTTP {}, which is not expected here; {}, and check HF_ENDPOINT ({}) if it stays so",
                what, host_of(response.url), status, kKept, settings_.endpoint);
}

}  // namespace ft
