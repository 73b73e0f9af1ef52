#include "jobs/aws/job_items.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/sha256.h"
#include "jobs/aws/table_layout.h"
#include "jobs/job_json.h"

namespace ft::dynamo {

namespace {

constexpr std::string_view event_states = "event-";

const aws::AttributeValue& column(const aws::Item& item, const char* name) {
    const auto found = item.find(name);
    if (found != item.end()) return found->second;
    const auto id = item.find(job_id_column);
    throw Error(ErrorCode::io, "a row of the job {} has no column {}: restore the table from a backup",
                id == item.end() ? "?" : id->second.text(), name);
}

void set_ttl(aws::Item& item, int64_t from_ms, int64_t keep_s) {
    if (keep_s > 0) item[ttl_column] = from_ms / 1000 + keep_s;
}

}  // namespace

aws::Item key_of(const std::string& job_id, const std::string& row) {
    return {{job_id_column, job_id}, {row_column, row}};
}

const std::string& token_of(const aws::Item& item) {
    return column(item, token_column).text();
}

aws::Item item_of(const Job& job, const Writing& writing) {
    aws::Item item = key_of(job.id, job_row);
    item[state_column] = std::string(to_string(job.state));
    item[due_column] = claimable_from_ms(job).value_or(job.updated_ms);
    item[listed_as_column] = job_row;
    item[listed_at_column] = listed_at(job.created_ms, job.id);
    item["search"] = search_text(job);
    item["record"] = job_to_json(job);
    item[token_column] = writing.token;
    if (is_terminal(job.state)) set_ttl(item, job.updated_ms, writing.keep_s);
    return item;
}

Job job_of(const aws::Item& item) {
    return job_from_json(column(item, "record").text(), column(item, job_id_column).text());
}

aws::Item item_of(const OutboxEvent& event, int64_t deliveries, const Writing& writing) {
    aws::Item item = key_of(event.job_id, event_rows + event.id);
    item[state_column] = std::string(event_states) + std::string(to_string(event.state));
    item[due_column] = event.due_ms;
    item[listed_as_column] = event.id;
    item[listed_at_column] = event.job_id;
    item["type"] = event.type;
    item["url"] = event.url;
    item["body"] = event.body;
    item["attempts"] = event.attempts;
    item["sequence"] = event.sequence;
    item["created_ms"] = event.created_ms;
    item["deliveries"] = deliveries;
    item[token_column] = writing.token;
    set_ttl(item, event.created_ms, writing.keep_s);
    return item;
}

OutboxEvent event_of(const aws::Item& item) {
    OutboxEvent event;
    event.id = column(item, listed_as_column).text();
    event.job_id = column(item, job_id_column).text();
    event.type = column(item, "type").text();
    event.url = column(item, "url").text();
    event.body = column(item, "body").text();
    const std::string& state = column(item, state_column).text();
    event.state = parse_event_state(std::string_view(state).substr(std::min(state.size(), event_states.size())));
    event.attempts = static_cast<int>(column(item, "attempts").integer());
    event.sequence = column(item, "sequence").integer();
    event.created_ms = column(item, "created_ms").integer();
    event.due_ms = column(item, due_column).integer();
    return event;
}

int64_t deliveries_of(const aws::Item& event) {
    return column(event, "deliveries").integer();
}

aws::Item item_of(const OutboxEvent& event, const DeliveryAttempt& attempt, int64_t number, int64_t keep_s) {
    aws::Item item = key_of(event.job_id, fmt::format("{}{:08}", delivery_prefix(event.id), number));
    item["at_ms"] = attempt.at_ms;
    item["duration_ms"] = attempt.duration_ms;
    item["http_status"] = attempt.http_status;
    item["note"] = attempt.note;
    set_ttl(item, attempt.at_ms, keep_s);
    return item;
}

DeliveryAttempt delivery_of(const aws::Item& item) {
    return {column(item, "at_ms").integer(), column(item, "duration_ms").integer(),
            static_cast<int>(column(item, "http_status").integer()), column(item, "note").text()};
}

std::string delivery_prefix(const std::string& event_id) {
    return delivery_rows + event_id + "#";
}

aws::Item item_of(const UsageRow& usage) {
    aws::Item item = key_of(usage.job_id, usage_row);
    item["fence"] = usage.fence;
    item["finished_ms"] = usage.finished_ms;
    item["audio_s"] = usage.audio_s;
    item["compute_s"] = usage.compute_s;
    item["model"] = usage.model;
    return item;
}

UsageRow usage_of(const aws::Item& item) {
    return {column(item, job_id_column).text(), column(item, "fence").integer(),  column(item, "finished_ms").integer(),
            column(item, "audio_s").real(),     column(item, "compute_s").real(), column(item, "model").text()};
}

std::string key_holder(const std::string& idempotency_key) {
    // No job's id has a colon, and a hash is as long as any other.
    return "key:" + sha256_hex(std::as_bytes(std::span(idempotency_key)));
}

aws::Item key_item(const Job& job, const Writing& writing) {
    aws::Item item = key_of(key_holder(job.idempotency_key), key_row);
    item["holder"] = job.id;
    item[token_column] = writing.token;
    set_ttl(item, job.created_ms, writing.keep_s);
    return item;
}

std::string holder_of(const aws::Item& key) {
    return column(key, "holder").text();
}

std::string listed_at(int64_t created_ms, const std::string& id) {
    return fmt::format("{:019}.{}", std::max<int64_t>(created_ms, 0), id);
}

namespace {

size_t bytes_of(const aws::AttributeValue& value) {
    struct Visitor {
        size_t operator()(std::nullptr_t) const { return 1; }
        size_t operator()(bool) const { return 1; }
        size_t operator()(const std::string& text) const { return text.size(); }
        // At most: two digits a byte, a byte each for sign and exponent.
        size_t operator()(const aws::Number& number) const { return number.text.size() / 2 + 3; }
        size_t operator()(const aws::Binary& binary) const { return binary.bytes.size(); }
        size_t operator()(const aws::StringSet& texts) const {
            size_t bytes = 3;
            for (const std::string& text : texts) bytes += text.size() + 1;
            return bytes;
        }
        size_t operator()(const aws::List& list) const {
            size_t bytes = 3;
            for (const aws::AttributeValue& element : list) bytes += bytes_of(element) + 1;
            return bytes;
        }
        size_t operator()(const aws::Item& map) const { return 3 + dynamo::bytes_of(map); }
    };
    return std::visit(Visitor{}, value.variant());
}

}  // namespace

size_t bytes_of(const aws::Item& item) {
    size_t bytes = 0;
    for (const auto& [name, value] : item) bytes += name.size() + bytes_of(value);
    return bytes;
}

void check_size(const aws::Item& item, size_t most) {
    const size_t bytes = bytes_of(item);
    if (bytes <= most) return;
    throw Error(ErrorCode::invalid_argument,
                "the job {} would take {} bytes in its row \"{}\", and at most {} fit into the table: shorten its "
                "metadata, options or file name (control characters and quotes count several times)",
                column(item, job_id_column).text(), bytes, column(item, row_column).text(), most);
}

}  // namespace ft::dynamo
