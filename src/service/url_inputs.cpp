#include "service/url_inputs.h"

#include "base/error.h"
#include "base/text.h"
#include "jobs/temporary_copy.h"
#include "net/http_client.h"

namespace ft {

namespace {

/// Without user and question mark: what follows it may be a key.
std::string shown(const std::string& url) {
    return url.substr(0, url.find_first_of("?#")).substr(0, 200);
}

[[noreturn]] void fail(const std::string& url, const HttpResponse& response) {
    if (response.failure != HttpFailure::none)
        throw Error(ErrorCode::network, "{}: cannot be fetched: {}", shown(url), response.failure_text);
    const bool passing = response.status >= 500 || response.status == 429 || response.status == 408;
    throw Error(passing ? ErrorCode::network : ErrorCode::not_found, "{}: its server answers {}", shown(url),
                response.status);
}

}  // namespace

bool is_url_input(std::string_view uri) {
    const std::string start = lower_ascii(uri.substr(0, 8));
    return start.starts_with("http://") || start.starts_with("https://");
}

UrlInputs::UrlInputs(ObjectStore& store, Resolver resolver, UrlInputOptions options)
    : store_(store), resolver_(std::move(resolver)), options_(std::move(options)) {}

std::unique_ptr<LocalCopy> UrlInputs::fetch(const JobInput& input, const std::filesystem::path& scratch) {
    if (!is_url_input(input.uri)) return store_.fetch(input, scratch);
    HttpOptions http;
    http.use_proxy = false;  // the addresses that were checked are the ones to connect to
    http.certificates = options_.certificates;
    HttpClient client(http);
    auto copy = std::make_unique<TemporaryCopy>(scratch);
    int64_t got = 0;
    const HttpSink sink = [&](const HttpResponse&, std::string_view bytes) {
        got += static_cast<int64_t>(bytes.size());
        if (got > options_.longest_bytes)
            throw Error(ErrorCode::invalid_argument, "{}: has more than the {} bytes that are taken", shown(input.uri),
                        options_.longest_bytes);
        copy->append(bytes);
        return true;
    };
    HttpRequest request;
    request.url = input.uri;
    for (int hop = 0; hop <= options_.redirects; ++hop) {
        request.timeout = std::chrono::milliseconds(options_.timeout_ms);
        try {
            request.addresses = addresses_to_connect(request.url, options_.addresses, resolver_, 15000);
        } catch (const Error& error) {
            // What the address leads to is the job's fault, not that of our files' rights.
            if (error.code() != ErrorCode::permission) throw;
            throw Error(ErrorCode::invalid_argument, error.what());
        }
        const HttpResponse response = client.send_once(request, sink);
        if (response.ok()) return copy;
        auto next = next_hop(request, response);
        if (!next) fail(request.url, response);
        request = std::move(*next);
    }
    throw Error(ErrorCode::not_found, "{}: leads on more than {} times", shown(input.uri), options_.redirects);
}

}  // namespace ft
