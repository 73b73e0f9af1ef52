#include "model_choice.h"

#include <fmt/format.h>

#include "base/error.h"

namespace ft {

namespace {

const char* const best_model = "kb-whisper-small";
const char* const spare_model = "whisper-base";

}  // namespace

LocatedModel choose_model(const std::string& given, const std::function<LocatedModel(const std::string&)>& locate,
                          const Notice& notice) {
    if (!given.empty()) return locate(given);
    try {
        return locate(best_model);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
    }
    try {
        LocatedModel spare = locate(spare_model);
        notice(
            fmt::format("{0} is not on this machine, {1} is used: in Swedish it gets about one word in five wrong, "
                        "where the makers "
                        "of {0} report one in fourteen; fast-transcribe model pull {0} gets it",
                        best_model, spare_model));
        return spare;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
    }
    throw Error(ErrorCode::not_found,
                "there is no model on this machine yet: run fast-transcribe model pull {}, or name one with --model "
                "(fast-transcribe model "
                "list shows what is there)",
                best_model);
}

}  // namespace ft
