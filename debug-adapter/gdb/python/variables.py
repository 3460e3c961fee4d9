"""Values as rows: what the adapter's variables.ts and live-values.ts read. What can be opened has a handle, and its children."""
import gdb

import containers_boost  # noqa: F401
import containers_sprout  # noqa: F401
import operators  # noqa: F401
from containers import container_of
from containers_std import text_in
from expressions import at_address
from summaries import REFERENCES, STRUCTS, array_length, is_text, plain, summary_of, unwrapped

# A bound on one answer; the rest is asked for in pages.
LARGEST_PAGE = 1000
MOST_HANDLES = 200_000


class Handles:
    """Values that the client can open, by number."""

    def __init__(self):
        self.values = {}
        self.next = 1

    def add(self, value, expression):
        # A target that never goes on clears nothing: see LiveGdb.
        if len(self.values) >= MOST_HANDLES:
            self.values.clear()
        handle = self.next
        self.next += 1
        self.values[handle] = (value, expression)
        return handle

    def get(self, text):
        try:
            return self.values[int(text)]
        except (KeyError, ValueError):
            raise gdb.GdbError("This value is of an earlier stop.")

    def clear(self, _event=None):
        self.values.clear()


HANDLES = Handles()
gdb.events.cont.connect(HANDLES.clear)


def counts_of(value):
    """(named, indexed) children of a value. Reads nothing but what a container tells of its length."""
    value = unwrapped(value)
    type_ = plain(value.type)
    if type_.code in REFERENCES:
        return counts_of(value.referenced_value())
    if text_in(value) is not None:
        return (0, 0)
    container = container_of(value)
    if container:
        return (0, container.length()[0])
    if type_.code in STRUCTS:
        return (len(type_.fields()), 0)
    if type_.code == gdb.TYPE_CODE_ARRAY:
        return (0, 0) if is_text(type_.target()) else (0, array_length(type_))
    if type_.code == gdb.TYPE_CODE_PTR:
        target = plain(type_.target())
        if target.code in (gdb.TYPE_CODE_VOID, gdb.TYPE_CODE_FUNC) or is_text(target) or int(value) == 0:
            return (0, 0)
        return (len(target.fields()), 0) if target.code in STRUCTS else (1, 0)
    return (0, 0)


def address_of(value):
    """What a memory view should show: what a pointer points to, or where the value lies."""
    type_ = plain(value.type)
    if type_.code == gdb.TYPE_CODE_PTR:
        return int(value)
    if type_.code in REFERENCES:
        value = value.referenced_value()
    return None if value.address is None else int(value.address)


def describe(name, value, expression, hexadecimal=False):
    """One variable as the adapter's variables.ts reads it. Never raises: what cannot be read says so as its value."""
    row = {"name": name, "type": "", "expression": expression}
    try:
        row["type"] = str(value.type)
        row["value"] = summary_of(value, hexadecimal)
        if value.is_optimized_out:
            return row
        named, indexed = counts_of(value)
        if named or indexed:
            row["handle"] = str(HANDLES.add(value, expression))
            row["named"] = str(named)
            row["indexed"] = str(indexed)
        address = address_of(value)
        if address is not None:
            row["address"] = hex(address & 0xFFFFFFFFFFFFFFFF)
    except (gdb.error, ValueError, RuntimeError, OverflowError) as error:
        row["value"] = "<%s>" % error
    return row


def children_of(value, expression, start, count, hexadecimal):
    scalar = unwrapped(value)
    if scalar is not value and scalar.address is not None:
        value, expression = scalar, at_address(scalar.type, int(scalar.address))
    type_ = plain(value.type)
    if type_.code in REFERENCES:
        return children_of(value.referenced_value(), expression, start, count, hexadecimal)
    if type_.code == gdb.TYPE_CODE_PTR:
        target = plain(type_.target())
        if target.code in STRUCTS:
            return members_of(value.dereference(), "(%s)->" % expression, expression, start, count, hexadecimal)
        return [describe("*", value.dereference(), "*(%s)" % expression, hexadecimal)]
    if type_.code == gdb.TYPE_CODE_ARRAY:
        low, high = type_.range()
        first = low + start
        indexes = range(first, min(high + 1, first + count))
        return [describe("[%d]" % i, value[i], "(%s)[%d]" % (expression, i), hexadecimal) for i in indexes]
    container = container_of(value)
    if container:
        return [describe(name, element, named, hexadecimal) for name, element, named in container.page(start, count)]
    return members_of(value, "(%s)." % expression, "&(%s)" % expression, start, count, hexadecimal)


def members_of(value, prefix, pointer, start, count, hexadecimal):
    """Members of a structure: bases by their type's name, anonymous members in place, no static ones."""
    rows = []
    for field in plain(value.type).fields()[start : start + count]:
        if field.is_base_class:
            expression = "*(%s *)(%s)" % (field.type, pointer)
            rows.append(describe(field.name, value[field], expression, hexadecimal))
        elif not hasattr(field, "bitpos"):
            continue
        elif not field.name:
            inner = value[field]
            if plain(inner.type).code in STRUCTS:
                rows += members_of(inner, prefix, pointer, 0, LARGEST_PAGE, hexadecimal)
        else:
            rows.append(describe(field.name, value[field], prefix + field.name, hexadecimal))
    return rows
