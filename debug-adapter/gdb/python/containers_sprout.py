"""Sprout's own containers."""
import itertools
import struct

import gdb

from containers import Container, element_at, kind, member_offset
from expressions import at_address

SLOT_BITS = 6
GREATEST_HEIGHT = 11
NODE = struct.Struct("<%dQ" % (1 << SLOT_BITS))
# Of a tree that is broken, nodes may lead to each other for ever and to no element.
MOST_NODES = 20_000


@kind("sprout::List")
class List(Container):
    """core/list.hh: `List<T, &T::hook>`, circular through its sentinel."""

    def walk(self):
        element = self.type.template_argument(0)
        offset = member_offset(self.type.template_argument(1), element)
        end = int(self.value["sentinel"].address)
        node = self.value["sentinel"]["next"]
        for index in itertools.count():
            # Null: the list was not initialised yet, or the element has just left it.
            if int(node) in (0, end):
                return
            yield element_at("[%d]" % index, element, int(node) - offset)
            node = node["next"]


@kind("sprout::RadixTree")
class RadixTree(Container):
    """fs/radix_tree.hh: a map from a number to a pointer. An element is called by its number."""

    def length(self):
        return int(self.value["count"]), False

    def walk(self):
        height = min(int(self.value["height"]), GREATEST_HEIGHT)
        self.nodes = 0
        yield from self.below(int(self.value["root"]), height, 0)

    def below(self, address, height, first):
        """What lies below a slot of a node of `height` + 1, whose numbers begin at `first`."""
        if address == 0:
            return
        if height == 0:
            held = self.type.template_argument(0)
            yield "[%d]" % first, gdb.Value(address).cast(held.pointer()), "&%s" % at_address(held, address)
            return
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise gdb.error("This tree is broken: it has more than %d nodes." % MOST_NODES)
        # A node is its slots. Read at once: as values of gdb's they cost a hundred times as much.
        for slot, pointer in enumerate(NODE.unpack(gdb.selected_inferior().read_memory(address, NODE.size))):
            yield from self.below(pointer, height - 1, (first << SLOT_BITS) + slot)


@kind("sprout::PerCpu")
class PerCpu(Container):
    """core/per_cpu.hh: one value for each CPU."""

    def length(self):
        low, high = self.value["slots"].type.range()
        return high - low + 1, False

    def walk(self):
        for cpu in range(self.length()[0]):
            value = self.value["slots"][cpu]["value"]
            yield "[%d]" % cpu, value, at_address(value.type, int(value.address))
