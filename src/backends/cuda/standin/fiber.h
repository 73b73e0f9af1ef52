#pragma once
// A stack that can be left and entered again: one thread of a block. x86-64 with the System V calling convention, as
// ucontext's switch costs two system calls.
#include <cstddef>
#include <memory>

namespace ft::cuda_standin::standin {

class Fiber {
  public:
    Fiber();
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// The next enter() begins `body(argument)`. What ran before and has not ended is forgotten.
    void prepare(void (*body)(void*), void* argument);
    /// Runs the fiber until it leaves or ends.
    void enter();
    /// To be called inside: back to who entered.
    void leave();
    bool ended() const { return ended_; }

  private:
    static void start();
    [[noreturn]] void run();

    static constexpr size_t stack_bytes = 96 << 10;
    std::unique_ptr<std::byte[]> stack_;
    void *inside_ = nullptr, *outside_ = nullptr;  // stack pointers
    void (*body_)(void*) = nullptr;
    void* argument_ = nullptr;
    bool ended_ = true;
    // What AddressSanitizer wants to know of a change of stacks.
    void* fake_inside_ = nullptr;
    void* fake_outside_ = nullptr;
    const void* outside_bottom_ = nullptr;
    size_t outside_bytes_ = 0;
};

}  // namespace ft::cuda_standin::standin
