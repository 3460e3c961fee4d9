"""Containers of libstdc++, which kernels such as OSv are full of."""
import itertools

import gdb

from containers import Container, Sequence, element_at, kind

# Of a red-black tree in a 64-bit address space.
GREATEST_DEPTH = 128
LONGEST_TEXT = 4095
# Bytes of links before what a node holds.
LIST_LINKS = 16
TREE_LINKS = 32
HASH_LINK = 8


def behind(node, links, type_):
    """Where the value of a node lies: behind its links, aligned."""
    alignment = max(1, type_.alignof)
    return int(node) + (links + alignment - 1) // alignment * alignment


@kind("std::vector")
class Vector(Sequence):
    def extent(self):
        implementation = self.value["_M_impl"]
        # Of bool it is a set of bits.
        if plain_name(implementation["_M_start"].type).startswith("std::_Bit"):
            return gdb.Value(0).cast(gdb.lookup_type("char").pointer()), 0
        return implementation["_M_start"], max(0, int(implementation["_M_finish"] - implementation["_M_start"]))


@kind("std::array")
class Array(Sequence):
    def extent(self):
        elements = self.value["_M_elems"]
        if elements.type.strip_typedefs().code != gdb.TYPE_CODE_ARRAY:
            return gdb.Value(0).cast(self.type.template_argument(0).pointer()), 0
        low, high = elements.type.strip_typedefs().range()
        return elements[0].address, high - low + 1


@kind("std::list", "std::__cxx11::list")
class List(Container):
    def walk(self):
        element = self.type.template_argument(0)
        header = self.value["_M_impl"]["_M_node"]
        node = header["_M_next"]
        for index in itertools.count():
            if int(node) in (0, int(header.address)):
                return
            yield element_at("[%d]" % index, element, behind(node, LIST_LINKS, element))
            node = node["_M_next"]


@kind("std::map", "std::set", "std::multimap", "std::multiset")
class Tree(Container):
    has_subscripts = False

    def length(self):
        return int(self.value["_M_t"]["_M_impl"]["_M_node_count"]), False

    def walk(self):
        tree = self.value["_M_t"]
        element = tree.type.strip_typedefs().template_argument(1)
        header = tree["_M_impl"]["_M_header"]
        pending = []
        node = header["_M_parent"]
        for index in itertools.count():
            while int(node) != 0 and len(pending) < GREATEST_DEPTH:
                pending.append(node)
                node = node["_M_left"]
            if not pending:
                return
            node = pending.pop()
            yield element_at("[%d]" % index, element, behind(node, TREE_LINKS, element))
            node = node["_M_right"]


@kind("std::unordered_map", "std::unordered_set", "std::unordered_multimap", "std::unordered_multiset")
class Hash(Container):
    has_subscripts = False

    def length(self):
        return int(self.value["_M_h"]["_M_element_count"]), False

    def walk(self):
        table = self.value["_M_h"]
        element = table.type.strip_typedefs().template_argument(1)
        node = table["_M_before_begin"]["_M_nxt"]
        for index in itertools.count():
            if int(node) == 0:
                return
            yield element_at("[%d]" % index, element, behind(node, HASH_LINK, element))
            node = node["_M_nxt"]


def text_in(value):
    """The characters of a std::string, as an array; None for everything else."""
    if not plain_name(value.type).startswith(("std::__cxx11::basic_string<char,", "std::basic_string<char,")):
        return None
    start, length = value["_M_dataplus"]["_M_p"], min(int(value["_M_string_length"]), LONGEST_TEXT)
    # With its terminator, so that an empty one is an array too.
    characters = start.type.strip_typedefs().target().array(length)
    return gdb.Value(int(start)).cast(characters.pointer()).dereference()


def plain_name(type_):
    return type_.strip_typedefs().unqualified().name or ""
