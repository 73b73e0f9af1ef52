#include "cloud_stack.h"

#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "aws/sigv4.h"
#include "aws/times.h"
#include "base/base64.h"
#include "base/text.h"
#include "cloud/upload_key.h"

namespace ft {

namespace {

using nlohmann::json;
using testing::TestReply;
using testing::TestRequest;

constexpr const char* bucket_name = "recordings";

cloud::CloudSettings stack_settings() {
    cloud::CloudSettings settings;
    settings.stack = "transcriber";
    settings.bucket = bucket_name;
    settings.longest_upload = int64_t{1} << 20;
    return settings;
}

TestReply xml_error(int status, const std::string& code, const std::string& message) {
    return {.status = status,
            .headers = {{"Content-Type", "application/xml"}},
            .body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code + "</Code><Message>" + message +
                    "</Message></Error>"};
}

/// The parts of a form, in their order.
std::vector<FormPart> parts_of(const TestRequest& request) {
    const std::string type = request.headers.at("content-type");
    const std::string mark = "--" + type.substr(type.find("boundary=") + 9);
    std::vector<FormPart> parts;
    for (size_t at = request.body.find(mark); at != std::string::npos;) {
        const size_t begin = at + mark.size() + 2;
        at = request.body.find("\r\n" + mark, begin);
        if (at == std::string::npos) break;
        const std::string text = request.body.substr(begin, at - begin);
        const size_t blank = text.find("\r\n\r\n");
        parts.push_back({text.substr(0, blank), text.substr(blank + 4)});
        at += 2;
    }
    return parts;
}

std::string field_name(const FormPart& part) {
    const size_t begin = part.head.find("name=\"") + 6;
    return part.head.substr(begin, part.head.find('"', begin) - begin);
}

/// `query` with its question mark; "0" for what is not in it.
std::string parameter_of(const std::string& query, const std::string& name) {
    const size_t at = std::min(query.find("?" + name + "="), query.find("&" + name + "="));
    if (at == std::string::npos) return "0";
    const size_t begin = at + name.size() + 2;
    return aws::form_decode(query.substr(begin, query.find('&', begin) - begin));
}

/// "20260131T120000Z" → the time; the first moment of 1970 for what is none.
aws::TimePoint time_of(const std::string& basic) {
    if (basic.size() != 16) return {};
    return aws::parse_iso_time(basic.substr(0, 4) + "-" + basic.substr(4, 2) + "-" + basic.substr(6, 5) + ":" +
                               basic.substr(11, 2) + ":" + basic.substr(13))
        .value_or(aws::TimePoint{});
}

/// As HTTP writes it.
std::string http_time(aws::TimePoint time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

bool use_up(int& faults) {
    return faults > 0 && faults-- > 0;
}

bool is_signed(const TestRequest& request, aws::TimePoint now) {
    const auto date = request.headers.find("x-amz-date"), authorization = request.headers.find("authorization");
    if (date == request.headers.end() || authorization == request.headers.end()) return false;
    const auto difference = time_of(date->second) - now;
    if (difference > std::chrono::minutes(5) || difference < -std::chrono::minutes(5)) return false;
    if (authorization->second.find(std::string("Credential=") + CloudStack::key_id + "/") == std::string::npos)
        return false;
    return aws::testing::is_signed_rightly(request, "execute-api", CloudStack::region, CloudStack::secret);
}

/// What the gateway hands to the function.
json event_of(const TestRequest& request) {
    const size_t question = request.path.find('?');
    json event = {{"version", "2.0"},
                  {"rawPath", aws::percent_decode(request.path.substr(0, question))},
                  {"rawQueryString", question == std::string::npos ? "" : request.path.substr(question + 1)},
                  {"headers", request.headers},
                  {"requestContext",
                   {{"stage", "$default"},
                    {"http", {{"method", request.method}}},
                    {"authorizer", {{"iam", {{"userArn", "arn:aws:iam::111122223333:user/anna"}}}}}}},
                  {"isBase64Encoded", true}};
    if (!request.body.empty()) event["body"] = to_base64(request.body);
    return event;
}

}  // namespace

CloudStack::CloudStack()
    : settings_(stack_settings()),
      bucket_([this](const TestRequest& request) { return on_bucket(request); }),
      session_(bucket_.session()),
      links_(session_, settings_),
      router_(cloud::cloud_routes({store_, uploads_, links_, clock_, settings_, rules_})),
      api_([this](const TestRequest& request) { return on_api(request); }) {
    rules_.signs_webhooks = true;
}

void CloudStack::set(const Faults& faults) {
    const std::lock_guard lock(mutex_);
    faults_ = faults;
}

TestReply CloudStack::on_api(const TestRequest& request) {
    const std::lock_guard lock(mutex_);
    const aws::TimePoint now = std::chrono::system_clock::now() + faults_.ahead_by;
    TestReply reply{.status = 403, .headers = {{"Date", http_time(now)}}, .body = R"({"message":"Forbidden"})"};
    if (!is_signed(request, now)) return reply;
    if (use_up(faults_.throttled)) {
        reply.status = 429;
        reply.body = R"({"message":"Too Many Requests"})";
        return reply;
    }
    if (!request.path.starts_with("/v1/")) {
        reply.status = 404;
        reply.body = R"({"message":"Not Found"})";
        return reply;
    }
    const json answer = json::parse(cloud::answer_gateway(router_, event_of(request).dump()));
    reply.status = answer.at("statusCode");
    reply.body = answer.at("body");
    for (const auto& [name, value] : answer.at("headers").items()) reply.headers.emplace_back(name, value);
    if (reply.status == 302 && use_up(faults_.expired_links))
        bucket_.world.pass(settings_.link + std::chrono::hours(1));
    reply.lost = request.method == "POST" && request.path == "/v1/jobs" && use_up(faults_.lost_answers);
    return reply;
}

TestReply CloudStack::on_bucket(const TestRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.headers.count("authorization") > 0)
        return xml_error(400, "InvalidArgument", "Only one auth mechanism allowed");
    return request.method == "POST" ? take_form(request) : give_object(request);
}

TestReply CloudStack::take_form(const TestRequest& request) {
    if (request.path != std::string("/") + bucket_name + "/")
        return xml_error(404, "NoSuchBucket", "There is no such bucket");
    if (request.headers.count("content-length") == 0)
        return xml_error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    if (use_up(faults_.failing_uploads)) return xml_error(503, "SlowDown", "Please reduce your request rate.");
    if (faults_.forbids_uploads) return xml_error(403, "AccessDenied", "Access Denied");
    const std::vector<FormPart> parts = parts_of(request);
    if (const std::string refusal = refusal_of_form(parts); !refusal.empty())
        return xml_error(403, "AccessDenied", refusal);
    std::string key;
    for (const FormPart& part : parts) {
        if (field_name(part) == "key") key = part.body;
    }
    const std::string& content = parts.back().body;
    uploads_.put(key, static_cast<int64_t>(content.size()), "v" + std::to_string(++versions_));
    contents_[key] = content;
    if (faults_.events_are_late)
        events_.push_back(key);
    else
        deliver(key);
    TestReply reply{.status = 204};
    reply.lost = use_up(faults_.lost_uploads);
    return reply;
}

/// What S3 has against it, as it compares forms with their policies; empty: nothing.
std::string CloudStack::refusal_of_form(const std::vector<FormPart>& parts) {
    std::map<std::string, std::string> fields;
    for (const FormPart& part : parts) fields[field_name(part)] = part.body;
    if (parts.empty() || field_name(parts.back()) != "file") return "The form has no file at its end";
    const aws::Credentials credentials = session_->credentials().get();
    if (fields["x-amz-signature"] != aws::sign_policy(fields["policy"], s3_scope(fields["x-amz-date"]), credentials))
        return "The signature does not match";
    const json policy = json::parse(from_base64(fields["policy"]).value_or(""));
    if (aws::parse_iso_time(policy.at("expiration").get<std::string>()) <= session_->now())
        return "Invalid according to Policy: Policy expired.";
    const auto size = static_cast<int64_t>(fields["file"].size());
    for (const char* free : {"policy", "x-amz-signature", "file"}) fields.erase(free);
    fields["bucket"] = bucket_name;
    for (const json& condition : policy.at("conditions")) {
        if (condition.is_array()) {
            if (size < condition.at(1) || size > condition.at(2)) return "The size is out of range";
            continue;
        }
        const std::string name = condition.begin().key();
        if (fields[name] != condition.front()) return "Invalid according to Policy: " + name;
        fields.erase(name);
    }
    return fields.empty() ? "" : "Extra input fields: " + fields.begin()->first;
}

TestReply CloudStack::give_object(const TestRequest& request) {
    const size_t question = std::min(request.path.find('?'), request.path.size());
    const std::string path = request.path.substr(0, question), query = request.path.substr(question);
    if (!is_presigned_rightly(path, query))
        return xml_error(403, "SignatureDoesNotMatch", "The signature does not match");
    const std::chrono::seconds valid(std::stoi(parameter_of(query, "X-Amz-Expires")));
    if (time_of(parameter_of(query, "X-Amz-Date")) + valid < session_->now())
        return xml_error(403, "AccessDenied", "Request has expired");
    if (use_up(faults_.failing_links)) return xml_error(503, "SlowDown", "Please reduce your request rate.");
    const auto found = contents_.find(aws::percent_decode(path).substr(settings_.bucket.size() + 2));
    if (found == contents_.end()) return xml_error(404, "NoSuchKey", "The specified key does not exist.");
    return {.body = found->second};
}

bool CloudStack::is_presigned_rightly(const std::string& path, const std::string& query) {
    const size_t own = query.find("X-Amz-Algorithm=");
    if (own == std::string::npos) return false;
    aws::SigningRequest request;
    request.method = "GET";
    request.path = path;
    if (own > 1) request.query = query.substr(1, own - 2);
    request.headers = {{"Host", bucket_.server().url().substr(std::string("http://").size())}};
    request.payload_hash = aws::kUnsignedPayload;
    const std::chrono::seconds valid(std::stoi(parameter_of(query, "X-Amz-Expires")));
    const aws::SigningScope scope = s3_scope(parameter_of(query, "X-Amz-Date"));
    return "?" + aws::sign_query(request, scope, session_->credentials().get(), valid).query == query;
}

aws::SigningScope CloudStack::s3_scope(const std::string& basic_time) const {
    aws::SigningScope scope;
    scope.region = session_->region();
    scope.service = "s3";
    scope.time = time_of(basic_time);
    scope.s3_path = true;
    return scope;
}

void CloudStack::deliver_events() {
    const std::lock_guard lock(mutex_);
    for (const std::string& key : std::exchange(events_, {})) deliver(key);
}

void CloudStack::deliver(const std::string& key) {
    const auto parsed = cloud::parse_upload_key(key);
    if (cloud::take_upload({store_, uploads_, settings_, rules_}, key, "") == cloud::Taken::made && faults_.works)
        work(parsed->job_id, contents_[key]);
}

void CloudStack::work(const std::string& job_id, const std::string& content) {
    ClaimRequest request;
    request.owner = "i-1:w/0";
    request.job_id = job_id;
    const auto job = store_.claim(request);
    if (!job) return;
    if (content.starts_with("broken")) {
        RetryDecision decision;
        decision.state = JobState::failed;
        decision.kind = FailureClass::permanent;
        decision.error = {"bad_media", "the recording is a text file, not audio"};
        store_.end_attempt(lease_of(*job), decision);
        return;
    }
    JobResult result;
    result.prefix = result_prefix(job_id, job->fence);
    result.files = {"transcript.txt", "transcript.srt"};
    result.audio_s = 12;
    contents_[result.prefix + "transcript.txt"] = content + "\n";
    contents_[result.prefix + "transcript.srt"] = "1\n00:00:00,000 --> 00:00:12,000\n" + content + "\n";
    store_.commit(lease_of(*job), result);
}

std::string CloudStack::only_job() {
    const auto page = store_.list({});
    return page.jobs.size() == 1 ? page.jobs.front().id : "";
}

std::map<std::string, std::string> CloudStack::recordings() {
    const std::lock_guard lock(mutex_);
    std::map<std::string, std::string> found;
    for (const auto& [key, content] : contents_) {
        if (key.starts_with(cloud::upload_prefix)) found.emplace(key, content);
    }
    return found;
}

}  // namespace ft
