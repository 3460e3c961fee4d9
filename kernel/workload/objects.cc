#include "workload/objects.hh"
#include "mm/malloc_pool.hh"

namespace sprout::workload {

namespace {

constexpr u64 large_in = 200; // one object of so many is larger than any class

// What stands in the first word of a live object: nobody else would write it there.
u64 mark_of(void const* object) { return reinterpret_cast<u64>(object) ^ 0x6c69'7665'6f62'6a21; }

// Every class comes up; the least of three draws favours the small ones.
usize random_size(Random& random)
{
    if (random.below(large_in) == 0)
        return 4097 + random.below(60'000);
    auto size_class = random.below(malloc_class_count);
    for (int draw = 0; draw < 2; ++draw) {
        auto const other = random.below(malloc_class_count);
        size_class = other < size_class ? other : size_class;
    }
    return malloc_class_sizes[size_class];
}

} // namespace

void Inbox::put(void* object)
{
    auto* first = first_.load(std::memory_order_relaxed);
    do
        *static_cast<void**>(object) = first;
    while (!first_.compare_exchange_weak(first, object, std::memory_order_release, std::memory_order_relaxed));
}

void* Inbox::take_all() { return first_.exchange(nullptr, std::memory_order_acquire); }

void* make_object(Random& random)
{
    auto* object = malloc_allocate(random_size(random));
    if (object)
        *static_cast<u64*>(object) = mark_of(object);
    return object;
}

bool unmark_object(void* object)
{
    bool const intact = *static_cast<u64*>(object) == mark_of(object);
    *static_cast<u64*>(object) = 0;
    return intact;
}

bool free_object(void* object)
{
    bool const intact = unmark_object(object);
    malloc_free(object);
    return intact;
}

Result<void> ObjectStore::create(u64 count, Random& random)
{
    if (count == 0)
        return {};
    slots_ = static_cast<void**>(malloc_allocate(count * sizeof(void*)));
    if (!slots_)
        return Error::no_memory;
    for (; count_ < count; ++count_) {
        slots_[count_] = make_object(random);
        if (!slots_[count_])
            return Error::no_memory;
    }
    return {};
}

void ObjectStore::destroy()
{
    for (u64 index = 0; index < count_; ++index)
        malloc_free(slots_[index]);
    malloc_free(slots_);
    slots_ = nullptr;
    count_ = 0;
}

} // namespace sprout::workload
