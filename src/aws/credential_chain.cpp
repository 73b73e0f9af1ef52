#include "aws/credential_chain.h"

#include "aws/credential_sources.h"
#include "base/error.h"
#include "base/log.h"

namespace ft::aws {

namespace {

constexpr std::chrono::minutes kRenewBefore(5);
constexpr std::chrono::seconds kPauseAfterFailure(30);

void replace_all(std::string& text, const std::string& what) {
    if (what.empty()) return;
    for (size_t place = text.find(what); place != std::string::npos; place = text.find(what, place)) {
        text.replace(place, what.size(), "…");
    }
}

}  // namespace

std::string without_secrets(std::string text, const Credentials& credentials) {
    replace_all(text, credentials.secret_access_key.reveal());
    replace_all(text, credentials.session_token.reveal());
    return text;
}

CredentialChain::CredentialChain(Surroundings surroundings, std::shared_ptr<InstanceMetadata> metadata,
                                 HttpSend container_send)
    : surroundings_(std::move(surroundings)),
      metadata_(std::move(metadata)),
      container_send_(container_send ? std::move(container_send) : http_send(container_http_options())) {}

Credentials CredentialChain::get() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const TimePoint now = surroundings_.now();
    const bool fresh = current_ && (!current_->expires || now + kRenewBefore < *current_->expires);
    const bool usable = current_ && (!current_->expires || now < *current_->expires);
    if (fresh || (usable && now < next_try_)) return *current_;
    try {
        current_ = find();
    } catch (const Error& error) {
        if (!usable) throw;
        spdlog::warn("AWS credentials from {} cannot be renewed yet and stay in use: {}", current_->origin,
                     error.what());
        next_try_ = now + kPauseAfterFailure;
    }
    return *current_;
}

void CredentialChain::discard(const Credentials& refused) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (current_ == refused) current_.reset();  // else another thread has renewed them meanwhile
}

Credentials CredentialChain::find() {
    if (auto found = credentials_from_environment(surroundings_)) return *found;
    if (auto found = credentials_from_container(surroundings_, container_send_)) return *found;
    if (auto found = credentials_from_profile(surroundings_)) return *found;
    std::string instance = "not asked for";
    if (metadata_ && metadata_->enabled()) {
        try {
            if (auto found = metadata_->role_credentials()) return *found;
            instance = "this instance has no role";
        } catch (const Error& error) {
            if (error.code() != ErrorCode::network) throw;
            instance = error.what();
        }
    }
    throw Error(ErrorCode::permission,
                "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a "
                "profile with keys (aws configure makes one), or give the EC2 instance a role (instance metadata: {})",
                instance);
}

}  // namespace ft::aws
