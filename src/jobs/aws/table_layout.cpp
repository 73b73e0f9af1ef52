#include "jobs/aws/table_layout.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace ft::dynamo {

namespace {

constexpr std::chrono::milliseconds look_again{1000};
constexpr int most_looks = 300;

void create(aws::DynamoDbClient& client, const std::string& table) {
    spdlog::warn("there is no table {}: it is made now", table);
    try {
        client.create_table(table_layout(table));
    } catch (const aws::AwsError& error) {
        // Somebody else was a moment earlier.
        if (error.aws_code() != "ResourceInUseException") throw;
    }
}

aws::TableState wait_until_active(aws::DynamoDbClient& client, const aws::Surroundings& surroundings,
                                  const std::string& table) {
    bool created = false;
    for (int looks = 0; looks < most_looks; ++looks) {
        if (looks > 0) surroundings.wait(look_again);
        const auto state = client.describe_table(table);
        // Indexes that are still being built refuse questions, but a table of ours is made with them.
        if (state && (state->status == "ACTIVE" || state->status == "UPDATING")) return *state;
        // Right after CreateTable it may still be said to be missing.
        if (!state && !created) {
            create(client, table);
            created = true;
            --looks;
        }
    }
    throw Error(ErrorCode::network, "the DynamoDB table {} is not ready after {} s: look at it in AWS's console", table,
                most_looks);
}

bool same(const aws::KeyColumn& a, const aws::KeyColumn& b) {
    return a.name == b.name && a.type == b.type;
}

void check_layout(const aws::TableState& state, const std::string& table) {
    const aws::TableLayout wanted = table_layout(table);
    bool fits = same(state.hash, wanted.hash) && state.range && same(*state.range, *wanted.range);
    for (const aws::TableIndex& index : wanted.indexes)
        fits = fits && std::count(state.indexes.begin(), state.indexes.end(), index.name) > 0;
    if (fits) return;
    throw Error(ErrorCode::invalid_argument,
                "the DynamoDB table {} has other keys or indexes than this program's: it belongs to another program "
                "or to an older edition; name another table",
                table);
}

void turn_recovery_on(aws::DynamoDbClient& client, const aws::Surroundings& surroundings, const std::string& table) {
    for (int looks = 0;; ++looks) {
        try {
            if (!client.recovery(table)) client.set_recovery(table, true);
            return;
        } catch (const aws::AwsError& error) {
            // The backups of a new table are set up after the table.
            const bool soon = error.aws_code() == "ContinuousBackupsUnavailableException";
            if (!soon || looks >= most_looks) throw;
        }
        surroundings.wait(look_again);
    }
}

}  // namespace

aws::TableLayout table_layout(const std::string& table) {
    aws::TableLayout layout;
    layout.name = table;
    layout.hash = {job_id_column, 'S'};
    layout.range = aws::KeyColumn{row_column, 'S'};
    layout.indexes = {{by_state_index, {state_column, 'S'}, aws::KeyColumn{due_column, 'N'}},
                      {by_list_index, {listed_as_column, 'S'}, aws::KeyColumn{listed_at_column, 'S'}}};
    return layout;
}

void prepare_table(aws::DynamoDbClient& client, const aws::Surroundings& surroundings, const std::string& table) {
    check_layout(wait_until_active(client, surroundings, table), table);
    client.set_time_to_live(table, ttl_column);
    turn_recovery_on(client, surroundings, table);
}

}  // namespace ft::dynamo
