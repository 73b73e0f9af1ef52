#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "net/url.h"

namespace ft {

namespace {

constexpr size_t kLongestErrorBody = size_t{64} << 10;
constexpr size_t kLongestHead = size_t{256} << 10;
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

/// libcurl's words for "whatever host and port the address names, connect to these".
struct FixedAddresses {
    List connect_to, resolve;
};

FixedAddresses fix_addresses(const HttpRequest& request) {
    FixedAddresses fixed;
    if (request.addresses.empty()) return fixed;
    // The name cannot exist (RFC 6761), so that nothing else can be found under it.
    const std::string name = "checked.invalid";
    const std::string port = parse_url(request.url).value_or(UrlParts{}).port;
    std::string entry = name + ":" + port + ":";
    for (const IpAddress& address : request.addresses) {
        if (entry.back() != ':') entry += ",";
        entry += address.is_v6 ? "[" + to_string(address) + "]" : to_string(address);
    }
    append(fixed.connect_to, "::" + name + ":" + port);
    append(fixed.resolve, entry);
    return fixed;
}

/// What the callbacks of one transfer share. No exception may cross libcurl's C code: it waits in `thrown`.
struct Transfer {
    CURL* curl = nullptr;
    HttpResponse* response = nullptr;
    const HttpSink* sink = nullptr;
    const HttpTick* tick = nullptr;
    const HttpUpload* upload = nullptr;
    const HttpOptions* options = nullptr;
    size_t head_bytes = 0;  // of all heads so far: an answer may have many interim ones
    std::exception_ptr thrown;
    bool refused = false, cut = false;
};

size_t on_header(char* data, size_t size, size_t count, void* user) {
    Transfer& transfer = *static_cast<Transfer*>(user);
    try {
        transfer.head_bytes += size * count;
        transfer.refused = transfer.head_bytes > kLongestHead;
        if (transfer.refused) return 0;
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
        const HttpOptions& options = *transfer.options;
        const size_t limit = good || options.cut_long_bodies ? options.longest_body : kLongestErrorBody;
        if (options.cut_long_bodies && response.body.size() + bytes > limit) {
            response.body.append(data, limit - response.body.size());
            transfer.cut = true;
            return 0;
        }
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

size_t on_read(char* target, size_t size, size_t count, void* user) {
    Transfer& transfer = *static_cast<Transfer*>(user);
    try {
        return transfer.upload->read(target, size * count);
    } catch (...) {
        transfer.thrown = std::current_exception();
        return CURL_READFUNC_ABORT;
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

    void set_options(const HttpRequest& request, const List& headers, const FixedAddresses& fixed, Transfer& transfer,
                     char* error_text);
};

void HttpClient::Handle::set_options(const HttpRequest& request, const List& headers, const FixedAddresses& fixed,
                                     Transfer& transfer, char* error_text) {
    curl_easy_reset(curl);
    if (fixed.resolve) {
        curl_easy_setopt(curl, CURLOPT_CONNECT_TO, fixed.connect_to.get());
        curl_easy_setopt(curl, CURLOPT_RESOLVE, fixed.resolve.get());
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);  // an earlier one may lead to another address …
        curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);   // … as this one may for a later request
    }
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
    if (request.upload) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.upload->bytes));
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
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
    Transfer transfer;
    transfer.curl = handle_->curl;
    transfer.response = &response;
    transfer.sink = &sink;
    transfer.tick = &handle_->tick;
    transfer.upload = request.upload ? &*request.upload : nullptr;
    transfer.options = &options;
    const FixedAddresses fixed = fix_addresses(request);
    List headers;
    if (request.body || request.upload) {
        append(headers, "Content-Type:");  // curl would say that every body is a form
        append(headers, "Expect:");        // and wait a second for leave to send it
    }
    if (request.upload && request.upload->bytes < 0) append(headers, "Transfer-Encoding: chunked");
    for (const std::string& header : request.headers) append(headers, header);
    if (!request.token.empty()) append(headers, "Authorization: Bearer " + request.token);
    std::array<char, CURL_ERROR_SIZE> error_text{};
    handle_->set_options(request, headers, fixed, transfer, error_text.data());
    const CURLcode code = curl_easy_perform(handle_->curl);
    curl_easy_getinfo(handle_->curl, CURLINFO_RESPONSE_CODE, &response.status);
    if (transfer.thrown) std::rethrow_exception(transfer.thrown);
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
        throw Error(ErrorCode::invalid_argument, "\"{}\" is not an address that can be fetched; check {}", request.url,
                    options.address_setting);
    }
    if (code != CURLE_OK && !transfer.cut) {
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
    if (!request.addresses.empty())
        throw Error(ErrorCode::internal, "redirects are not followed from checked addresses");
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
    const UrlParts from = parse_url(request.url).value_or(UrlParts{}),
                   to = parse_url(response.redirect_url).value_or(UrlParts{});
    if (to.scheme != "https" && !(to.scheme == "http" && from.scheme == "http")) return std::nullopt;
    HttpRequest next = request;
    next.url = response.redirect_url;
    const bool same = from.scheme == to.scheme && from.host == to.host && from.port == to.port;
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
    return parse_url(url).value_or(UrlParts{}).host;
}

}  // namespace ft
