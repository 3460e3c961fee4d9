#include "core/profile.hh"
#include "arch/x64/interrupt_frame.hh"
#include "mm/page_allocator.hh"
#include "sched/thread.hh"

namespace sprout {

constinit PerCpu<ProfileRing> g_profile_rings;

namespace {

// Where `interrupted` is, and its callers as far as their frames lie in `stack`, one above the other: whatever is in
// RBP, nothing else is read. Returns the number of frames.
u32 walk(arch::InterruptFrame const& interrupted, ThreadStack const& stack, ProfileSample& sample)
{
    constexpr usize frame_size = 2 * sizeof(u64);
    auto const end = stack.base + stack.size;
    auto lies_in_stack = [&](u64 address, u64 lowest) {
        return address % sizeof(u64) == 0 && address >= lowest && address <= end - frame_size;
    };
    u32 depth = 0;
    sample.frames[depth++] = interrupted.rip;
    sample.top_of_stack[0] = sample.top_of_stack[1] = 0;
    if (!lies_in_stack(interrupted.rsp, stack.base))
        return depth;
    auto const* top = reinterpret_cast<u64 const*>(interrupted.rsp);
    sample.top_of_stack[0] = top[0];
    sample.top_of_stack[1] = top[1];
    auto lowest = interrupted.rsp;
    for (auto rbp = interrupted.rbp; depth < ProfileSample::max_frames && lies_in_stack(rbp, lowest);) {
        auto const* frame = reinterpret_cast<u64 const*>(rbp);
        if (!frame[1])
            break;
        sample.frames[depth++] = frame[1];
        lowest = rbp + frame_size;
        rbp = frame[0];
    }
    return depth;
}

// In the timer interrupt. A ring has one writer, its CPU; x86 keeps stores in order, the fences keep the compiler to it
// (as trace_record() does).
void take_sample(Timer&)
{
    auto& ring = g_profile_rings.local();
    auto const& thread = *arch::this_cpu().current;
    auto const index = ring.written.load(std::memory_order_relaxed);
    auto& sample = ring.samples[index & (ring.capacity - 1)];
    __atomic_store_n(&sample.depth, 0u, __ATOMIC_RELAXED);
    std::atomic_thread_fence(std::memory_order_release);
    sample.time = now();
    sample.thread = thread.id;
    auto const depth = walk(arch::interrupted_frame(), thread.stack, sample);
    __atomic_store_n(&sample.depth, depth, __ATOMIC_RELEASE);
    ring.written.store(index + 1, std::memory_order_release);
}

Result<void> make_ring(ProfileRing& ring)
{
    static char const owner[] = "profile ring";
    constexpr u32 order = 7; // 2048 samples
    auto* head = TRY(allocate_pages(order, PageKind::kernel_data, const_cast<char*>(owner)));
    ring.samples = static_cast<ProfileSample*>(address_of(*head));
    ring.capacity = (page_size << order) / sizeof(ProfileSample);
    for (u64 index = 0; index < ring.capacity; ++index)
        ring.samples[index] = {};
    return {};
}

// On each CPU by itself: a timer belongs to the CPU that starts it.
void start_on_this_cpu(void* period)
{
    auto& timer = g_profile_rings.local().timer;
    timer.name = "profile";
    timer.callback = take_sample;
    auto const between = reinterpret_cast<u64>(period);
    timer_start_for(nullptr, timer, now() + between, between);
}

} // namespace

Result<void> profile_start(u32 hertz)
{
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        TRY(make_ring(g_profile_rings.on(cpu)));
    auto* const period = reinterpret_cast<void*>(1'000'000'000 / u64 { hertz });
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        thread_join(*TRY(thread_create({ .name = "profile", .pinned_cpu = cpu }, start_on_this_cpu, period)));
    return {};
}

} // namespace sprout
