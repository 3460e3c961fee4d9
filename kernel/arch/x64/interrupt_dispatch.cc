// Every interrupt and exception comes here from entry.S.
#include "arch/x64/apic.hh"
#include "arch/x64/cpu.hh"
#include "arch/x64/descriptors.hh"
#include "arch/x64/exceptions.hh"
#include "arch/x64/interrupt_frame.hh"
#include "sched/scheduler.hh"
#include "sched/timer.hh"

namespace sprout::arch {

namespace {

constexpr u64 vector_nmi = 2;
constexpr u64 exception_count = 32;
constexpr u64 red_zone = 128;

void handle(InterruptFrame& frame)
{
    if (frame.vector == vector_nmi) {
        __atomic_store_n(&this_cpu().stopped, true, __ATOMIC_RELEASE);
        halt_forever();
    }
    if (frame.vector < exception_count)
        report_exception(frame);
    if (frame.vector == vector_spurious)
        return;
    if (frame.vector == vector_timer)
        timer_interrupt();
    acknowledge_interrupt();
}

bool should_preempt(Cpu const& cpu, InterruptFrame const& frame)
{
    return cpu.reschedule_wanted && !cpu.preemption_depth && cpu.current && frame.vector >= exception_count;
}

} // namespace

// Zero to go back; else where the frame lies on the interrupted thread's stack, for sprout_preempt().
extern "C" u64 sprout_interrupt(InterruptFrame* frame)
{
    auto& cpu = this_cpu();
    ++cpu.interrupt_depth;
    handle(*frame);
    --cpu.interrupt_depth;
    if (!should_preempt(cpu, *frame))
        return 0;
    auto const place = (frame->rsp - red_zone - sizeof(InterruptFrame)) & ~15ull;
    *reinterpret_cast<InterruptFrame*>(place) = *frame;
    return place;
}

extern "C" void sprout_preempt() { preempt_from_interrupt(); }

} // namespace sprout::arch
