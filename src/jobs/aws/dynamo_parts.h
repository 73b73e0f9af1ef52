#pragma once
// What the files of DynamoJobStore share.
#include <algorithm>

#include "jobs/aws/dynamo_job_store.h"
#include "jobs/aws/job_items.h"
#include "jobs/aws/job_table.h"

namespace ft {

struct DynamoJobStore::Parts {
    dynamo::JobTable table;
    int64_t keep_s;

    dynamo::Writing writing() const { return {table.new_token(), keep_s}; }
    static bool is_refused(const dynamo::JobTable::Refused& refused, size_t place) {
        return std::find(refused.begin(), refused.end(), place) != refused.end();
    }

    /// `writes` (the record's first), with the rows that go with the change unless they are there already. False when
    /// one of `writes` was refused.
    bool write_change(const std::vector<aws::TransactWrite>& writes, const Change& change);
    /// Of an event's id: its row, as it is now.
    std::optional<aws::Item> find_event(const std::string& event_id);
    /// False when the row is no longer what was read.
    bool replace_event(const OutboxEvent& event, const aws::Item& read);
    /// Its job's receiver wants no more.
    void disable_others(const OutboxEvent& event);
};

}  // namespace ft
