"""The comment of a declaration, as it stands in its header, and as Markdown."""
import re

LABELS = ("Waits|Throws|Threads|Lifetime|Cost|Signals|Cancellation|Coroutines|Compilers|Errors|Exceptions|Assignment|Fork|"
          "Returns|Order|Backends|Options")
LABEL = re.compile(rf"(?:^|(?<=[.:)] ))({LABELS}): ")
CODE = re.compile(r"`[^`]*`|(?<=\")[a-z+]+://[^\"]+(?=\")|\b[a-z+]+://[^\s\",]*[^\s\",.:)]|"
                  r"\b(?:std|boost|carpool)::[\w:]+(?:\(\))?|\b\w+<[\w:, .]*>|\b[a-zA-Z]\w*\(\d?\)|"
                  r"\b[a-zA-Z]\w*_\w+(?:\(\))?(?:::\w+)*|\b[A-Z]\w*::\w+(?:\(\))?|"
                  r"\b(?!MySQL|PostgreSQL|MariaDB|OpenSSL|GoogleTest|ThreadSanitizer|AddressSanitizer)[A-Z][a-z]+[A-Z]\w*")
ABOVE = re.compile(r"^\s*///(?!<) ?(.*)$")
BESIDE = re.compile(r"///< ?(.*)$")


def lines_above(lines, line):
    """The comment that ends above the declaration whose name stands in this line (counted from 1)."""
    at = line - 2
    while at >= 0 and line - at < 8 and not ABOVE.match(lines[at]):  # template, requires, the type of a long declaration
        if not lines[at].strip() or lines[at].split("//")[0].rstrip().endswith((";", "}", "{", ":")) or lines[at].lstrip().startswith("//"):
            return []
        at -= 1
    taken = []
    while at >= 0 and (found := ABOVE.match(lines[at])):
        taken.insert(0, found.group(1))
        at -= 1
    return taken


def lines_beside(lines, line):
    """The comment behind a declaration, which may go on in the next lines."""
    taken = []
    for at in range(line - 1, min(line + 4, len(lines))):
        found = BESIDE.search(lines[at])
        if found and (not taken or lines[at].lstrip().startswith("///<")):
            taken.append(found.group(1))
        elif taken or lines[at].rstrip().endswith((";", ",", "}", "{")):
            break
    return taken


def comment_of(lines, line):
    return lines_above(lines, line) or lines_beside(lines, line)


def plain(text):
    return re.sub(r"([*_])", r"\\\1", text).replace("<", "&lt;")


def marked(text):
    """Names of the code in code's type; what Markdown would take for its own is kept from it."""
    parts, end = [], 0
    for found in CODE.finditer(text):
        parts.append(plain(text[end:found.start()]))
        parts.append(found.group() if found.group().startswith("`") else f"`{found.group()}`")
        end = found.end()
    return "".join(parts) + plain(text[end:])


def labelled(text):
    """Splits at Waits:, Throws:, Threads:, Lifetime: and the like."""
    pieces = LABEL.split(text)
    yield "", pieces[0].strip()
    yield from zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]))


def is_literal(before, run):
    return before.rstrip().endswith(":") or any(re.search(r"\S {2,}\S", line) for line in run)


def blocks(comment):
    """Paragraphs, and blocks whose lines stand as they are: what is indented in the comment after an empty line, and tables
    and lists that are indented."""
    text, run, empty = [], [], False

    def flush_run():
        if run and (not text or is_literal(text[-1], run)):
            body = list(run)
            run.clear()
            return body
        text.extend(line.strip() for line in run)
        run.clear()
        return None

    for line in [*comment, ""]:
        if line.startswith("  ") and (run or text or empty):
            run.append(line)
            continue
        empty = not line.strip()
        literal = flush_run()
        if literal or not line.strip():
            if text:
                yield "text", " ".join(text)
            text = []
        if literal:
            yield "literal", literal
        if line.strip():
            text.append(line.strip())


def to_markdown(comment):
    for kind, body in blocks(comment):
        if kind == "literal":
            indent = min(len(line) - len(line.lstrip()) for line in body)
            language = "cpp" if any(line.rstrip().endswith((";", "{")) for line in body) else "text"
            yield f"```{language}\n" + "\n".join(line[indent:] for line in body) + "\n```\n"
            continue
        for label, words in labelled(body):
            if words:
                yield (f"**{label}:** " if label else "") + marked(words) + "\n"


def one_line(comment):
    """For a cell of a table."""
    return marked(" ".join(line.strip() for line in comment)).replace("|", "\\|")
