#pragma once
// The table of jobs as rows that are read, and replaced if nobody else has: what DynamoJobStore is written in.
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "jobs/aws/client_pool.h"

namespace ft::dynamo {

/// Only if there is no such row.
aws::TransactWrite put_new(aws::Item item);
/// Only while the row there has the token that was read.
aws::TransactWrite put_over(aws::Item item, const std::string& read_token);
aws::TransactWrite remove_over(const std::string& job_id, const std::string& row, const std::string& read_token);
aws::TransactWrite remove_row(const std::string& job_id, const std::string& row);

/// Any number of threads. Failures: Error{network, permission}, and Error{io} for what DynamoDB does not accept. A
/// table that is missing is made, and the call repeated.
class JobTable {
  public:
    JobTable(std::shared_ptr<aws::Session> session, std::string name);

    /// As prepare_table.
    void prepare();

    /// What was written last.
    std::optional<aws::Item> get(const std::string& job_id, const std::string& row);
    /// Rows of one job that begin so, what was written last, in their order. Nothing may be empty.
    std::vector<aws::Item> rows(const std::string& job_id, const std::string& prefix);
    /// Rows in this state that have been due since before `until_ms` (not at it), in that order. From an index, which
    /// is some moments behind. `visit` returns false to end it.
    void due(const std::string& state, int64_t until_ms, int page, const std::function<bool(const aws::Item&)>& visit);
    /// Rows of a list, last ones first, from an index as well. `below` empty: all; `filter` and its names and values
    /// as in aws::QueryItems.
    void listed(const std::string& list, const std::string& below, aws::QueryItems filter,
                const std::function<bool(const aws::Item&)>& visit);

    /// Places of the writes whose condition did not hold; then nothing was written. Empty: all was.
    using Refused = std::vector<size_t>;
    /// All or nothing, at most `most_writes`. The first one's row must have a token, or be a removal: by it a write
    /// whose answer was lost is known to have been done.
    Refused write(std::vector<aws::TransactWrite> writes);
    static constexpr size_t most_writes = 100;

    /// Waits before something is read and tried again, longer each round. Throws Error{network} after many.
    void wait_for_turn(int round) const;
    std::string new_token() const;

  private:
    template <typename Work>
    auto call(const Work& work);
    void send(const std::vector<aws::TransactWrite>& writes);
    bool is_done(const aws::TransactWrite& write);

    std::string name_;
    ClientPool<aws::DynamoDbClient> clients_;
    std::mutex preparing_;
};

}  // namespace ft::dynamo
