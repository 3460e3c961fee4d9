"""Expressions as people write them, for gdb's parser, which without a frame knows neither nested namespaces nor classes within
them: it finds a whole name in quotes.
"""
import re

import gdb

# What is no name: texts and characters, and what is quoted already.
QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
# `sprout::arch::g_cpus`: a name with its namespaces.
QUALIFIED = r"[A-Za-z_]\w*(?:::~?[A-Za-z_]\w*)+"
NAME_OR_QUOTED = re.compile("%s|%s" % (QUOTED, QUALIFIED))
UNKNOWN_NAME = re.compile(r'^No symbol "(\w+)" in current context\.$')
UNKNOWN_WITH_PREFIX = re.compile(r'^No (?:symbol ".*::.*" in current|symbol ".*" in namespace|type ".*" within) ')
# What the parser says of names that it does not find. Any other failure has run what can run: to evaluate again would call again.
NOT_PARSED = re.compile(r"^(?:No symbol |No type |A syntax error )")
# Names without a prefix in one expression.
MOST_UNKNOWN = 8


def evaluate(expression):
    """The value of an expression; raises gdb.error with gdb's sentence."""
    try:
        return gdb.parse_and_eval(expression)
    except gdb.error as error:
        quoted = quote_names(expression)
        if quoted == expression or not NOT_PARSED.match(str(error)):
            raise
        failure = error
    try:
        return gdb.parse_and_eval(quoted)
    except gdb.error as error:
        # Once its names are found it says what else is wrong.
        if not NOT_PARSED.match(str(error)):
            raise
        failure = failure if UNKNOWN_WITH_PREFIX.match(str(error)) else error
    try:
        return gdb.parse_and_eval(quote_names(expression, with_arguments=True))
    except gdb.error:
        raise failure


def quote_names(expression, with_arguments=False):
    """Puts each qualified name in quotes; `with_arguments` with the template arguments behind it."""
    parts = []
    end = 0
    for match in NAME_OR_QUOTED.finditer(expression):
        if match.start() < end:
            continue
        text = match.group(0)
        parts.append(expression[end : match.start()])
        end = match.end()
        if text[0] not in "\"'":
            if with_arguments:
                end = end_of_arguments(expression, end)
            text = "'%s'" % expression[match.start() : end]
        parts.append(text)
    return "".join(parts) + expression[end:]


def end_of_arguments(expression, start):
    """Behind the template arguments that begin at `start`, and what is nested in them; `start` when none do."""
    depth = 0
    for index in range(start, len(expression)):
        character = expression[index]
        if index == start and character != "<":
            return start
        depth += (character == "<") - (character == ">")
        if depth == 0:
            rest = re.match(r"(?:::\w+)+", expression[index + 1 :])
            return index + 1 + (rest.end() if rest else 0)
    return start


def resolve(expression, place=None):
    """(value, expression): evaluates an expression whose names may lack the namespaces and classes around them, as the code at
    `place` (file:line) may leave them out. The expression that is returned lacks nothing. Without a place all namespaces count.
    """
    for _ in range(MOST_UNKNOWN):
        try:
            return evaluate(expression), expression
        except gdb.error as error:
            unknown = UNKNOWN_NAME.match(str(error))
            named = unknown and next((e for e in candidates(expression, unknown.group(1), place) if names_something(e)), None)
            if not named:
                raise
            expression = named
    return evaluate(expression), expression


def candidates(expression, name, place):
    """The expression with each prefix that `name` may lack."""
    bare = re.compile(r"(%s)|(?<![\w.:>~])%s\b|(?<=[^-]>)%s\b" % (QUOTED, name, name))
    for prefix in prefixes_at(place) if place else prefixes_of(name):
        yield bare.sub(lambda match: match.group(1) or prefix + name, expression)


def names_something(expression):
    """Whether the names with a prefix exist, though others may still lack theirs and the whole may have no value."""
    try:
        evaluate(expression)
        return True
    except gdb.error as error:
        return UNKNOWN_WITH_PREFIX.match(str(error)) is None


def prefixes_at(place):
    """`a::b::`, then `a::`: what the function at a line, or else the next one in its file, lies in."""
    try:
        _, found = gdb.decode_line(place)
    except gdb.error:
        return []
    for line in found or ():
        block = gdb.block_for_pc(line.pc) if line.pc else None
        while block is not None and block.function is None:
            block = block.superblock
        if block is not None:
            parts = re.sub(r"\(.*", "", str(block.function)).split("::")[:-1]
            return ["::".join(parts[:length]) + "::" for length in range(len(parts), 0, -1)]
    return []


def prefixes_of(name):
    """Of every variable and type of that name."""
    seen = []
    for kind in ("variables -q -n", "types -q"):
        text = gdb.execute("info %s \\b%s$" % (kind, name), to_string=True)
        for prefix in re.findall(r"((?:\w+::)+)%s\b" % re.escape(name), text):
            if prefix not in seen:
                seen.append(prefix)
    return seen


def at_address(type_, address):
    """An expression for the value of a type at an address."""
    return "{'%s'}0x%x" % (type_, address) if type_.code in QUOTABLE else "{%s}0x%x" % (type_, address)


QUOTABLE = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_TYPEDEF)
