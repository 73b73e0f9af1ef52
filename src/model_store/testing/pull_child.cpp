// A process that pulls, for tests that kill it or run several at once. Arguments: the store's folder, the endpoint, the
// model, and the largest file it may write (0: any). Exit code 0 when the model is here, 3 and a sentence when not.
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "base/error.h"
#include "model_store/model_store.h"

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const std::string home = argv[1], endpoint = argv[2];
    const rlim_t largest = static_cast<rlim_t>(std::atoll(argv[4]));
    if (largest > 0) {
        // The nearest thing to a full disk that needs no disk: writing fails after so many bytes.
        const rlimit limit{largest, largest};
        std::signal(SIGXFSZ, SIG_IGN);
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    }
    ft::StoreOptions options;
    options.system_dir.clear();
    options.environment = [&](const char* name) {
        const std::string variable = name;
        return variable == "FAST_TRANSCRIBE_HOME" ? home : variable == "HF_ENDPOINT" ? endpoint : std::string();
    };
    try {
        ft::ModelStore(options).pull(ft::parse_model_name(argv[3]));
        return 0;
    } catch (const ft::Error& error) {
        std::cerr << to_string(error.code()) << ": " << error.what() << '\n';
        return 3;
    }
}
