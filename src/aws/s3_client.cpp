#include "aws/s3_client.h"

#include <charconv>

#include "aws/encoding.h"
#include "aws/s3_requests.h"
#include "aws/times.h"
#include "aws/xml.h"

namespace ft::aws {

S3Client::S3Client(std::shared_ptr<Session> session)
    : client_(session, {"S3", "s3", "S3", "s3"}), amazons_own_(session->is_amazons_own("S3")) {}

bool S3Client::in_host(const std::string& bucket) const {
    // A dot would not fit Amazon's certificate, and other endpoints rarely have names for buckets.
    return amazons_own_ && bucket.find('.') == std::string::npos;
}

ServiceRequest S3Client::request(const std::string& operation, const std::string& method, const std::string& bucket,
                                 const std::string& key) const {
    check_bucket_and_key(bucket, key);
    ServiceRequest result;
    result.operation = operation;
    result.target = "s3://" + bucket + (key.empty() ? "" : "/" + key);
    result.method = method;
    if (in_host(bucket)) result.host_prefix = bucket + ".";
    result.path = (in_host(bucket) ? "/" : "/" + bucket + "/") + encode_path(key);
    result.sign_payload_header = true;
    result.body.reset();
    return result;
}

ObjectInfo S3Client::head_object(const std::string& bucket, const std::string& key, const std::string& version) {
    ServiceRequest head = request("HeadObject", "HEAD", bucket, key);
    if (!version.empty()) head.query = "versionId=" + percent_encode(version);
    head.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
    const HttpResponse response = client_.call(head);
    ObjectInfo info = object_info(response);
    const std::optional<uint64_t> size = parse_size(response.header("content-length"));
    if (!size || info.etag.empty()) throw_senseless_answer("S3", head.operation, response);
    info.size = *size;
    return info;
}

std::string S3Client::get_range(const std::string& bucket, const std::string& key, uint64_t first, uint64_t length,
                                const std::string& etag, const std::string& version) {
    if (length == 0) return {};
    if (length > kLargestRange) {
        throw Error(ErrorCode::invalid_argument,
                    "S3 GetObject: a range of {} bytes is too long (at most {}); get it in pieces", length,
                    kLargestRange);
    }
    ServiceRequest get = request("GetObject", "GET", bucket, key);
    get.raw_answer = true;
    if (!version.empty()) get.query = "versionId=" + percent_encode(version);
    get.headers.emplace_back("Range", fmt::format("bytes={}-{}", first, first + length - 1));
    if (!etag.empty()) get.headers.emplace_back("If-Match", etag);
    HttpResponse response = client_.call(get);
    const std::optional<ContentRange> range = parse_content_range(response.header("content-range"));
    const bool right = response.status == 206 && range && range->first == first && range->last < first + length &&
                       response.body.size() == range->last - range->first + 1 &&
                       (response.body.size() == length || range->last + 1 == range->total);
    const bool same = etag.empty() || response.header("etag") == etag;
    if (!right || !same) throw_senseless_answer("S3", get.operation, response);
    return std::move(response.body);
}

std::string S3Client::get_object(const std::string& bucket, const std::string& key, const std::string& version) {
    ServiceRequest get = request("GetObject", "GET", bucket, key);
    get.raw_answer = true;
    if (!version.empty()) get.query = "versionId=" + percent_encode(version);
    get.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
    HttpResponse response = client_.call(get);
    const std::string kept = response.header("x-amz-checksum-sha256");
    // A checksum of parts ("…-3") is not one of the bytes.
    if (!kept.empty() && kept.find('-') == std::string::npos && kept != sha256_base64(response.body)) {
        throw Error(ErrorCode::network,
                    "S3 GetObject ({}): what arrived is not what S3 keeps (its SHA-256 differs); try again, and check "
                    "proxies on the way if it stays so",
                    get.target);
    }
    return std::move(response.body);
}

ObjectInfo S3Client::put_object(const std::string& bucket, const std::string& key, std::string_view body,
                                const PutOptions& options) {
    ServiceRequest put = request("PutObject", "PUT", bucket, key);
    put.headers = put_headers(options);
    const std::vector<Header> conditions = condition_headers(options);
    put.headers.insert(put.headers.end(), conditions.begin(), conditions.end());
    put.headers.emplace_back("x-amz-checksum-sha256", sha256_base64(body));
    put.body = std::string(body);
    put.timeout = time_for_bytes(body.size());
    const HttpResponse response = client_.call(put);
    ObjectInfo info = object_info(response);
    if (info.etag.empty()) throw_senseless_answer("S3", put.operation, response);
    info.size = body.size();
    return info;
}

void S3Client::delete_object(const std::string& bucket, const std::string& key, const std::string& version) {
    ServiceRequest remove = request("DeleteObject", "DELETE", bucket, key);
    if (!version.empty()) remove.query = "versionId=" + percent_encode(version);
    client_.call(remove);
}

ListPage S3Client::list_page(const std::string& bucket, const std::string& prefix, const std::string& token,
                             const ListOptions& options) {
    ServiceRequest list = request("ListObjectsV2", "GET", bucket, "");
    list.query =
        fmt::format("list-type=2&encoding-type=url&max-keys={}&prefix={}", options.limit, percent_encode(prefix));
    if (!options.after.empty()) list.query += "&start-after=" + percent_encode(options.after);
    if (!token.empty()) list.query += "&continuation-token=" + percent_encode(token);
    const HttpResponse response = client_.call(list);
    const std::optional<XmlElement> root = parse_xml(response.body);
    if (!root || root->name != "ListBucketResult") throw_senseless_answer("S3", list.operation, response);
    const bool encoded = root->text_at("EncodingType") == "url";
    ListPage page;
    for (const XmlElement* element : root->all("", "Contents")) {
        ListedObject object;
        object.key = element->text_at("Key");
        if (encoded) object.key = form_decode(object.key);
        object.etag = element->text_at("ETag");
        object.last_modified = parse_iso_time(element->text_at("LastModified"));
        const std::optional<uint64_t> size = parse_size(element->text_at("Size"));
        if (!size || object.key.empty()) throw_senseless_answer("S3", list.operation, response);
        object.size = *size;
        page.objects.push_back(std::move(object));
    }
    if (root->text_at("IsTruncated") == "true") {
        page.next = root->text_at("NextContinuationToken");
        // Else a list would end early and look complete.
        if (page.next.empty() || page.next == token) throw_senseless_answer("S3", list.operation, response);
    }
    return page;
}

void S3Client::list(const std::string& bucket, const std::string& prefix,
                    const std::function<bool(const ListedObject&)>& visit) {
    std::string token;
    do {
        const ListPage page = list_page(bucket, prefix, token);
        for (const ListedObject& object : page.objects) {
            if (!visit(object)) return;
        }
        token = page.next;
    } while (!token.empty());
}

}  // namespace ft::aws
