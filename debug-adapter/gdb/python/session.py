"""MI commands of the session's gdb: threads, values, registers, log points.

Loaded by `-ix` before the kernel. Each command takes `--thread N --frame M` as every MI command does. Values that can be
opened get a handle, valid until the target goes on. Text that nobody asked for begins with a record separator (0x1e).
"""
import contextlib
import os
import re
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import containers_boost  # noqa: E402,F401
import containers_sprout  # noqa: E402,F401
from containers import container_of  # noqa: E402
from containers_std import text_in  # noqa: E402
from expressions import at_address, evaluate, resolve  # noqa: E402
from kernel_scripts import run_script  # noqa: E402
from stepping import place_of_step  # noqa: E402

# What a summary may read and show: a local may be an array of megabytes.
SUMMARY_BYTES = 4096
SUMMARY_CHARACTERS = 160
# Bounds on one answer; the rest is asked for in pages.
LARGEST_PAGE = 1000
LARGEST_VALUE_TEXT = 4096
MOST_HANDLES = 200_000

STRUCTS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
REFERENCES = (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_ENUM)


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


def tell(text):
    """A message to the adapter that no command asked for."""
    gdb.write("\x1e" + text.replace("\n", " ") + "\n")


def plain(type_):
    return type_.strip_typedefs().unqualified()


def is_text(type_):
    """A character type: pointers to it and arrays of it are shown as text and not opened."""
    type_ = plain(type_)
    return type_.code == gdb.TYPE_CODE_INT and type_.sizeof == 1 and "char" in (type_.name or "")


def scalar_in(value):
    """The one scalar that a wrapper such as std::atomic holds; the value itself when it is none."""
    for _ in range(8):
        type_ = plain(value.type)
        if type_.code not in STRUCTS:
            return value
        inner = [field for field in type_.fields() if hasattr(field, "bitpos") and plain(field.type).sizeof == type_.sizeof]
        if len(inner) != 1 or plain(inner[0].type).code not in STRUCTS + NUMBERS:
            return value
        value = value[inner[0]]
    return value


def unwrapped(value):
    """What a wrapper of one number or pointer holds; every other value as it is."""
    scalar = scalar_in(value)
    return scalar if plain(scalar.type).code in NUMBERS else value


def summary_of(value, hexadecimal):
    value = unwrapped(value)
    type_ = plain(value.type)
    if type_.code in REFERENCES:
        return summary_of(value.referenced_value(), hexadecimal)
    text = text_in(value)
    if text is not None:
        return summary_of(text, hexadecimal)
    container = container_of(value)
    if container:
        count, is_more = container.length()
        return "{%d%s element%s}" % (count, " or more" if is_more else "", "" if count == 1 else "s")
    if type_.code in STRUCTS and type_.sizeof > SUMMARY_BYTES:
        return "{...}"
    if type_.code == gdb.TYPE_CODE_ARRAY and type_.sizeof > SUMMARY_BYTES:
        return "[%d]" % array_length(type_)
    options = {"max_elements": 8 if type_.code == gdb.TYPE_CODE_ARRAY and not is_text(type_.target()) else 200}
    if hexadecimal and type_.code in NUMBERS:
        options["format"] = "x"
    text = name_in(value) + value.format_string(**options)
    if type_.code == gdb.TYPE_CODE_INT and type_.sizeof == 1:
        # A byte that is no character of a text is a number alone.
        text = re.sub(r" '\\.+'$", "", text)
    limit = SUMMARY_CHARACTERS if type_.code in STRUCTS or type_.code == gdb.TYPE_CODE_ARRAY else LARGEST_VALUE_TEXT
    return text if len(text) <= limit else text[: limit - 4] + " ..."


def name_in(value):
    """Of a structure its member `name`, when that is text: `"reader-1" `; else nothing."""
    fields = plain(value.type).fields() if plain(value.type).code in STRUCTS else []
    field = next((field for field in fields if field.name in ("name", "name_") and hasattr(field, "bitpos")), None)
    if field is None:
        return ""
    try:
        name = characters_of(value[field])
        return "" if name is None else '"%s" ' % text_of(name)
    except gdb.MemoryError:
        return ""


