#pragma once
// Where credentials may come from, each place by itself. Nothing: this place is not set up. Errors name the place and
// what to do, never what is secret.
#include <optional>

#include "aws/credentials.h"
#include "aws/http_send.h"
#include "aws/surroundings.h"

namespace ft::aws {

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. Throws Error{permission} when only half is set.
std::optional<Credentials> credentials_from_environment(const Surroundings& surroundings);

/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI (https, or http to this machine and the two container
/// services), with AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE). Throws Error{invalid_argument, permission, network}.
std::optional<Credentials> credentials_from_container(const Surroundings& surroundings, const HttpSend& send);

/// ~/.aws/credentials and ~/.aws/config. Throws Error{permission} when AWS_PROFILE names what is not there, or the
/// profile wants what is not supported (assumed roles, single sign-on, processes).
std::optional<Credentials> credentials_from_profile(const Surroundings& surroundings);

/// For credentials_from_container: no proxy, short times.
HttpOptions container_http_options();

}  // namespace ft::aws
