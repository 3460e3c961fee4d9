// Timers, with the truth kept about them from both sides: who arms them, and the callback in the timer interrupt.
#include "workload/worker.hh"

namespace sprout::workload {

void TruthfulTimer::initialize(char const* name, TruthTimer* truth)
{
    truth_ = truth ? truth : &untold_;
    timer_.name = name;
    timer_.argument = this;
    TruthChange change(*truth_);
    truth_->timer = &timer_;
    truth_->armed = false;
}

void TruthfulTimer::finish()
{
    timer_cancel(timer_); // the last callback has returned
    TruthChange change(*truth_);
    truth_->timer = nullptr;
}

void TruthfulTimer::arm(Nanoseconds deadline, Nanoseconds period)
{
    timer_cancel(timer_);       // the last callback has returned
    SpinlockGuard guard(lock_); // interrupts are off: it cannot fire here before the truth knows that it is armed
    truth_->sequence.fetch_add(1);
    timer_.callback = period ? period_passed : one_shot_fired;
    timer_start(timer_, deadline, period);
    truth_->armed = true;
    truth_->deadline = period ? 0 : deadline;
    truth_->period = period;
    truth_->sequence.fetch_add(1);
}

// The callback may run on another CPU until timer_cancel() returns: it finds the entry odd and leaves it so.
void TruthfulTimer::cancel()
{
    PreemptionGuard stay;
    {
        SpinlockGuard guard(lock_);
        truth_->sequence.fetch_add(1);
    }
    timer_cancel(timer_);
    SpinlockGuard guard(lock_);
    truth_->armed = false;
    truth_->sequence.fetch_add(1);
}

void TruthfulTimer::note_fired()
{
    fired_at_.store(now(), std::memory_order_release);
    fired_.fetch_add(1, std::memory_order_release);
}

// In the timer interrupt, interrupts are off.
void TruthfulTimer::one_shot_fired(Timer& timer)
{
    auto& self = *static_cast<TruthfulTimer*>(timer.argument);
    self.lock_.lock();
    bool const is_changing = self.truth_->sequence.load() % 2;
    if (!is_changing)
        self.truth_->sequence.fetch_add(1);
    self.truth_->armed = false;
    if (!is_changing)
        self.truth_->sequence.fetch_add(1);
    self.lock_.unlock();
    self.note_fired();
}

// In the timer interrupt.
void TruthfulTimer::period_passed(Timer& timer) { static_cast<TruthfulTimer*>(timer.argument)->note_fired(); }

Result<void> Worker::do_timing()
{
    auto const time = 1'000'000 + random_.below(10'000'000);
    switch (random_.below(3)) {
    case 0:
        wait_for_one_shot(time);
        break;
    case 1:
        change_mind(time);
        break;
    default:
        count_periods(time, 1 + static_cast<u32>(random_.below(8)));
    }
    return {};
}

void Worker::wait_for_one_shot(Nanoseconds delay)
{
    constexpr Nanoseconds patience = 5'000'000'000;
    auto const before = timer_.fired();
    auto const deadline = now() + delay;
    timer_.arm(deadline, 0);
    while (timer_.fired() == before && now() < deadline + patience)
        thread_sleep_until(deadline + 100'000);
    if (timer_.fired() == before) {
        timer_.cancel();
        workload_.fail("a timer did not fire", name_);
    } else if (timer_.fired_at() < deadline) {
        workload_.fail("a timer fired too early", name_);
    }
}

// Arms a timer and cancels it, mostly before it fires.
void Worker::change_mind(Nanoseconds delay)
{
    timer_.arm(now() + delay, 0);
    thread_sleep(random_.below(delay));
    timer_.cancel();
    auto const fired = timer_.fired();
    thread_yield();
    if (timer_.fired() != fired)
        workload_.fail("a timer fired after it was cancelled", name_);
}

void Worker::count_periods(Nanoseconds period, u32 periods)
{
    auto const before = timer_.fired();
    auto const end = now() + period * periods;
    timer_.arm(now() + period, period);
    thread_sleep_until(end + period / 2);
    timer_.cancel();
    if (timer_.fired() - before > periods + (now() - end) / period + 1)
        workload_.fail("a periodic timer fired too often", name_);
}

} // namespace sprout::workload