def characters_of(value):
    """A text as the array of its characters, or the pointer to them; None for everything else."""
    characters = text_in(value)
    if characters is not None:
        return characters
    type_ = plain(value.type)
    return value if type_.code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_PTR) and is_text(type_.target()) else None


def text_of(value):
    """A value within a sentence: text as itself, without its address and quotes."""
    text = value.format_string(max_elements=200)
    type_ = plain(value.type)
    if type_.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY) and is_text(type_.target()) and text.endswith('"'):
        return text[text.index('"') + 1 : -1]
    return text


def array_length(type_):
    low, high = type_.range()
    return max(0, high - low + 1)


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


def locals_of(frame):
    """Arguments, then locals, innermost block first; an outer variable that is hidden is left out."""
    try:
        block = frame.block()
    except RuntimeError:
        return []
    seen = set()
    arguments, others = [], []
    while block is not None:
        for symbol in block:
            if symbol.name in seen or not (symbol.is_argument or symbol.is_variable):
                continue
            seen.add(symbol.name)
            (arguments if symbol.is_argument else others).append(symbol)
        if block.function is not None:
            break
        block = block.superblock
    return arguments + others


class Command(gdb.MICommand):
    """An MI command whose failure is gdb's `^error` with one sentence."""

    def invoke(self, argv):
        try:
            return self.run(*argv)
        except (RuntimeError, ValueError, OverflowError, TypeError) as error:
            raise gdb.GdbError(str(error))


class Threads(Command):
    """-unikernel-threads: gdb's thread numbers with the stub's ids. Unwinds nothing."""

    def run(self):
        threads = gdb.selected_inferior().threads()
        return {"threads": [{"number": str(t.num), "id": str(t.ptid[1] or t.ptid[2])} for t in threads]}


class Locals(Command):
    """-unikernel-locals HEX"""

    def run(self, hexadecimal="0"):
        frame = gdb.selected_frame()
        rows = []
        for symbol in locals_of(frame):
            try:
                value = symbol.value(frame)
            except (gdb.error, RuntimeError, ValueError) as error:
                rows.append({"name": symbol.name, "type": str(symbol.type), "value": "<%s>" % error, "expression": symbol.name})
                continue
            rows.append(describe(symbol.name, value, symbol.name, hexadecimal == "1"))
        return {"variables": rows}


class Children(Command):
    """-unikernel-children HANDLE START COUNT HEX"""

    def run(self, handle, start, count, hexadecimal="0"):
        value, expression = HANDLES.get(handle)
        start, count = max(0, int(start)), min(LARGEST_PAGE, int(count))
        return {"variables": children_of(value, expression, start, count, hexadecimal == "1")}


class Expand(Command):
    """-unikernel-expand EXPRESSION START COUNT HEX: the children of a value that is named anew each time."""

    def run(self, expression, start, count, hexadecimal="0"):
        value = evaluate(expression)
        start, count = max(0, int(start)), min(LARGEST_PAGE, int(count))
        return {"variables": children_of(value, expression, start, count, hexadecimal == "1")}


class Watch(Command):
    """-unikernel-watch HEX COUNT EXPRESSION... [EXPRESSION START COUNT]...: COUNT values, and a page of children of each that follows.

    What cannot be read says why and does not keep the others from being told.
    """

    def run(self, hexadecimal, count, *rest):
        hexadecimal, count = hexadecimal == "1", int(count)
        values = [self.value(expression, hexadecimal) for expression in rest[:count]]
        triples = zip(*[iter(rest[count:])] * 3)
        return {"values": values, "children": [{"variables": self.children(*triple, hexadecimal)} for triple in triples]}

    @staticmethod
    def value(expression, hexadecimal):
        try:
            with reading_only():
                return describe(expression, evaluate(expression), expression, hexadecimal)
        except (gdb.error, RuntimeError, ValueError, OverflowError, TypeError) as error:
            return {"name": expression, "expression": expression, "error": str(error)}

    @staticmethod
    def children(expression, start, count, hexadecimal):
        try:
            with reading_only():
                return children_of(evaluate(expression), expression, int(start), min(LARGEST_PAGE, int(count)), hexadecimal)
        except (gdb.error, RuntimeError, ValueError, OverflowError, TypeError):
            return []


