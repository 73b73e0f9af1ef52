// Uploads in parts: S3Client's second half.
#include <algorithm>

#include "aws/s3_client.h"
#include "aws/s3_requests.h"
#include "aws/xml.h"
#include "base/log.h"

namespace ft::aws {

namespace {

std::string upload_query(const std::string& upload_id) {
    return "uploadId=" + percent_encode(upload_id);
}

}  // namespace

std::string S3Client::create_multipart_upload(const std::string& bucket, const std::string& key,
                                              const PutOptions& options) {
    ServiceRequest create = request("CreateMultipartUpload", "POST", bucket, key);
    create.query = "uploads=";
    create.headers = put_headers(options);
    create.headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
    create.body = "";
    const HttpResponse response = client_.call(create);
    const std::optional<XmlElement> root = parse_xml(response.body);
    std::string id = root ? root->text_at("UploadId") : "";
    if (id.empty()) throw_senseless_answer("S3", create.operation, response);
    return id;
}

UploadPart S3Client::upload_part(const std::string& bucket, const std::string& key, const std::string& upload_id,
                                 int number, std::string_view body) {
    if (number < 1 || number > kMostParts) {
        throw Error(ErrorCode::invalid_argument, "S3 has no part {} of an upload (1 to {}); use larger parts", number,
                    kMostParts);
    }
    ServiceRequest put = request("UploadPart", "PUT", bucket, key);
    put.query = fmt::format("partNumber={}&{}", number, upload_query(upload_id));
    UploadPart part;
    part.number = number;
    part.checksum_sha256 = sha256_base64(body);
    put.headers.emplace_back("x-amz-checksum-sha256", part.checksum_sha256);
    put.body = std::string(body);
    put.timeout = time_for_bytes(body.size());
    const HttpResponse response = client_.call(put);
    part.etag = response.header("etag");
    if (part.etag.empty()) throw_senseless_answer("S3", put.operation, response);
    return part;
}

ObjectInfo S3Client::complete_multipart_upload(const std::string& bucket, const std::string& key,
                                               const std::string& upload_id, const std::vector<UploadPart>& parts,
                                               const PutOptions& options) {
    ServiceRequest complete = request("CompleteMultipartUpload", "POST", bucket, key);
    complete.query = upload_query(upload_id);
    complete.headers = condition_headers(options);
    complete.headers.emplace_back("Content-Type", "application/xml");
    std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (const UploadPart& part : parts) {
        body +=
            fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag><ChecksumSHA256>{}</ChecksumSHA256></Part>",
                        part.number, xml_escape(part.etag), xml_escape(part.checksum_sha256));
    }
    complete.body = body + "</CompleteMultipartUpload>";
    complete.timeout = std::chrono::minutes(10);  // S3 says 200 at once and sends blanks while it works
    HttpResponse response;
    try {
        response = client_.call(complete);
    } catch (const AwsError& error) {
        // An attempt whose answer was lost has ended the upload: the object is there.
        if (error.aws_code() != "NoSuchUpload" || !error.may_have_been_done()) throw;
        ObjectInfo info = head_object(bucket, key);
        if (!info.etag.ends_with(fmt::format("-{}\"", parts.size()))) throw;
        spdlog::debug("S3 CompleteMultipartUpload: an attempt whose answer was lost has completed the upload");
        return info;
    }
    const std::optional<XmlElement> root = parse_xml(response.body);
    if (!root || root->name != "CompleteMultipartUploadResult") {
        throw_senseless_answer("S3", complete.operation, response);
    }
    ObjectInfo info = object_info(response);
    info.etag = root->text_at("ETag");
    info.checksum_sha256 = root->text_at("ChecksumSHA256");
    return info;
}

void S3Client::abort_multipart_upload(const std::string& bucket, const std::string& key, const std::string& upload_id) {
    ServiceRequest abort = request("AbortMultipartUpload", "DELETE", bucket, key);
    abort.query = upload_query(upload_id);
    try {
        client_.call(abort);
    } catch (const AwsError& error) {
        if (error.aws_code() != "NoSuchUpload") throw;
    }
}

ObjectInfo S3Client::upload(const std::string& bucket, const std::string& key, const Reader& read,
                            const PutOptions& options, uint64_t part_size) {
    part_size = std::max(part_size, kSmallestPart);
    std::string piece = read(part_size);
    if (piece.size() < part_size) return put_object(bucket, key, piece, options);
    const std::string id = create_multipart_upload(bucket, key, options);
    try {
        uint64_t size = 0;
        std::vector<UploadPart> parts;
        while (!piece.empty()) {
            size += piece.size();
            parts.push_back(upload_part(bucket, key, id, static_cast<int>(parts.size()) + 1, piece));
            piece = piece.size() < part_size ? std::string() : read(part_size);
        }
        ObjectInfo info = complete_multipart_upload(bucket, key, id, parts, options);
        info.size = size;
        return info;
    } catch (...) {
        // Parts cost money until somebody drops them.
        try {
            abort_multipart_upload(bucket, key, id);
        } catch (const Error& error) {
            spdlog::warn("the parts of an upload that failed stay until the bucket's lifecycle removes them: {}",
                         error.what());
        }
        throw;
    }
}

}  // namespace ft::aws
