"""What containers hold: lists and trees of Sprout, and those of libstdc++ and boost, as elements instead of nodes and hooks.

A container is read in the memory of a guest that may run meanwhile, or be broken: every walk is bounded.
"""
import itertools

import gdb

from expressions import at_address

# Elements that are counted; what has more says so.
MOST_COUNTED = 1000
# How far a page of elements may lie from the first one, where each is found through the one before.
LONGEST_WALK = 10_000


class Container:
    """Elements in order: `walk` yields (name, value, expression)."""

    def __init__(self, value):
        self.value = value

    def length(self):
        """(count, whether there may be more)"""
        count = sum(1 for _ in itertools.islice(self.walk(), MOST_COUNTED))
        return count, count == MOST_COUNTED

    def page(self, start, count):
        """Raises gdb.MemoryError where the container is broken."""
        return list(itertools.islice(self.walk(), min(start, LONGEST_WALK), min(start, LONGEST_WALK) + count))

    def walk(self):
        raise NotImplementedError


class SproutList(Container):
    """core/list.hh: `List<T, &T::hook>`; circular through its sentinel."""

    def walk(self):
        type_ = self.value.type.strip_typedefs()
        element = type_.template_argument(0)
        hook = offset_of(type_.template_argument(1), element)
        end = int(self.value["sentinel"].address)
        node = self.value["sentinel"]["next"]
        for index in itertools.count():
            if int(node) in (0, end):
                return
            yield element_at("[%d]" % index, element, int(node) - hook)
            node = node["next"]


class RadixTree(Container):
    """fs/radix_tree.hh: a map from a number to a pointer. An element is called by its number."""

    def length(self):
        return int(self.value["count"]), False

    def walk(self):
        element = self.value.type.strip_typedefs().template_argument(0).pointer()
        root, height = self.value["root"], int(self.value["height"])
        node = gdb.lookup_type("sprout::RadixTreeBase::Node").pointer()
        yield from self.below(root, min(height, 11), 0, node, element)

    def below(self, pointer, height, first, node, element):
        if int(pointer) == 0:
            return
        if height == 0:
            target = element.target()
            yield "[%d]" % first, pointer.cast(element), "&%s" % at_address(target, int(pointer))
            return
        slots = pointer.cast(node)["slots"]
        for slot in range(64):
            yield from self.below(slots[slot], height - 1, (first << 6) + slot, node, element)


class PerCpu(Container):
    """core/per_cpu.hh: one value for each CPU."""

    def length(self):
        low, high = self.value["slots"].type.range()
        return high - low + 1, False

    def walk(self):
        for cpu in range(self.length()[0]):
            slot = self.value["slots"][cpu]["value"]
            yield "[%d]" % cpu, slot, at_address(slot.type, int(slot.address))


def element_at(name, type_, address):
    value = gdb.Value(address).cast(type_.pointer()).dereference()
    return name, value, at_address(type_, address)


def offset_of(member, owner):
    """Of a template argument such as `&Thread::link`, in bytes."""
    null = gdb.Value(0).cast(owner.pointer())
    return int(null[field_of(member, owner)].address)


def field_of(member, owner):
    name = str(member).rsplit("::", 1)[-1]
    return next(field for field in owner.fields() if field.name == name)


SPROUT = {"List": SproutList, "RadixTree": RadixTree, "PerCpu": PerCpu}


def container_of(value):
    """The container that a value is, or None."""
    name = value.type.strip_typedefs().unqualified().name or ""
    space, _, rest = name.partition("::")
    kind = SPROUT.get(rest.partition("<")[0]) if space == "sprout" and name.endswith(">") else None
    return kind and kind(value)
