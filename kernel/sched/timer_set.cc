// The pure part of the timers: no clock, no hardware, no lock of its own. Roadmap X3.
//
// Invariant: an armed timer is in bucket_of(its deadline, last). A bucket's timers are all due before those of higher
// buckets.
#include "sched/timer.hh"

namespace sprout {

static usize bucket_of(Nanoseconds deadline, Nanoseconds last)
{
    if (deadline <= last)
        return 0;
    return 63 - static_cast<usize>(__builtin_clzll(deadline ^ last));
}

static void place(TimerSet& set, Timer& timer)
{
    auto const bucket = bucket_of(timer.deadline, set.last);
    set.buckets[bucket].push_back(timer);
    set.non_empty_buckets |= 1ull << bucket;
}

static void note_emptied(TimerSet& set, usize bucket)
{
    if (set.buckets[bucket].is_empty())
        set.non_empty_buckets &= ~(1ull << bucket);
}

// Let b be the highest bit in which the old and the new `last` differ. Above bucket b nothing changes: those deadlines
// differ from both in the same bit. Below b all are due. Those of b are due or move down, so a timer moves at most 64
// times.
static void move_last(TimerSet& set, Nanoseconds now)
{
    auto const highest = bucket_of(now, set.last);
    set.last = now;
    auto const moving = highest == 63 ? ~1ull : ((1ull << (highest + 1)) - 1) & ~1ull;
    for (auto left = set.non_empty_buckets & moving; left; left &= left - 1) {
        auto const bucket = static_cast<usize>(__builtin_ctzll(left));
        set.non_empty_buckets &= ~(1ull << bucket);
        while (auto* timer = set.buckets[bucket].pop_front())
            place(set, *timer); // never into `bucket` again
    }
}

void TimerSet::insert(Timer& timer)
{
    timer.state = TimerState::armed;
    place(*this, timer);
    ++count;
}

void TimerSet::remove(Timer& timer)
{
    auto const bucket = bucket_of(timer.deadline, last);
    buckets[bucket].remove(timer);
    note_emptied(*this, bucket);
    timer.state = TimerState::idle;
    --count;
}

Timer* TimerSet::expire(Nanoseconds now)
{
    if (now < last)
        ++backward_steps;
    else if (now > last)
        move_last(*this, now);
    // Whatever is due is in bucket 0, after a backward step too: deadlines up to `last` all are. Due is what `now`
    // says, so that a time that was too high once does not make timers fire early for ever.
    for (auto& timer : buckets[0]) {
        if (timer.deadline <= now) {
            remove(timer);
            return &timer;
        }
    }
    return nullptr;
}

Nanoseconds TimerSet::earliest() const
{
    if (!non_empty_buckets)
        return ~0ull;
    auto const& bucket = buckets[__builtin_ctzll(non_empty_buckets)];
    auto earliest = ~0ull;
    for (auto const* timer = bucket.first(); timer; timer = bucket.next(*timer)) {
        if (timer->deadline < earliest)
            earliest = timer->deadline;
    }
    return earliest;
}

} // namespace sprout
