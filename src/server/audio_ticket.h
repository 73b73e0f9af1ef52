#pragma once
// An audio element cannot send a key: whoever has one gets a ticket for one recording, which goes into the address.
#include <string>
#include <string_view>

#include "base/clock.h"

namespace ft {

/// Signed with a secret that is made with the object and leaves it never: the next start knows no ticket of this one.
/// Any thread may call any function.
class AudioTickets {
  public:
    static constexpr int64_t lasts_ms = 3600000;

    /// `clock` outlives it.
    explicit AudioTickets(const Clock& clock);

    /// Opens this job's recording for an hour, in the name of `client`. Letters, digits, '.', and the client's name.
    std::string make(std::string_view job_id, std::string_view client) const;
    /// In whose name the ticket opens this job's recording; empty when it does not, or not any more.
    std::string client_of(std::string_view ticket, std::string_view job_id) const;

  private:
    std::string signature(std::string_view expires, std::string_view client, std::string_view job_id) const;

    const Clock& clock_;
    const std::string secret_;
};

/// "/jobs/<id>/audio" → id; empty for other paths.
std::string job_of_audio_path(std::string_view path);

}  // namespace ft
