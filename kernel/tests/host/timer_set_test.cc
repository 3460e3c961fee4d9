// kernel sources: sched/timer_set.cc
#include "check.hh"
#include "sched/timer.hh"
#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace sprout;

namespace {

struct Model {
    TimerSet set;
    std::multimap<Nanoseconds, Timer*> armed;
    std::vector<std::unique_ptr<Timer>> timers;

    Timer& add(Nanoseconds deadline)
    {
        timers.push_back(std::make_unique<Timer>());
        arm(*timers.back(), deadline);
        return *timers.back();
    }

    void arm(Timer& timer, Nanoseconds deadline)
    {
        timer.deadline = deadline;
        set.insert(timer);
        armed.emplace(deadline, &timer);
    }

    void forget(Timer& timer)
    {
        auto [begin, end] = armed.equal_range(timer.deadline);
        for (auto at = begin; at != end; ++at) {
            if (at->second == &timer) {
                armed.erase(at);
                return;
            }
        }
        host::check_failed(__FILE__, __LINE__, "the set returned a timer that the model does not have");
    }

    // Fires what is due, checks that it is exactly what the model says; the timers that fired.
    std::vector<Timer*> expire(Nanoseconds now)
    {
        std::vector<Timer*> fired;
        while (auto* timer = set.expire(now)) {
            CHECK(timer->deadline <= now);
            CHECK(timer->state == TimerState::idle);
            forget(*timer);
            fired.push_back(timer);
        }
        CHECK(armed.empty() || armed.begin()->first > now);
        check();
        return fired;
    }

    void check()
    {
        CHECK_EQUAL(set.count, armed.size());
        CHECK_EQUAL(set.earliest(), armed.empty() ? ~0ull : armed.begin()->first);
        u64 found = 0;
        for (usize bucket = 0; bucket < TimerSet::bucket_count; ++bucket) {
            CHECK_EQUAL(set.buckets[bucket].is_empty(), !(set.non_empty_buckets & (1ull << bucket)));
            for (auto& timer : set.buckets[bucket]) {
                auto const place = timer.deadline <= set.last ? 0 : 63 - __builtin_clzll(timer.deadline ^ set.last);
                CHECK_EQUAL(place, static_cast<int>(bucket));
                CHECK(timer.state == TimerState::armed);
                ++found;
            }
        }
        CHECK_EQUAL(found, set.count);
    }
};

} // namespace

TEST(an_empty_set_has_no_deadline_and_nothing_due)
{
    TimerSet set;
    CHECK_EQUAL(set.earliest(), ~0ull);
    CHECK(set.expire(0) == nullptr);
    CHECK(set.expire(~0ull) == nullptr);
    CHECK_EQUAL(set.count, 0u);
}

TEST(a_timer_is_due_at_its_deadline_and_not_before)
{
    Model model;
    model.add(1000);
    CHECK(model.expire(999).empty());
    CHECK_EQUAL(model.expire(1000).size(), 1u);
}

TEST(a_deadline_in_the_past_is_due_at_once)
{
    Model model;
    model.expire(5000);
    model.add(1);
    model.add(5000);
    model.check();
    CHECK_EQUAL(model.expire(5000).size(), 2u);
    CHECK_EQUAL(model.set.backward_steps, 0u);
}

TEST(the_last_nanosecond_of_all_can_be_a_deadline)
{
    Model model;
    model.add(~0ull - 1);
    model.add(1ull << 63);
    CHECK(model.expire((1ull << 63) - 1).empty());
    CHECK_EQUAL(model.expire(1ull << 63).size(), 1u);
    CHECK_EQUAL(model.expire(~0ull - 1).size(), 1u);
}

TEST(random_operations_agree_with_a_multimap)
{
    for (u32 seed = 1; seed <= 60; ++seed) {
        std::mt19937_64 random(seed);
        Model model;
        Nanoseconds now = random() >> (random() % 64);
        // Each seed has its own scale, so that every bucket gets its turn.
        auto const distance = [&, bits = 1 + random() % 45] { return random() % (1ull << (1 + random() % bits)); };
        for (int step = 0; step < 3000; ++step) {
            auto const what = random() % 100;
            if (what < 45) {
                model.add(what < 5 && now > 1000 ? now - random() % 1000 : now + distance());
            } else if (what < 65 && !model.armed.empty()) {
                auto at = model.armed.begin();
                std::advance(at, random() % std::min<usize>(model.armed.size(), 16));
                auto& timer = *at->second;
                model.forget(timer);
                model.set.remove(timer);
                if (what < 55)
                    model.arm(timer, now + distance());
            } else {
                now += distance();
                model.expire(now);
            }
            if (step % 50 == 0)
                model.check();
        }
        model.expire(~0ull);
        CHECK_EQUAL(model.set.count, 0u);
    }
}

TEST(backward_time_is_counted_and_makes_nothing_fire_early)
{
    Model model;
    Nanoseconds const start = 1'000'000;
    model.add(start + 50);
    model.expire(start);
    model.add(start - 100);
    model.add(start - 10);
    // Now `last` is `start`; the time goes back by 40.
    CHECK_EQUAL(model.expire(start - 40).size(), 1u);
    CHECK_EQUAL(model.set.last, start);
    CHECK(model.set.backward_steps > 0);
    CHECK_EQUAL(model.expire(start - 10).size(), 1u);
    CHECK(model.expire(start).empty());
    CHECK_EQUAL(model.expire(start + 50).size(), 1u);
}

TEST(random_backward_steps_agree_with_a_multimap)
{
    for (u32 seed = 1; seed <= 30; ++seed) {
        std::mt19937_64 random(seed);
        Model model;
        Nanoseconds now = 1ull << 40;
        u64 backward = 0;
        for (int step = 0; step < 1500; ++step) {
            auto const steps_before = model.set.backward_steps;
            if (random() % 3) {
                model.add(now + random() % 100'000 - 20'000);
                continue;
            }
            auto const last = model.set.last;
            now = random() % 4 ? now + random() % 50'000 : now - random() % 60'000;
            model.expire(now);
            backward += now < last;
            CHECK_EQUAL(model.set.backward_steps > steps_before, now < last);
            CHECK(model.set.last >= last);
        }
        CHECK(backward > 0);
    }
}

TEST(ten_thousand_timers_cost_little_to_move)
{
    Model model;
    std::mt19937_64 random(7);
    for (int index = 0; index < 10'000; ++index)
        model.add(random() % 10'000'000'000);
    usize fired = 0;
    for (Nanoseconds now = 0; now <= 10'000'000'000; now += 20'000'000) {
        while (auto* timer = model.set.expire(now)) {
            model.forget(*timer);
            ++fired;
        }
    }
    CHECK_EQUAL(fired, 10'000u);
}
