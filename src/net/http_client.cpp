#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace ft {

namespace {

constexpr size_t kLongestErrorBody = size_t{64} << 10;
constexpr int kMostRedirects = 10;
constexpr long kSlowestBytesPerSecond = 1024;

/// libcurl's own set-up: before 7.84 it may not be made by two threads at once.
void set_up_curl_once() {
    static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK) throw Error(ErrorCode::internal, "libcurl cannot start: {}", curl_easy_strerror(result));
}

struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

void append(List& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw Error(ErrorCode::out_of_memory, "no memory is left for an HTTP request");
    list.release();
    list.reset(longer);
}

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string url_part(const std::string& url, CURLUPart part) {
    const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
    char* text = nullptr;
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
    if (curl_url_get(parsed.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string result = lower_ascii(text);
    curl_free(text);
    return result;
}

/// What the callbacks of one transfer share. No exception may cross libcurl's C code: it waits in `thrown`.
struct Transfer {
    CURL* curl = nullptr;
    HttpResponse* response = nullptr;
    const HttpSink* sink = nullptr;
    const HttpTick* tick = nullptr;
    size_t longest_body = 0;
    std::exception_ptr thrown;
    bool refused = false;
};

size_t on_header(char* data, size_t size, size_t count, void* user) {
    Transfer& transfer = *static_cast<Transfer*>(user);
    try {
        std::string line(data, size * count);
        // A proxy's or an interim answer's headers come first; those of the last answer count.
        if (line.rfind("HTTP/", 0) == 0) transfer.response->headers.clear();
        const size_t colon = line.find(':');
        if (colon == std::string::npos) return size * count;
        transfer.response->headers[lower_ascii(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
        return size * count;
    } catch (...) {
        transfer.thrown = std::current_exception();
        return 0;
    }
}

size_t on_body(char* data, size_t size, size_t count, void* user) {
    Transfer& transfer = *static_cast<Transfer*>(user);
    HttpResponse& response = *transfer.response;
    const size_t bytes = size * count;
    try {
        curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &response.status);
        const bool good = response.status >= 200 && response.status < 300;
        if (good && *transfer.sink) {
            transfer.refused = !(*transfer.sink)(response, std::string_view(data, bytes));
            return transfer.refused ? 0 : bytes;
        }
        const size_t limit = good ? transfer.longest_body : kLongestErrorBody;
        if (good && response.body.size() + bytes > limit) {
            transfer.refused = true;
            return 0;
        }
        response.body.append(data, std::min(bytes, limit - std::min(limit, response.body.size())));
        return bytes;
    } catch (...) {
        transfer.thrown = std::current_exception();
        return 0;
    }
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    Transfer& transfer = *static_cast<Transfer*>(user);
    try {
        if (*transfer.tick) (*transfer.tick)();
        return 0;
    } catch (...) {
        transfer.thrown = std::current_exception();
        return 1;
    }
}

HttpFailure failure_of(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return HttpFailure::unresolved;
        case CURLE_COULDNT_CONNECT:
            return HttpFailure::unreachable;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return HttpFailure::untrusted;
        case CURLE_OPERATION_TIMEDOUT:
            return HttpFailure::timed_out;
        default:
            return HttpFailure::broken;
    }
}

}  // namespace

struct HttpClient::Handle {
    CURL* curl = nullptr;
    HttpOptions options;
    HttpTick tick;

    Handle(const HttpOptions& given, HttpTick on_tick) : options(given), tick(std::move(on_tick)) {
        set_up_curl_once();
        curl = curl_easy_init();
        if (curl == nullptr) throw Error(ErrorCode::out_of_memory, "no memory is left for an HTTP connection");
    }
    ~Handle() { curl_easy_cleanup(curl); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    void set_options(const HttpRequest& request, const List& headers, Transfer& transfer, char* error_text);
};

void HttpClient::Handle::set_options(const HttpRequest& request, const List& headers, Transfer& transfer,
                                     char* error_text) {
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_NOBODY, request.method == "HEAD" ? 1L : 0L);
    if (request.body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body->data());
    }
    if (request.method != "HEAD" && (request.body || request.method != "GET")) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // what was signed is what is sent
    if (request.timeout.count() > 0) {
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    }
    if (!options.use_proxy) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // ours are not for proxies
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "fast-transcribe/" FT_VERSION);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowestBytesPerSecond);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    std::error_code ignored;
    if (!options.certificates.empty()) {
        const bool folder = std::filesystem::is_directory(options.certificates, ignored);
        curl_easy_setopt(curl, folder ? CURLOPT_CAPATH : CURLOPT_CAINFO, options.certificates.c_str());
    }
}

