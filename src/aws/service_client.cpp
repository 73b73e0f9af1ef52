#include "aws/service_client.h"

#include "base/log.h"

namespace ft::aws {

namespace {

/// What the answers so far have led to. Kept apart from call(), which stays readable so.
struct Attempts {
    int made = 0;
    bool clock_corrected = false;
    bool credentials_renewed = false;
    bool may_have_been_done = false;
};

void refuse_line_breaks(const std::vector<Header>& headers, const std::string& operation) {
    for (const auto& [name, value] : headers) {
        if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) continue;
        throw Error(ErrorCode::invalid_argument, "{}: the header {} would have a line break in it; remove that",
                    operation, name.substr(0, name.find_first_of("\r\n")));
    }
}

}  // namespace

std::string authority_of(const std::string& url) {
    const size_t begin = url.find("://") + 3;
    return url.substr(begin, url.find('/', begin) - begin);
}

std::string with_host_prefix(const std::string& url, const std::string& prefix) {
    std::string result = url;
    return result.insert(url.find("://") + 3, prefix);
}

ServiceClient::ServiceClient(std::shared_ptr<Session> session, Service service)
    : session_(std::move(session)),
      service_(std::move(service)),
      endpoint_(session_->endpoint(service_.host, service_.variable)),
      send_(session_->make_send()) {}

SigningScope ServiceClient::scope() const {
    SigningScope scope;
    scope.region = session_->region();
    scope.service = service_.signing;
    scope.time = session_->now();
    scope.s3_path = service_.signing == "s3";
    return scope;
}

HttpRequest ServiceClient::sign(const ServiceRequest& request, const Credentials& credentials) const {
    const std::string url = with_host_prefix(endpoint_, request.host_prefix);
    // An endpoint may have a path of its own, before the request's.
    const size_t path_begin = url.find('/', url.find("://") + 3);
    SigningRequest to_sign;
    to_sign.method = request.method;
    to_sign.path = (path_begin == std::string::npos ? "" : url.substr(path_begin)) + request.path;
    to_sign.query = request.query;
    to_sign.payload_hash = payload_hash(request.body.value_or(""));
    to_sign.headers = request.headers;
    to_sign.headers.emplace_back("Host", authority_of(url));
    if (request.sign_payload_header) to_sign.headers.emplace_back("x-amz-content-sha256", to_sign.payload_hash);
    const Signature signature = sign_header(to_sign, scope(), credentials);
    HttpRequest result;
    result.method = request.method;
    result.url = url + request.path + (request.query.empty() ? "" : "?" + request.query);
    const std::vector<Header>* both[] = {&to_sign.headers, &signature.headers};
    for (const std::vector<Header>* headers : both) {
        for (const auto& [name, value] : *headers) {
            // curl leaves out a header without a value, unless it ends with a semicolon.
            result.headers.push_back(value.empty() ? name + ";" : name + ": " + value);
        }
    }
    result.body = request.body;
    result.timeout = request.timeout;
    return result;
}

HttpResponse ServiceClient::call(const ServiceRequest& request) {
    refuse_line_breaks(request.headers, service_.name + " " + request.operation);
    const TimePoint begin = session_->surroundings().now();
    Attempts attempts;
    for (int failures = 0;;) {
        const Credentials credentials = session_->credentials().get();
        HttpResponse response = send_(sign(request, credentials));
        ++attempts.made;
        const bool good = response.ok() && (request.raw_answer || !is_error_in_disguise(response.body));
        if (good) return response;
        ServiceError error = read_service_error(response);
        error.message = without_secrets(std::move(error.message), credentials);
        const Verdict verdict = judge(response, error, good);
        attempts.may_have_been_done |= !surely_not_done(response, verdict);

        const bool refused = verdict == Verdict::skewed || verdict == Verdict::expired;
        const auto skew = refused ? clock_error(response, session_->now()) : std::nullopt;
        if (skew && !attempts.clock_corrected) {
            attempts.clock_corrected = true;
            session_->correct_clock(*skew);
            continue;
        }
        if (verdict == Verdict::expired && !attempts.credentials_renewed) {
            attempts.credentials_renewed = true;
            session_->credentials().discard(credentials);
            if (session_->credentials().get() != credentials) continue;  // the same again: it would fail again
        }
        ++failures;
        const bool worth_it = verdict == Verdict::passing || verdict == Verdict::throttled;
        const bool allowed = request.repeatable || surely_not_done(response, verdict);
        const auto wait =
            wait_before(session_->retries(), failures, verdict, response, session_->surroundings().random());
        const auto spent = session_->surroundings().now() - begin;
        if (!worth_it || !allowed || failures >= session_->retries().attempts ||
            spent + wait > session_->retries().longest_in_all) {
            throw_aws_error(
                {service_.name, request.operation, request.target, attempts.made, attempts.may_have_been_done}, error,
                response, endpoint_);
        }
        spdlog::debug("{} {}: {} (HTTP {}), again in {} ms", service_.name, request.operation,
                      response.failure == HttpFailure::none ? error.code : response.failure_text, response.status,
                      wait.count());
        session_->surroundings().wait(wait);
    }
}

}  // namespace ft::aws
