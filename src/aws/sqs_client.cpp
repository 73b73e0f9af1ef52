#include "aws/sqs_client.h"

#include <openssl/evp.h>

#include "aws/json_client.h"
#include "base/text.h"

namespace ft::aws {

namespace {

using Json = nlohmann::json;

/// Empty where OpenSSL is not allowed to (FIPS): then nothing is compared.
std::string md5_hex(const std::string& text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_md5(), nullptr) != 1) return {};
    return to_hex(std::as_bytes(std::span(digest, length)));
}

void check_digest(const std::string& body, const std::string& told, const char* operation) {
    const std::string ours = md5_hex(body);
    if (told.empty() || ours.empty() || told == ours) return;
    throw Error(ErrorCode::network, "SQS {}: the message was damaged on its way (its MD5 differs); try again",
                operation);
}

int64_t number_of(const std::string& text) {
    if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos) return 0;
    return std::stoll(text);
}

QueueMessage message_of(const Json& json) {
    QueueMessage message;
    message.id = json_text(json, "MessageId");
    message.receipt_handle = json_text(json, "ReceiptHandle");
    message.body = json_text(json, "Body");
    check_digest(message.body, json_text(json, "MD5OfBody"), "ReceiveMessage");
    if (!json.contains("Attributes")) return message;
    message.receive_count = static_cast<int>(number_of(json_text(json["Attributes"], "ApproximateReceiveCount")));
    const int64_t sent_ms = number_of(json_text(json["Attributes"], "SentTimestamp"));
    if (sent_ms > 0) message.first_sent = TimePoint(std::chrono::milliseconds(sent_ms));
    return message;
}

}  // namespace

struct SqsClient::State {
    JsonClient client;

    Json call(const std::string& operation, const std::string& queue, const Json& input,
              std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
        return client.call({operation, "queue " + queue.substr(queue.rfind('/') + 1), true, timeout}, input);
    }
};

SqsClient::SqsClient(std::shared_ptr<Session> session)
    : state_(std::make_unique<State>(
          State{JsonClient(std::move(session), {"SQS", "sqs", "SQS", "sqs"}, "AmazonSQS", "1.0")})) {}
SqsClient::~SqsClient() = default;
SqsClient::SqsClient(SqsClient&&) noexcept = default;

std::string SqsClient::queue_url(const std::string& name) {
    const std::string url = json_text(state_->call("GetQueueUrl", name, {{"QueueName", name}}), "QueueUrl");
    if (url.empty())
        throw Error(ErrorCode::network, "SQS GetQueueUrl ({}) answers without an address; check AWS_ENDPOINT_URL",
                    name);
    return url;
}

std::string SqsClient::send(const std::string& queue_url, const std::string& body, std::chrono::seconds delay) {
    Json input = {{"QueueUrl", queue_url}, {"MessageBody", body}};
    if (delay.count() > 0) input["DelaySeconds"] = delay.count();
    const Json answer = state_->call("SendMessage", queue_url, input);
    check_digest(body, json_text(answer, "MD5OfMessageBody"), "SendMessage");
    return json_text(answer, "MessageId");
}

std::vector<QueueMessage> SqsClient::receive(const std::string& queue_url, int most, std::chrono::seconds wait,
                                             std::chrono::seconds visibility) {
    const Json answer = state_->call("ReceiveMessage", queue_url,
                                     {{"QueueUrl", queue_url},
                                      {"MaxNumberOfMessages", most},
                                      {"WaitTimeSeconds", wait.count()},
                                      {"VisibilityTimeout", visibility.count()},
                                      {"AttributeNames", {"ApproximateReceiveCount", "SentTimestamp"}}},
                                     wait + std::chrono::seconds(15));
    std::vector<QueueMessage> messages;
    if (!answer.contains("Messages") || !answer["Messages"].is_array()) return messages;
    for (const Json& message : answer["Messages"]) messages.push_back(message_of(message));
    return messages;
}

void SqsClient::remove(const std::string& queue_url, const std::string& receipt_handle) {
    state_->call("DeleteMessage", queue_url, {{"QueueUrl", queue_url}, {"ReceiptHandle", receipt_handle}});
}

void SqsClient::change_visibility(const std::string& queue_url, const std::string& receipt_handle,
                                  std::chrono::seconds visibility) {
    state_->call(
        "ChangeMessageVisibility", queue_url,
        {{"QueueUrl", queue_url}, {"ReceiptHandle", receipt_handle}, {"VisibilityTimeout", visibility.count()}});
}

std::map<std::string, std::string> SqsClient::attributes(const std::string& queue_url, std::vector<std::string> names) {
    if (names.empty()) names = {"All"};
    const Json answer =
        state_->call("GetQueueAttributes", queue_url, {{"QueueUrl", queue_url}, {"AttributeNames", names}});
    std::map<std::string, std::string> result;
    if (!answer.contains("Attributes") || !answer["Attributes"].is_object()) return result;
    for (const auto& [name, value] : answer["Attributes"].items()) {
        if (value.is_string()) result[name] = value.get<std::string>();
    }
    return result;
}

}  // namespace ft::aws