HttpClient::HttpClient(const HttpOptions& options, HttpTick tick)
    : handle_(std::make_unique<Handle>(options, std::move(tick))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResponse HttpClient::send_once(const HttpRequest& request, const HttpSink& sink) {
    HttpResponse response;
    response.url = request.url;
    const HttpOptions& options = handle_->options;
    Transfer transfer{handle_->curl, &response, &sink, &handle_->tick, options.longest_body, nullptr, false};
    List headers;
    if (request.body) {
        append(headers, "Content-Type:");  // curl would say that every body is a form
        append(headers, "Expect:");        // and wait a second for leave to send it
    }
    for (const std::string& header : request.headers) append(headers, header);
    if (!request.token.empty()) append(headers, "Authorization: Bearer " + request.token);
    std::array<char, CURL_ERROR_SIZE> error_text{};
    handle_->set_options(request, headers, transfer, error_text.data());
    const CURLcode code = curl_easy_perform(handle_->curl);
    curl_easy_getinfo(handle_->curl, CURLINFO_RESPONSE_CODE, &response.status);
    if (transfer.thrown) std::rethrow_exception(transfer.thrown);
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
        throw Error(ErrorCode::invalid_argument, "\"{}\" is not an address that can be fetched; check {}", request.url,
                    options.address_setting);
    }
    if (code != CURLE_OK) {
        response.failure = transfer.refused ? HttpFailure::refused : failure_of(code);
        response.failure_text = error_text[0] != '\0' ? error_text.data() : curl_easy_strerror(code);
        return response;
    }
    char* redirect = nullptr;
    curl_easy_getinfo(handle_->curl, CURLINFO_REDIRECT_URL, &redirect);
    if (redirect != nullptr) response.redirect_url = redirect;
    return response;
}

HttpResponse HttpClient::send(const HttpRequest& request, const HttpSink& sink) {
    HttpRequest hop = request;
    for (int redirects = 0;; ++redirects) {
        HttpResponse response = send_once(hop, sink);
        if (response.failure != HttpFailure::none || response.redirect_url.empty()) return response;
        std::optional<HttpRequest> next = next_hop(hop, response);
        if (!next || redirects == kMostRedirects) {
            response.failure = HttpFailure::refused;
            response.failure_text =
                next ? "it redirects again and again" : "it redirects from https to " + response.redirect_url;
            return response;
        }
        hop = std::move(*next);
    }
}

std::string HttpResponse::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

std::optional<HttpRequest> next_hop(const HttpRequest& request, const HttpResponse& response) {
    if (response.redirect_url.empty()) return std::nullopt;
    const std::string from = url_part(request.url, CURLUPART_SCHEME),
                      to = url_part(response.redirect_url, CURLUPART_SCHEME);
    if (to != "https" && !(to == "http" && from == "http")) return std::nullopt;
    HttpRequest next = request;
    next.url = response.redirect_url;
    const bool same = from == to && host_of(request.url) == host_of(next.url) &&
                      url_part(request.url, CURLUPART_PORT) == url_part(next.url, CURLUPART_PORT);
    if (!same) next.token.clear();
    return next;
}

std::string percent_encode(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        result += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return result;
}

std::string host_of(const std::string& url) {
    return url_part(url, CURLUPART_HOST);
}

}  // namespace ft
