#pragma once
// What the files of Ec2Client share.
#include <fmt/format.h>

#include "aws/ec2_client.h"
#include "aws/query_client.h"

namespace ft::aws {

struct Ec2Client::State {
    std::shared_ptr<Session> session;
    QueryClient client;

    explicit State(std::shared_ptr<Session> given)
        : session(given), client(std::move(given), {"EC2", "ec2", "EC2", "ec2"}, "2016-11-15") {}
};

/// "Filter.1.Name", "Filter.1.Value.1", …
void add_filters(QueryForm& form, const std::vector<Ec2Filter>& filters);
/// PREFIX.1, PREFIX.2, …
void add_list(QueryForm& form, const std::string& prefix, const std::vector<std::string>& values);
/// TagSpecification.N with all tags; nothing without tags. Returns the next number.
int add_tags(QueryForm& form, int number, const std::string& resource, const Tags& tags);
/// <tagSet><item><key/><value/>…
Tags tags_of(const XmlElement& element);

}  // namespace ft::aws
