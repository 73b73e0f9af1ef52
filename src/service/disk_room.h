#pragma once
// How much the service may still write: workers and uploads look before they begin what could not end.
#include <cstdint>
#include <filesystem>
#include <mutex>

namespace ft {

/// Any thread may call any function.
class DiskRoom {
  public:
    /// `folder`: where jobs and their files lie. `reserve_bytes` stay for what is under way: results, the database.
    DiskRoom(std::filesystem::path folder, int64_t reserve_bytes);

    /// What uploads may take, below 0 when the reserve is used already. A great number where the system does not say.
    int64_t for_uploads() const;
    /// Whether a job that is begun now can be expected to end: three quarters of the reserve may be used up. The log
    /// says so once when it changes.
    bool for_work();

  private:
    int64_t free_bytes() const;

    const std::filesystem::path folder_;
    const int64_t reserve_bytes_;
    std::mutex mutex_;
    bool had_room_ = true;  // under mutex_
};

}  // namespace ft
