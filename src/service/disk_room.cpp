#include "service/disk_room.h"

#include <limits>

#include "base/log.h"

namespace ft {

DiskRoom::DiskRoom(std::filesystem::path folder, int64_t reserve_bytes)
    : folder_(std::move(folder)), reserve_bytes_(reserve_bytes) {}

int64_t DiskRoom::free_bytes() const {
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(folder_, error);
    constexpr auto most = std::numeric_limits<int64_t>::max();
    // File systems that do not know it say 2^64 − 1.
    return error || space.available > static_cast<uintmax_t>(most) ? most : static_cast<int64_t>(space.available);
}

int64_t DiskRoom::for_uploads() const {
    return free_bytes() - reserve_bytes_;
}

bool DiskRoom::for_work() {
    const int64_t free = free_bytes();
    const bool room = free >= reserve_bytes_ / 4;
    const std::lock_guard lock(mutex_);
    if (room != had_room_) {
        if (room)
            spdlog::info("{}: there is room again: jobs go on", folder_.string());
        else
            spdlog::error("{}: only {} bytes are free on this disk: no job is begun until there are {}; free some room",
                          folder_.string(), free, reserve_bytes_ / 4);
    }
    had_room_ = room;
    return room;
}

}  // namespace ft
