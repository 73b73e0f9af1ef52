#include "cloud/aws_ports.h"

#include <charconv>

#include "aws/service_error.h"
#include "base/error.h"

namespace ft::cloud {

namespace {

int64_t wall_ms(const std::optional<aws::TimePoint>& time) {
    if (!time) return 0;
    return std::chrono::duration_cast<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

std::string bare(const std::string& etag) {
    const bool quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
    return quoted ? etag.substr(1, etag.size() - 2) : etag;
}

std::string tag(const aws::Instance& instance, const char* name) {
    const auto found = instance.tags.find(name);
    return found == instance.tags.end() ? "" : found->second;
}

/// 0, which no launch has, for what is none.
int number(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

/// What `ask` gives; nothing when the service says that it is not there, or when `also` recognizes that.
template <typename Ask, typename Also>
auto unless_gone(const Ask& ask, const Also& also) -> std::optional<decltype(ask())> {
    try {
        return ask();
    } catch (const aws::AwsError& error) {
        if (error.code() != ErrorCode::not_found && !also(error)) throw;
        return std::nullopt;
    }
}

bool nothing_else(const aws::AwsError&) {
    return false;
}

}  // namespace

std::vector<Machine> Ec2Machines::list() {
    std::vector<Machine> machines;
    for (const aws::Instance& instance : client_.describe_instances(
             {{std::string("tag:") + stack_tag, {settings_.stack}}, {std::string("tag:") + name_tag, {worker_name}}})) {
        machines.push_back({instance.id, instance.state, wall_ms(instance.launched), tag(instance, job_tag),
                            number(tag(instance, launch_tag))});
    }
    return machines;
}

void Ec2Machines::terminate(const std::string& machine_id) {
    unless_gone([&] { return client_.terminate_instances({machine_id}); }, nothing_else);
}

std::optional<UploadInfo> S3Uploads::head(const std::string& key, const std::string& version) {
    // A version that cannot be one is a bad request, without a body to say so.
    const auto no_version = [&](const aws::AwsError& error) { return !version.empty() && error.http_status() == 400; };
    const auto info = unless_gone([&] { return client_.head_object(settings_.bucket, key, version); }, no_version);
    if (!info) return std::nullopt;
    return UploadInfo{key, static_cast<int64_t>(info->size), bare(info->etag), info->version_id,
                      wall_ms(info->last_modified)};
}

std::vector<UploadInfo> S3Uploads::list(const std::string& prefix, const std::string& after, int limit) {
    std::vector<UploadInfo> found;
    for (const aws::ListedObject& object : client_.list_page(settings_.bucket, prefix, "", {after, limit}).objects) {
        found.push_back(
            {object.key, static_cast<int64_t>(object.size), bare(object.etag), "", wall_ms(object.last_modified)});
    }
    return found;
}

std::optional<std::string> S3Uploads::read_text(const std::string& key) {
    // Of an empty object there is no first byte.
    const auto empty = [](const aws::AwsError& error) { return error.aws_code() == "InvalidRange"; };
    return unless_gone([&] { return client_.get_range(settings_.bucket, key, 0, size_t{64} << 10, ""); }, empty);
}

std::string S3Uploads::uri_of(const std::string& key) const {
    return "s3://" + settings_.bucket + "/" + key;
}

std::optional<std::string> S3Uploads::key_of(const std::string& uri) const {
    const std::string ours = "s3://" + settings_.bucket + "/";
    if (uri.size() <= ours.size() || !uri.starts_with(ours)) return std::nullopt;
    return uri.substr(ours.size());
}

UploadForm S3Links::upload(const std::string& key, int64_t longest) {
    aws::PostLimits limits;
    limits.longest = static_cast<uint64_t>(longest);
    limits.expires = settings_.link;
    aws::PresignedPost post = client_.presign_post(settings_.bucket, key, limits);
    return {std::move(post.url), std::move(post.fields)};
}

std::string S3Links::download(const std::string& key, const std::string& file_name) {
    return client_.presign_get(settings_.bucket, key, settings_.link, file_name);
}

}  // namespace ft::cloud
