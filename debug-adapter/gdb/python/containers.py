"""What containers hold: elements, instead of the nodes, hooks and headers that they are made of.

A container is read in the memory of a guest that may run meanwhile, or be broken: every walk is bounded.
"""
import itertools

import gdb

from expressions import at_address

# Elements that are counted one by one; what has more says so.
MOST_COUNTED = 1000
# How far a page of elements may lie from the first one, where each is found through the one before.
LONGEST_WALK = 10_000


class Container:
    """Elements in order. A kind of container says how to `walk` them: (name, value, expression) each."""

    # Whether `container[i]` means the element that is shown as [i]; of a map it means the one with that key.
    has_subscripts = True

    def __init__(self, value):
        self.value = value
        self.type = value.type.strip_typedefs()

    def walk(self):
        raise NotImplementedError

    def length(self):
        """(count, whether there may be more); kinds that know their length say it."""
        count = sum(1 for _ in itertools.islice(self.walk(), MOST_COUNTED))
        return count, count == MOST_COUNTED

    def page(self, start, count):
        """Elements from `start` on. Raises gdb.MemoryError where the container is broken."""
        start = min(start, LONGEST_WALK)
        return list(itertools.islice(self.walk(), start, start + count))

    def element(self, index):
        """What is shown as [index]. Raises gdb.error where there is none."""
        named = "[%d]" % index
        for name, value, _ in itertools.islice(self.walk(), LONGEST_WALK):
            if name == named:
                return value
        raise gdb.error("There is no element %s." % named)


class Sequence(Container):
    """Elements side by side: any of them is found at once."""

    def extent(self):
        """(pointer to the first element, their number)"""
        raise NotImplementedError

    def length(self):
        return self.extent()[1], False

    def page(self, start, count):
        first, length = self.extent()
        element = first.type.strip_typedefs().target()
        indexes = range(start, min(length, start + count))
        return [element_at("[%d]" % index, element, int(first) + index * element.sizeof) for index in indexes]

    def element(self, index):
        found = self.page(index, 1) if index >= 0 else []
        if not found:
            raise gdb.error("There is no element [%d]." % index)
        return found[0][1]


def element_at(name, type_, address):
    value = gdb.Value(address).cast(type_.pointer()).dereference()
    return name, value, at_address(type_, address)


def member_offset(argument, owner):
    """Of a template argument such as `&Thread::link`, in bytes. gdb tells a member pointer by its name only."""
    name = str(argument).rsplit("::", 1)[-1]
    return next(field.bitpos // 8 for field in owner.strip_typedefs().fields() if field.name == name)


KINDS = {}


def kind(*names):
    """Registers a class for templates of these names."""

    def register(class_):
        KINDS.update((name, class_) for name in names)
        return class_

    return register


def kind_of(type_):
    """The class for containers of a type, or None."""
    name = type_.strip_typedefs().unqualified().name or ""
    return KINDS.get(name.partition("<")[0]) if name.endswith(">") else None


def container_of(value):
    """The container that a value is, or None."""
    class_ = kind_of(value.type)
    return class_ and class_(value)