@contextlib.contextmanager
def reading_only():
    """No expression changes the guest: `n++` is refused."""
    gdb.execute("set may-write-memory off")
    try:
        yield
    finally:
        gdb.execute("set may-write-memory on")


class Resolve(Command):
    """-unikernel-resolve HEX EXPRESSION [PLACE]: as resolve() tells; the row's expression is the one that lacks nothing."""

    def run(self, hexadecimal, expression, place=None):
        with reading_only():
            value, whole = resolve(expression, place)
            return {"variable": describe(expression, value, whole, hexadecimal == "1")}


class Evaluate(Command):
    """-unikernel-evaluate MAY-CALL HEX EXPRESSION: functions of the guest run only when MAY-CALL is 1."""

    def run(self, may_call, hexadecimal, expression):
        if may_call == "1":
            gdb.execute("set may-call-functions on")
            # One that is stopped in the middle is taken back.
            gdb.execute("set unwindonsignal on")
        try:
            value = evaluate(expression)
            return {"variable": describe(expression, value, expression, hexadecimal == "1")}
        finally:
            gdb.execute("set may-call-functions off")


class Assign(Command):
    """-unikernel-assign EXPRESSION VALUE HEX"""

    def run(self, expression, text, hexadecimal="0"):
        place = expression
        value = evaluate(expression)
        scalar = unwrapped(value)
        if scalar is not value and scalar.address is not None:
            # Of a wrapper such as std::atomic what it holds.
            place = at_address(scalar.type, int(scalar.address))
        evaluate("(%s) = (%s)" % (place, text))
        value = evaluate(expression)
        return {"variable": describe(expression, value, expression, hexadecimal == "1")}


class Registers(Command):
    """-unikernel-registers HEX NAME...: of the selected frame; unknown names are left out."""

    def run(self, hexadecimal, *names):
        frame = gdb.selected_frame()
        rows = []
        for name in names:
            try:
                rows.append(self.row(name, frame.read_register(name), hexadecimal == "1"))
            except (gdb.error, ValueError) as error:
                if not str(error).startswith("Bad register"):
                    rows.append({"name": name, "type": "", "value": "<%s>" % error, "expression": "$" + name})
        return {"variables": rows}

    @staticmethod
    def row(name, value, hexadecimal):
        row = describe(name, value, "$" + name, hexadecimal)
        if value.type.code == gdb.TYPE_CODE_FLAGS and not row["value"].startswith("<"):
            row["value"] = "%s %s" % (value.format_string(format="x"), value)
        return row


class StepPlace(Command):
    """-unikernel-step-place RSP RIP: where the selected thread's step stands that began with these registers."""

    def run(self, stack_pointer, program_counter):
        return place_of_step(int(stack_pointer), int(program_counter))


class LogPoint(gdb.Breakpoint):
    """Tells a message and never stops. The message's parts are texts and expressions, in turn."""

    def stop(self):
        try:
            if self.only_if and not gdb.parse_and_eval(self.only_if):
                return False
            parts = []
            for index, part in enumerate(self.parts):
                parts.append(part if index % 2 == 0 else self.tell_value(part))
            tell("log %d %s" % (self.number, "".join(parts)))
        except (gdb.error, RuntimeError, ValueError) as error:
            tell("log %d <%s>" % (self.number, error))
        return False

    @staticmethod
    def tell_value(expression):
        try:
            return text_of(evaluate(expression))
        except (gdb.error, RuntimeError, ValueError) as error:
            return "<%s>" % error


class InsertLogPoint(Command):
    """-unikernel-logpoint LOCATION CONDITION PART...: CONDITION may be empty."""

    def run(self, location, condition, *parts):
        point = LogPoint(location)
        point.only_if = condition
        point.parts = parts
        return {"number": str(point.number)}


class Script(Command):
    """-unikernel-script PATH ELF"""

    def run(self, path, elf):
        run_script(path, elf)
        return {}


for name, command in {
    "threads": Threads,
    "step-place": StepPlace,
    "locals": Locals,
    "children": Children,
    "expand": Expand,
    "evaluate": Evaluate,
    "watch": Watch,
    "resolve": Resolve,
    "assign": Assign,
    "registers": Registers,
    "logpoint": InsertLogPoint,
    "script": Script,
}.items():
    command("-unikernel-" + name)
