#include "base/error.h"

namespace ft {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return "invalid_argument";
        case ErrorCode::bad_media:
            return "bad_media";
        case ErrorCode::bad_model:
            return "bad_model";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::permission:
            return "permission";
        case ErrorCode::network:
            return "network";
        case ErrorCode::io:
            return "io";
        case ErrorCode::disk_full:
            return "disk_full";
        case ErrorCode::out_of_memory:
            return "out_of_memory";
        case ErrorCode::device_lost:
            return "device_lost";
        case ErrorCode::unsupported:
            return "unsupported";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::internal:
            return "internal";
    }
    return "internal";
}

}  // namespace ft
