#include "interruption.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

namespace ft {
namespace {

/// Undoes the blocking of signals, which outlives the object under test.
class KeepSignalMask {
  public:
    KeepSignalMask() { pthread_sigmask(SIG_SETMASK, nullptr, &mask_); }
    ~KeepSignalMask() { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

  private:
    sigset_t mask_;
};

TEST(Interruption, TheFirstSignalAsksToStop) {
    const KeepSignalMask keep;
    std::promise<void> noticed;
    Interruption interruption;
    interruption.catch_signals([&] { noticed.set_value(); });
    EXPECT_FALSE(interruption.stop());
    EXPECT_EQ(interruption.exit_code(), 0);
    ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
    ASSERT_EQ(noticed.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
    EXPECT_TRUE(interruption.stop());
    EXPECT_EQ(interruption.exit_code(), 130);
}

TEST(Interruption, TheSecondEndsTheProcess) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
        EXPECT_EXIT(
            {
                Interruption interruption;
                interruption.catch_signals({});
                ::kill(::getpid(), signal);
                while (!interruption.stop()) std::this_thread::yield();
                ::kill(::getpid(), SIGINT);
                for (;;) ::pause();
            },
            testing::ExitedWithCode(code), "");
    }
}

TEST(Interruption, IgnoredSignalsStayIgnored) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        {
            ::signal(SIGHUP, SIG_IGN);  // as nohup does
            Interruption interruption;
            interruption.catch_signals({});
            ::kill(::getpid(), SIGHUP);
            ::kill(::getpid(), SIGTERM);
            while (!interruption.stop()) std::this_thread::yield();
            ::_exit(interruption.exit_code());
        },
        testing::ExitedWithCode(143), "");
}

TEST(Interruption, NothingHappensWithoutASignal) {
    const KeepSignalMask keep;
    Interruption interruption;
    interruption.catch_signals([] { FAIL(); });
    EXPECT_FALSE(interruption.stop());
}

}  // namespace
}  // namespace ft
