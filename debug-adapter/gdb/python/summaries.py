"""A value in a line of text, and within a sentence."""
import re

import gdb

from containers import container_of
from containers_std import text_in

# What a summary may read and show: a local may be an array of megabytes.
SUMMARY_BYTES = 4096
SUMMARY_CHARACTERS = 160
LARGEST_VALUE_TEXT = 4096

STRUCTS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
REFERENCES = (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_ENUM)


def plain(type_):
    return type_.strip_typedefs().unqualified()


def is_text(type_):
    """A character type: pointers to it and arrays of it are shown as text and not opened."""
    type_ = plain(type_)
    return type_.code == gdb.TYPE_CODE_INT and type_.sizeof == 1 and "char" in (type_.name or "")


def scalar_path(type_):
    """The fields to follow to the one number or pointer that a wrapper such as std::atomic holds; None when it is no wrapper."""
    path = []
    for _ in range(8):
        type_ = plain(type_)
        if type_.code not in STRUCTS:
            return path if path and type_.code in NUMBERS else None
        inner = [field for field in type_.fields() if hasattr(field, "bitpos") and plain(field.type).sizeof == type_.sizeof]
        if len(inner) != 1:
            return None
        path.append(inner[0])
        type_ = inner[0].type
    return None


def unwrapped(value):
    """What a wrapper of one number or pointer holds; every other value as it is."""
    for field in scalar_path(value.type) or ():
        value = value[field]
    return value


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
