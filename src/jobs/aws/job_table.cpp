#include "jobs/aws/job_table.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/error.h"
#include "jobs/aws/job_items.h"
#include "jobs/aws/table_layout.h"

namespace ft::dynamo {

namespace {

using aws::AwsError;
using aws::Item;
using aws::TransactWrite;

constexpr int most_rounds = 40;
constexpr int64_t first_wait_ms = 10, longest_wait_ms = 1000;

constexpr const char* cancelled = "TransactionCanceledException";
constexpr const char* refused_code = "ConditionalCheckFailed";

JobTable::Refused refused_by(const AwsError& error) {
    if (error.aws_code() == std::string(refused_code) + "Exception") return {0};
    JobTable::Refused refused;
    if (error.aws_code() != cancelled) return refused;
    for (size_t i = 0; i < error.reasons().size(); ++i) {
        if (error.reasons()[i] == refused_code) refused.push_back(i);
    }
    return refused;
}

/// Others write the same rows at this moment, or too much is written at once.
bool is_conflict(const AwsError& error) {
    if (error.aws_code() == "TransactionConflictException") return true;
    const auto passing = [](const std::string& reason) {
        return reason == "TransactionConflict" || reason == "ThrottlingError" ||
               reason == "ProvisionedThroughputExceeded";
    };
    return error.aws_code() == cancelled && std::any_of(error.reasons().begin(), error.reasons().end(), passing);
}

/// "wrong argument" and "not found" would be taken for the job's fault, and the job would fail.
[[noreturn]] void rethrow(const AwsError& error) {
    if (error.code() == ErrorCode::network || error.code() == ErrorCode::permission) throw error;
    throw Error(ErrorCode::io, error.what());
}

TransactWrite over(TransactWrite write, const std::string& read_token) {
    write.condition = "#token = :read";
    write.names = {{"#token", token_column}};
    write.values = {{":read", read_token}};
    return write;
}

}  // namespace

TransactWrite put_new(Item item) {
    TransactWrite write;
    write.item = std::move(item);
    write.condition = fmt::format("attribute_not_exists({})", job_id_column);
    return write;
}

TransactWrite put_over(Item item, const std::string& read_token) {
    TransactWrite write;
    write.item = std::move(item);
    return over(std::move(write), read_token);
}

TransactWrite remove_row(const std::string& job_id, const std::string& row) {
    TransactWrite write;
    write.kind = TransactWrite::Kind::remove;
    write.key = key_of(job_id, row);
    return write;
}

TransactWrite remove_over(const std::string& job_id, const std::string& row, const std::string& read_token) {
    return over(remove_row(job_id, row), read_token);
}

JobTable::JobTable(std::shared_ptr<aws::Session> session, std::string name)
    : name_(std::move(name)), clients_(std::move(session)) {}

void JobTable::prepare() {
    const std::lock_guard lock(preparing_);
    clients_.use(
        [&](aws::DynamoDbClient& client) { prepare_table(client, clients_.session()->surroundings(), name_); });
}

template <typename Work>
auto JobTable::call(const Work& work) {
    try {
        return clients_.use(work);
    } catch (const AwsError& error) {
        if (error.aws_code() != "ResourceNotFoundException") throw;
    }
    // Somebody has deleted it, or this is the first start.
    prepare();
    return clients_.use(work);
}

std::optional<Item> JobTable::get(const std::string& job_id, const std::string& row) {
    try {
        return call([&](aws::DynamoDbClient& client) { return client.get_item(name_, key_of(job_id, row)); });
    } catch (const AwsError& error) {
        rethrow(error);
    }
}

std::vector<Item> JobTable::rows(const std::string& job_id, const std::string& prefix) {
    aws::QueryItems query;
    query.table = name_;
    query.key_condition = "#id = :id AND begins_with(#row, :prefix)";
    query.names = {{"#id", job_id_column}, {"#row", row_column}};
    query.values = {{":id", job_id}, {":prefix", prefix}};
    query.consistent = true;
    try {
        return call([&](aws::DynamoDbClient& client) {
            std::vector<Item> found;
            client.query(query, [&](const Item& item) {
                found.push_back(item);
                return true;
            });
            return found;
        });
    } catch (const AwsError& error) {
        rethrow(error);
    }
}

void JobTable::due(const std::string& state, int64_t until_ms, int page,
                   const std::function<bool(const Item&)>& visit) {
    aws::QueryItems query;
    query.table = name_;
    query.index = by_state_index;
    query.key_condition = "#state = :state AND #due < :until";
    query.names = {{"#state", state_column}, {"#due", due_column}};
    query.values = {{":state", state}, {":until", until_ms}};
    query.limit = page;
    try {
        call([&](aws::DynamoDbClient& client) { client.query(query, visit); });
    } catch (const AwsError& error) {
        rethrow(error);
    }
}

void JobTable::listed(const std::string& list, const std::string& below, aws::QueryItems filter,
                      const std::function<bool(const Item&)>& visit) {
    filter.table = name_;
    filter.index = by_list_index;
    filter.forward = false;
    filter.key_condition = "#list = :list";
    filter.names["#list"] = listed_as_column;
    filter.values[":list"] = list;
    if (!below.empty()) {
        filter.key_condition += " AND #at < :below";
        filter.names["#at"] = listed_at_column;
        filter.values[":below"] = below;
    }
    try {
        call([&](aws::DynamoDbClient& client) { client.query(filter, visit); });
    } catch (const AwsError& error) {
        rethrow(error);
    }
}

void JobTable::send(const std::vector<TransactWrite>& writes) {
    const TransactWrite& first = writes.front();
    call([&](aws::DynamoDbClient& client) {
        const aws::Expression condition{first.condition, first.names, first.values};
        // One row alone costs half of what a transaction costs.
        if (writes.size() == 1 && first.kind == TransactWrite::Kind::put)
            client.put_item(name_, first.item, condition);
        else if (writes.size() == 1 && first.kind == TransactWrite::Kind::remove)
            client.delete_item(name_, first.key, condition);
        else
            client.transact_write(writes, first.item.empty() ? "" : token_of(first.item));
    });
}

bool JobTable::is_done(const TransactWrite& write) {
    const Item& key = write.item.empty() ? write.key : write.item;
    const auto now = get(key.at(job_id_column).text(), key.at(row_column).text());
    if (write.kind == TransactWrite::Kind::remove) return !now;
    return now && token_of(*now) == token_of(write.item);
}

JobTable::Refused JobTable::write(std::vector<TransactWrite> writes) {
    for (TransactWrite& write : writes) {
        write.table = name_;
        if (write.kind == TransactWrite::Kind::put) check_size(write.item);
    }
    bool open = false;
    for (int round = 1;; ++round) {
        try {
            send(writes);
            return {};
        } catch (const AwsError& error) {
            open = open || error.may_have_been_done();
            const Refused refused = refused_by(error);
            // Our own first attempt, whose answer was lost, may be what the condition of the second stumbles over.
            if (!refused.empty()) return open && is_done(writes.front()) ? Refused() : refused;
            if (!is_conflict(error)) rethrow(error);
        }
        wait_for_turn(round);
    }
}

void JobTable::wait_for_turn(int round) const {
    if (round >= most_rounds) {
        throw Error(ErrorCode::network,
                    "the DynamoDB table {}: others write the same job again and again, {} tries were in vain; try "
                    "again later",
                    name_, round);
    }
    const aws::Surroundings& surroundings = clients_.session()->surroundings();
    const int64_t wait_ms = jittered_wait_ms(round, first_wait_ms, longest_wait_ms, surroundings.random());
    surroundings.wait(std::chrono::milliseconds(wait_ms));
}

std::string JobTable::new_token() const {
    return aws::make_request_token(clients_.session()->surroundings());
}

}  // namespace ft::dynamo
