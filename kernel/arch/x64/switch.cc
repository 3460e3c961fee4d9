// The first stack of a new thread.
#include "arch/x64/cpu.hh"

extern "C" void sprout_thread_start();

namespace sprout::arch {

u64 prepare_initial_stack(u64 stack_top, void (*entry)(void*), void* argument)
{
    // 16 zero bytes end the chain of frame pointers; the ABI wants the stack aligned at the call in
    // sprout_thread_start.
    auto* const outermost = reinterpret_cast<u64*>(stack_top & ~15ull) - 2;
    outermost[0] = outermost[1] = 0;
    auto* const frame = reinterpret_cast<SwitchFrame*>(outermost) - 1;
    *frame = {};
    frame->rbx = reinterpret_cast<u64>(entry);
    frame->r12 = reinterpret_cast<u64>(argument);
    frame->return_address
        = reinterpret_cast<u64>(sprout_thread_start) + 1; // past its nop: unwinders look up address - 1
    return reinterpret_cast<u64>(frame);
}

} // namespace sprout::arch
