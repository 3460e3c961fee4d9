// An intrusive, circular, doubly linked list. The list does not own its elements.
// Contract: the caller holds whatever lock protects the list; an element is on one list per hook.
#pragma once
#include "core/types.hh"

namespace sprout {

struct ListNode {
    ListNode* next = nullptr; // null when on no list
    ListNode* previous = nullptr;

    bool is_linked() const { return next != nullptr; }
    void unlink()
    {
        next->previous = previous;
        previous->next = next;
        next = previous = nullptr;
    }
};

// `List<Thread, &Thread::queue_link>`: the debugger finds an element by its hook minus the member's offset.
template<typename T, ListNode T::*hook> struct List {
    ListNode sentinel { &sentinel, &sentinel };

    List() = default;
    List(List const&) = delete;
    List& operator=(List const&) = delete;

    bool is_empty() const { return sentinel.next == &sentinel; }
    void push_back(T& element) { insert_before(sentinel, element.*hook); }
    void push_front(T& element) { insert_before(*sentinel.next, element.*hook); }
    // Inserts `element` ahead of `position`, which is on this list.
    void insert_before(T& position, T& element) { insert_before(position.*hook, element.*hook); }
    T* first() const { return is_empty() ? nullptr : &container_of(*sentinel.next); }
    T* last() const { return is_empty() ? nullptr : &container_of(*sentinel.previous); }
    T* next(T const& element) const
    {
        auto* node = (element.*hook).next;
        return node == &sentinel ? nullptr : &container_of(*node);
    }
    T* pop_front()
    {
        T* element = first();
        if (element)
            (element->*hook).unlink();
        return element;
    }
    void remove(T& element) { (element.*hook).unlink(); }

    struct Iterator {
        ListNode* node;
        T& operator*() const { return container_of(*node); }
        Iterator& operator++()
        {
            node = node->next;
            return *this;
        }
        bool operator!=(Iterator const& other) const { return node != other.node; }
    };
    Iterator begin() { return { sentinel.next }; }
    Iterator end() { return { &sentinel }; }

    static T& container_of(ListNode& node)
    {
        auto const offset = reinterpret_cast<uptr>(&(static_cast<T*>(nullptr)->*hook));
        return *reinterpret_cast<T*>(reinterpret_cast<uptr>(&node) - offset);
    }

private:
    static void insert_before(ListNode& position, ListNode& node)
    {
        node.next = &position;
        node.previous = position.previous;
        position.previous->next = &node;
        position.previous = &node;
    }
};

} // namespace sprout
