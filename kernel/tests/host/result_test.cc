// Result and List: what every other part rests on.
#include "check.hh"
#include "core/list.hh"
#include "core/result.hh"
#include <memory>

using namespace sprout;

namespace {

struct Element {
    int number;
    ListNode link;
};

Result<int> half(int value)
{
    if (value % 2)
        return Error::invalid;
    return value / 2;
}

Result<int> quarter(int value) { return TRY(half(TRY(half(value)))); }

} // namespace

TEST(try_hands_an_error_to_the_caller)
{
    CHECK_EQUAL(quarter(8).value(), 2);
    CHECK(quarter(6).error() == Error::invalid);
    CHECK(quarter(5).is_error());
}

TEST(a_result_owns_its_value_once)
{
    auto shared = std::make_shared<int>(7);
    {
        Result<std::shared_ptr<int>> result = shared;
        CHECK_EQUAL(shared.use_count(), 2);
        auto moved = std::move(result);
        CHECK_EQUAL(*moved.value(), 7);
        auto taken = moved.release_value();
        CHECK_EQUAL(shared.use_count(), 2);
    }
    CHECK_EQUAL(shared.use_count(), 1);
}

TEST(a_list_keeps_its_order)
{
    Element elements[4] = { { 0, {} }, { 1, {} }, { 2, {} }, { 3, {} } };
    List<Element, &Element::link> list;
    CHECK(list.is_empty());
    list.push_back(elements[1]);
    list.push_back(elements[3]);
    list.push_front(elements[0]);
    list.insert_before(elements[3], elements[2]);
    int expected = 0;
    for (auto& element : list)
        CHECK_EQUAL(element.number, expected++);
    CHECK_EQUAL(expected, 4);
    list.remove(elements[2]);
    CHECK(!elements[2].link.is_linked());
    CHECK_EQUAL(list.next(elements[1])->number, 3);
    CHECK(list.next(elements[3]) == nullptr);
    CHECK_EQUAL(list.pop_front()->number, 0);
    CHECK_EQUAL(list.last()->number, 3);
}
