"""Where a step stands that was interrupted before its end."""
import gdb

# Frames that are looked through for the one where the step began.
DEEPEST = 500


def place_of_step(stack_pointer, program_counter):
    """The frame in which a step began, given the registers that it began with: its level, counted from the innermost frame, and
    whether it still is in the line, and at the instruction. No level: the frame has returned. Unclear: the thread stands where
    its frames cannot be told, in a context switch for one.
    """
    frames = frames_of_step(stack_pointer)
    if not frames:
        return {"unclear": "y"}
    if function_at(frames[0][0].pc()) != function_at(program_counter):
        return {}
    # What was inlined since is left first; the function in which it began may be inlined itself.
    inner = gdb.block_for_pc(program_counter)
    while inner is not None and inner.function is None:
        inner = inner.superblock
    line = gdb.find_pc_line(program_counter)
    for frame, level in frames:
        if inner is not None and is_same(frame.function(), inner.function):
            now = frame.find_sal()
            same = now.symtab is not None and line.symtab is not None and now.symtab.filename == line.symtab.filename
            return told(level, same and now.line == line.line, frame.pc() == program_counter)
    return told(frames[0][1], False, False)


def is_same(one, other):
    """Whether two symbols are one: gdb wraps it anew each time."""
    return one is not None and (one.name, one.symtab.filename, one.line) == (other.name, other.symtab.filename, other.line)


def told(level, same_line, same_instruction):
    return {"level": str(level), "same-line": "ny"[same_line], "same-instruction": "ny"[same_instruction and level == 0]}


def frames_of_step(stack_pointer):
    """The frame on the stack in which the step began, and before it what is inlined there, each with its level."""
    frame = gdb.newest_frame()
    level = 0
    inlined = []
    while frame is not None and level < DEEPEST and is_code(frame):
        older = frame.older()
        inlined.append((frame, level))
        if frame.type() != gdb.INLINE_FRAME:
            if older is None or int(older.read_register("rsp")) % 2**64 > stack_pointer:
                return inlined
            inlined = []
        frame = older
        level += 1
    return []


def is_code(frame):
    return frame.type() == gdb.SIGTRAMP_FRAME or gdb.block_for_pc(frame.pc()) is not None


def function_at(program_counter):
    """The start of the function around an address, inlined ones aside."""
    block = gdb.block_for_pc(program_counter)
    while block is not None and not (block.function is not None and block.superblock is not None and block.superblock.is_static):
        block = block.superblock
    return block.start if block is not None else None
