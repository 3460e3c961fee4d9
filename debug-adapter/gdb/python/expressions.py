"""Expressions as people write them: in a place where gdb knows no language, and without the prefixes of the code around them."""
import re

import gdb

# What is no name: texts and characters, and what is quoted already.
QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
UNKNOWN_NAME = re.compile(r'^No symbol "(\w+)" in current context\.$')
UNKNOWN_WITH_PREFIX = re.compile(r'^(?:No symbol ".*" in namespace |No type ".*" within |There is no field named )')
# What the parser says of what it does not know.
NOT_PARSED = re.compile(r"^(?:No symbol |No type |A syntax error )")
# Names without a prefix in one expression.
MOST_UNKNOWN = 8
NAMED_TYPES = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_TYPEDEF)


# What gdb says when an operator of ours raises, whatever that says itself.
OPERATOR_FAILED = "Error while executing Python code."
REASONS = []


def explained(method):
    """A method that gdb calls within an expression: what it raises is what evaluate() raises."""

    def call(*arguments):
        try:
            return method(*arguments)
        except (gdb.error, RuntimeError, ValueError) as error:
            REASONS.append(str(error))
            raise

    return call


def evaluate(expression):
    """The value of an expression; raises gdb.error with gdb's sentence, or that of an operator of ours."""
    REASONS.clear()
    try:
        return evaluate_in_any_language(expression)
    except gdb.error as error:
        if REASONS and str(error) == OPERATOR_FAILED:
            raise gdb.error(REASONS[-1])
        raise


def evaluate_in_any_language(expression):
    try:
        return gdb.parse_and_eval(expression)
    except gdb.error as error:
        # In assembly, and where there is no frame, gdb takes expressions for C, which has no namespaces. Any other failure has run
        # what can run: to evaluate again would call again.
        if gdb.parameter("language") == "c++" or not NOT_PARSED.match(str(error)):
            raise
        with gdb.with_parameter("language", "c++"):
            return gdb.parse_and_eval(expression)


def at_address(type_, address):
    """An expression for the value of a type at an address."""
    return "{%s}0x%x" % (name_of(type_), address & 0xFFFFFFFFFFFFFFFF)


def name_of(type_):
    """As gdb reads it back, whatever its namespaces and template arguments are."""
    if type_.code == gdb.TYPE_CODE_PTR:
        return name_of(type_.target()) + " *"
    return "'%s'" % type_.name if type_.code in NAMED_TYPES and type_.name else str(type_.unqualified())


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
