#include "webhook/webhook_notifier.h"

#include "base/error.h"
#include "net/retry_after.h"
#include "net/url.h"

namespace ft {

namespace {

Delivery failed(Delivery::Verdict verdict, std::string note) {
    Delivery delivery;
    delivery.verdict = verdict;
    delivery.note = std::move(note);
    return delivery;
}

/// Curl's words name addresses, which are nobody's business but ours; only of a certificate they help.
std::string note_of(const HttpResponse& response) {
    switch (response.failure) {
        case HttpFailure::none:
            break;
        case HttpFailure::unresolved:
        case HttpFailure::unreachable:
            return "nobody takes the connection";
        case HttpFailure::untrusted:
            return "its certificate is not trusted: " + response.failure_text;
        case HttpFailure::timed_out:
            return "it did not answer in time";
        case HttpFailure::broken:
            return response.status == 0 ? "the connection ended before an answer came"
                                        : "the connection ended before the whole answer had come";
        case HttpFailure::refused:
            return "the head of its answer is too long";
    }
    return "";
}

/// Only of these does the specification say that they tell when to come again.
bool tells_when(long status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

WebhookSecrets secrets_of_jobs(JobStore& store, std::vector<WebhookSecret> server) {
    return [&store, server = std::move(server)](const OutboxEvent& event) {
        const std::optional<Job> job = store.get(event.job_id);
        if (!job || job->callback.secrets.empty()) return server;
        std::vector<WebhookSecret> secrets;
        for (const std::string& text : job->callback.secrets) secrets.push_back(WebhookSecret::parse(text));
        return secrets;
    };
}

Delivery judge_reply(const HttpResponse& response, int64_t now_s) {
    Delivery delivery;
    delivery.http_status = static_cast<int>(response.status);
    if (response.failure != HttpFailure::none) {
        delivery.note = note_of(response);
        return delivery;
    }
    if (response.ok()) {
        delivery.verdict = Delivery::Verdict::delivered;
        return delivery;
    }
    delivery.note = fmt::format("it answered {}", response.status);
    if (response.status == 410) {
        delivery.verdict = Delivery::Verdict::disabled;
        delivery.note += ": it wants no more messages about this job";
    }
    if (response.status >= 300 && response.status < 400)
        delivery.note += ": redirects are not followed; give the address that it leads to";
    if (tells_when(response.status)) {
        const auto wait = retry_after(response, static_cast<std::time_t>(now_s));
        if (wait) delivery.retry_after_ms = std::chrono::milliseconds(*wait).count();
    }
    return delivery;
}

WebhookNotifier::WebhookNotifier(WebhookParts parts, WebhookOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {
    std::string& url = options_.message.public_url;
    while (!url.empty() && url.back() == '/') url.pop_back();
    const auto address = parse_url(url);
    const bool web = address && (address->scheme == "https" || address->scheme == "http") && !address->host.empty();
    if (!web || url.find_first_of("?#") != std::string::npos)
        throw Error(ErrorCode::invalid_argument,
                    "'{}' is no address for links in webhooks: write it as https://transcribe.example.org", url);
}

HttpRequest WebhookNotifier::make_request(const OutboxEvent& event) const {
    const std::vector<WebhookSecret> secrets = parts_.secrets(event);
    // Unsigned messages would be as good as anybody's.
    if (secrets.empty()) throw Error(ErrorCode::internal, "there is no webhook secret to sign with: set one up");
    HttpRequest request;
    request.url = event.url;
    request.method = "POST";
    request.body = message_body(event, parts_.objects, options_.message);
    const WebhookHeaders headers = sign_webhook(secrets, event.id, parts_.clock.wall_ms() / 1000, *request.body);
    request.headers = {"Content-Type: application/json", "webhook-id: " + headers.id,
                       "webhook-timestamp: " + headers.timestamp, "webhook-signature: " + headers.signature};
    return request;
}

Delivery WebhookNotifier::deliver(const OutboxEvent& event) {
    HttpRequest request;
    try {
        check_url(event.url, options_.addresses);  // before anything is read for it
        request = make_request(event);
    } catch (const Error& error) {
        // No retry mends a callback; what is wrong with us is not counted as a try.
        if (error.code() != ErrorCode::invalid_argument) throw;
        return failed(Delivery::Verdict::refused, error.what());
    }
    const int64_t began_ms = parts_.clock.boot_ms();
    try {
        request.addresses = addresses_to_connect(event.url, options_.addresses, parts_.resolver, options_.timeout_ms);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::network && error.code() != ErrorCode::permission) throw;
        return failed(Delivery::Verdict::again, error.what());  // names change
    }
    const int64_t left_ms = options_.timeout_ms - (parts_.clock.boot_ms() - began_ms);
    if (left_ms <= 0) return failed(Delivery::Verdict::again, "its name could not be looked up in time");
    return judge_reply(send(std::move(request), left_ms), parts_.clock.wall_ms() / 1000);
}

HttpResponse WebhookNotifier::send(HttpRequest request, int64_t timeout_ms) const {
    HttpOptions http;
    http.use_proxy = false;  // a proxy would look the name up again, from inside
    http.connect_timeout = request.timeout = std::chrono::milliseconds(timeout_ms);
    http.longest_body = options_.longest_reply;
    http.cut_long_bodies = true;
    http.certificates = options_.certificates;
    return HttpClient(http).send_once(request);
}

}  // namespace ft
