#pragma once
// A server of ours as the commands see it, on a machine or on AWS: answers, or one sentence on why there is none.
#include <chrono>
#include <istream>
#include <string>

#include "api_access.h"
#include "base/clock.h"
#include "base/error.h"
#include "net/http_client.h"
#include "upload_form.h"

namespace ft {

/// Not a file but what the server is to fetch.
bool is_web_address(const std::string& audio);

/// A refusal of the server's, with its sentence.
class ApiError : public Error {
  public:
    ApiError(ErrorCode code, const std::string& sentence, long status, std::string reason, int64_t retry_after_ms)
        : Error(code, sentence), status_(status), reason_(std::move(reason)), retry_after_ms_(retry_after_ms) {}
    long status() const { return status_; }                     ///< of HTTP
    const std::string& reason() const { return reason_; }       ///< e.g. "queue_full"
    int64_t retry_after_ms() const { return retry_after_ms_; }  ///< 0: the server does not say

  private:
    long status_;
    std::string reason_;
    int64_t retry_after_ms_;
};

/// One thread.
class ApiClient {
  public:
    /// `clock` outlives it. `tick` is called about once a second while a transfer runs; an exception comes out of the
    /// call.
    ApiClient(ApiAccess access, const Clock& clock, HttpTick tick = {});

    /// The body of a 2xx answer. All throw ApiError with the server's sentence for a refusal, Error{network} when
    /// nobody answers. `path` begins with "/".
    std::string get(const std::string& path);
    /// `body` may be empty, else it is JSON.
    std::string post(const std::string& path, const std::string& body = "");
    /// A transcript, from wherever the server keeps it: on AWS through a presigned address, which is asked for anew
    /// once when it has expired.
    std::string result(const std::string& id, const std::string& format);

    /// What a job is made of: a file, "-" for `in`, or an address that the server fetches; on AWS a file only.
    struct NewUpload {
        std::string audio;
        FormFields fields;
        std::string idempotency_key;  ///< so that a try whose answer was lost may be repeated
    };
    /// Makes a job, in one try -> the job as JSON. Throws Error too when the file cannot be read.
    std::string make_job(const NewUpload& upload, std::istream& in);

    const std::string& url() const { return access_.url; }

  private:
    static constexpr std::chrono::seconds answer_timeout{60};

    std::string send(HttpRequest request);
    HttpResponse ask(HttpRequest request);
    std::string content_of(const HttpResponse& response) const;
    std::string send_form(UploadForm form, const std::string& idempotency_key);

    // On AWS; in api_client_cloud.cpp.
    HttpResponse ask_signed(const HttpRequest& request);
    std::string cloud_result(const HttpRequest& request);
    std::string make_cloud_job(const NewUpload& upload);
    void upload_to_bucket(const std::string& url, const FormFields& fields, const std::string& audio, int64_t bytes);

    const ApiAccess access_;
    const Clock& clock_;
    HttpClient client_;
};

}  // namespace ft
