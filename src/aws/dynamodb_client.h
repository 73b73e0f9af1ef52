#pragma once
// Amazon DynamoDB: the operations that a table of jobs needs.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/attribute_value.h"
#include "aws/session.h"

namespace ft::aws {

/// An expression of DynamoDB's with what its #names and :values stand for. An empty text is no expression.
struct Expression {
    std::string text;
    std::map<std::string, std::string> names;
    Item values;
};

struct UpdateItem {
    std::string table;
    Item key;
    std::string update;     ///< "SET #s = :s"
    std::string condition;  ///< empty: none
    std::map<std::string, std::string> names;
    Item values;
    /// False for increments without a condition: then it is sent again only when it surely was not carried out.
    bool repeatable = true;
};

struct QueryItems {
    std::string table, index;   ///< `index` empty: the table itself
    std::string key_condition;  ///< "#s = :s and lease_until < :t"
    std::string filter;
    std::map<std::string, std::string> names;
    Item values;
    bool forward = true, consistent = false;
    int limit = 0;  ///< items looked at in a page; 0: a megabyte of them
};

struct QueryPage {
    std::vector<Item> items;
    Item next;  ///< start of the next page; empty: this was the last, which an empty list of items is not a sign of
};

/// One write of a transaction.
struct TransactWrite {
    enum class Kind { put, update, remove, check } kind = Kind::put;
    std::string table;
    Item key;               ///< not for put
    Item item;              ///< put
    std::string update;     ///< update
    std::string condition;  ///< empty: none
    std::map<std::string, std::string> names;
    Item values;
};

struct KeyColumn {
    std::string name;
    char type = 'S';  ///< 'S' text, 'N' number
};

struct TableIndex {
    std::string name;
    KeyColumn hash;
    std::optional<KeyColumn> range;
};

/// Billed by request. Indexes hold all columns.
struct TableLayout {
    std::string name;
    KeyColumn hash;
    std::optional<KeyColumn> range;
    std::vector<TableIndex> indexes;
    std::map<std::string, std::string> tags;
};

struct TableState {
    std::string status;  ///< "CREATING", "ACTIVE", …
    std::string arn;
    KeyColumn hash;
    std::optional<KeyColumn> range;
    std::vector<std::string> indexes;  ///< names
};

/// 32 random hexadecimal digits, for transact_write.
std::string make_request_token(const Surroundings& surroundings);

/// One thread at a time. Failures: ServiceClient::call. A condition that does not hold is AwsError with the code
/// ConditionalCheckFailedException; of a transaction TransactionCanceledException with reasons(). Mind
/// AwsError::may_have_been_done() there.
class DynamoDbClient {
  public:
    explicit DynamoDbClient(std::shared_ptr<Session> session);
    ~DynamoDbClient();
    DynamoDbClient(DynamoDbClient&&) noexcept;

    std::optional<Item> get_item(const std::string& table, const Item& key, bool consistent = true);
    void put_item(const std::string& table, const Item& item, const Expression& condition = {});
    /// The whole item as it is afterwards.
    Item update_item(const UpdateItem& update);
    /// No error when there is none and no condition.
    void delete_item(const std::string& table, const Item& key, const Expression& condition = {});
    QueryPage query_page(const QueryItems& query, const Item& start = {});
    /// All pages. `visit` returns false to end it.
    void query(const QueryItems& query, const std::function<bool(const Item&)>& visit);
    /// Every item of the table, page by page.
    void scan(const std::string& table, const std::function<bool(const Item&)>& visit);

    /// All or nothing. `token` (1 to 36 characters) makes a repetition within ten minutes do nothing; it must change
    /// with the content. Empty: one is made for this call and its retries.
    void transact_write(const std::vector<TransactWrite>& writes, const std::string& token = "");

    /// Nothing when there is no such table.
    std::optional<TableState> describe_table(const std::string& table);
    /// Begins to; it takes seconds. AwsError with the code ResourceInUseException when it exists.
    void create_table(const TableLayout& layout);
    /// Items whose `column` (seconds since 1970) is in the past are removed, within days.
    void set_time_to_live(const std::string& table, const std::string& column);
    /// The column that says so; empty when none does.
    std::string time_to_live(const std::string& table);
    /// Point-in-time recovery. AwsError with the code ContinuousBackupsUnavailableException while the table is new.
    void set_recovery(const std::string& table, bool on);
    bool recovery(const std::string& table);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft::aws
