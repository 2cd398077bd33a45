#!/usr/bin/env python3
"""reference.py XML PAGES: writes the reference pages, one for each part of the library, from doxygen's XML and the headers.
reference.py --check XML: lists the public names that have no comment; exit code 1 where there are any."""
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

import comments

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = {"connection_pool": "pool", "lease": "pool", "pool_options": "options", "pool_stats": "watching",
        "observer": "watching", "errors": "errors", "evictions": "evictions", "lifo_stack": "queues",
        "fifo_queue": "queues", "lifetime_queue": "queues", "affine_bag": "queues"}
CORE_ROLES = ("concepts", "eviction_concepts", "recognised", "connector_calls", "slot")
TITLES = {"pool": "ConnectionPool and Lease", "options": "PoolOptions", "watching": "Observers and statistics",
          "errors": "Errors", "queues": "Queues", "evictions": "Evictions", "roles": "The roles",
          "more": "Time and other small types", "common": "What connectors share", "sql": "What databases share"}
FIRST = ("pool", "options", "errors", "watching", "queues", "evictions", "roles", "more")


def part_of(path):
    room, _, rest = path.partition("/carpool/")
    stem = pathlib.PurePath(rest).stem
    if room == "include":
        return CORE.get(stem, "roles" if stem in CORE_ROLES else "more")
    if rest == "peer_is_quiet.hpp":
        return "common"
    first = re.split(r"[/_.]", rest)[0]
    return "boost_thread_backend" if first == "boost" else first + "_backend" if room == "backends" else first


def title_of(part):
    if part in TITLES:
        return TITLES[part]
    proper = {"mysql": "MySQL", "sqlite": "SQLite", "postgres": "PostgreSQL", "tls": "TLS", "tcp": "TCP", "http": "HTTP"}
    if part in proper:
        return proper[part]
    return "".join(word.capitalize() for word in part.split("_")) if part.endswith("_backend") else part.capitalize()


class Header:
    """The lines of one header, read once."""
    cache = {}

    @classmethod
    def lines(cls, path):
        if path not in cls.cache:
            cls.cache[path] = (ROOT / path).read_text().splitlines()
        return cls.cache[path]


def text_of(element):
    return "" if element is None else re.sub(r"\s+", " ", "".join(element.itertext())).strip()


class Member:
    def __init__(self, element, owner):
        self.kind, self.name, self.owner = element.get("kind"), element.findtext("name"), owner
        location = element.find("location")
        self.file, self.line = location.get("file"), int(location.get("line"))
        self.type, self.arguments = text_of(element.find("type")), text_of(element.find("argsstring"))
        self.initial = text_of(element.find("initializer"))
        self.parameters = [text_of(p.find("type")) for p in element.findall("templateparamlist/param")]
        self.values = [(value.findtext("name"), text_of(value.find("briefdescription"))) for value in element.findall("enumvalue")]
        self.static = element.get("static") == "yes"
        self.comment = comments.comment_of(Header.lines(self.file), self.line)
        if not self.comment:
            words = " ".join(filter(None, (text_of(element.find("briefdescription")), text_of(element.find("detaileddescription")))))
            self.comment = [words] if words else []

    def signature(self):
        head = f"template <{', '.join(self.parameters)}>\n" if self.parameters else ""
        body = self.type.replace(" &", "&").replace(" *", "*").replace("< ", "<").replace(" >", ">")
        arguments = self.arguments.replace(" &", "&").replace(" *", "*").replace("< ", "<").replace(" >", ">").replace("=", " = ")
        arguments = arguments.replace(" =  ", " = ").replace(" = delete", " = delete")
        if self.kind == "typedef":
            return f"{head}using {self.name} = {body};"
        if self.kind == "function":
            return f"{head}{'static ' if self.static else ''}{body} {self.name}{arguments};".replace("  ", " ").strip()
        return f"{head}{'static ' if self.static else ''}{body} {self.name}{' ' + self.initial if self.initial else ''};"

    def is_special(self):
        """What needs no words: operators, and how a thing is made, copied, moved and ended where nothing is to be said."""
        bare = self.owner.name.rsplit("::", 1)[-1] if self.owner else ""
        bare = bare.split("<")[0].strip()
        if self.kind == "function" and (self.name.startswith(("operator", "~")) or "=delete" in self.arguments.replace(" ", "")):
            return True
        plain = self.kind == "function" and self.name == bare and self.arguments.startswith(("()", f"({bare}", f"(const {bare}"))
        inherited = self.kind == "function" and self.owner is not None and self.name in (base.rsplit("::", 1)[-1] for base in self.owner.bases)
        return plain or inherited or self.kind == "friend" or (self.owner is not None and self.owner.is_error and self.name == bare)


class Compound:
    def __init__(self, element):
        self.kind, self.name = element.get("kind"), element.findtext("compoundname").removeprefix("carpool::")
        location = element.find("location")
        self.file, self.line = location.get("file"), int(location.get("line"))
        self.comment = comments.comment_of(Header.lines(self.file), self.line)
        self.bases = [text_of(base) for base in element.findall("basecompoundref")]
        self.is_error = any(re.search(r"[Ee]rror$|PoolError|std::runtime_error", base) for base in self.bases)
        self.parameters = [" ".join(filter(None, (text_of(p.find("type")), text_of(p.find("declname")),
                                                  "= " + text_of(p.find("defval")) if p.find("defval") is not None else "")))
                           for p in element.findall("templateparamlist/param")]
        members = [Member(m, self) for m in element.iter("memberdef") if m.get("prot") == "public" and m.get("kind") != "friend"]
        self.members = sorted((m for m in members if m.file == self.file), key=lambda m: m.line)
        self.initial = element.find("initializer")

    def declaration(self):
        head = f"template <{', '.join(self.parameters)}>\n" if self.parameters else ""
        bases = " : " + ", ".join(self.bases) if self.bases else ""
        return f"{head}{self.kind} {self.name}{bases};"


def is_no_part(element):
    """What a user cannot name, a private nested class, and what is only declared ahead of its own header."""
    ahead = element.get("kind") in ("class", "struct") and element.find("location").get("bodyend") in (None, "-1")
    return element.get("prot") in ("private", "protected") or ahead


def read(folder):
    compounds, free = [], []
    for entry in ElementTree.parse(folder / "index.xml").getroot():
        if entry.get("kind") not in ("class", "struct", "concept", "namespace"):
            continue
        if not re.match(r"carpool\b", entry.findtext("name")) or "detail" in entry.findtext("name").split("::"):
            continue
        element = ElementTree.parse(folder / (entry.get("refid") + ".xml")).getroot().find("compounddef")
        if is_no_part(element):
            continue
        if entry.get("kind") == "namespace":
            free += [Member(m, None) for m in element.iter("memberdef") if m.get("kind") != "friend"]
        elif "<" not in entry.findtext("name").split("carpool::", 1)[-1]:
            compounds.append(Compound(element))
    return compounds, free


def roles():
    """What the concepts say of each member: {name: (role, reason)}."""
    found = {}
    for path in ("include/carpool/concepts.hpp", "include/carpool/eviction_concepts.hpp"):
        for line in Header.lines(path):
            said = re.search(r"// ((?:An? )?[\w/ ]*?[A-Z]\w*(?: backend)?) (?:needs|has) (?:constexpr |a type )?([\w ]*?)(\w+)(?=[<( ,:;]|$)", line)
            names = re.findall(r"\b(\w+)(?=\()|B::(\w+)\b|typename B::(?:template )?(\w+)|needs (?:constexpr bool |a type )?(\w+)|has (\w+)", line)
            reason = line.partition("// ")[2]
            if said and reason:
                role = re.sub(r"^An? ", "", said.group(1))
                for name in {part for group in names for part in group if part}:
                    found.setdefault(name, (role, reason))
    found.update({name: ("role", "") for name in ("Address", "to", "counts_from", "length", "Wrapped", "worker_caching",
                                                  "Atomic", "Relaxed", "Mutex", "Task", "Wakeup", "ParkingSlot", "Socket")
                  if name not in found})
    return found


# Who plays a role, by the end of its name; another's member of the same name, a result's size() for one, is something else.
PLAYERS = {"Queue": ("Queue", "Stack", "Bag"), "Backend": ("Backend",), "I/O backend": ("Backend",), "Mutex": ("Mutex",),
           "ParkingSlot": ("ParkingSlot",), "Connector": ("Connector", "Connection", "Sentinel"), "Connector with Target": ("Connector",)}
EVERY_PLAYER = tuple(end for ends in PLAYERS.values() for end in ends) + ("Socket",)


def plays(member, known_roles):
    if member.owner is None or member.name not in known_roles:
        return False
    if member.owner.file.endswith("/evictions.hpp"):
        return True
    return member.owner.name.endswith(PLAYERS.get(known_roles[member.name][0], EVERY_PLAYER))


def is_undocumented(member, documented, known_roles):
    if member.comment or member.is_special() or member.values and all(words for _, words in member.values):
        return False
    owner = member.owner.name if member.owner else ""
    if (owner, member.name) in documented:
        return False
    return not plays(member, known_roles)


def undocumented(compounds, free):
    known = roles()
    members = [m for c in compounds for m in c.members] + free
    documented = {(m.owner.name if m.owner else "", m.name) for m in members if m.comment}
    for compound in compounds:
        if not compound.comment:
            yield compound.file, compound.line, compound.name
    for member in members:
        if is_undocumented(member, documented, known):
            yield member.file, member.line, (member.owner.name + "::" if member.owner else "") + member.name
        for name, words in member.values:
            if not words:
                yield member.file, member.line, f"{member.name}::{name}"


def field_table(fields):
    yield "| member | type | default | |\n|---|---|---|---|\n"
    for field in fields:
        default = field.initial.removeprefix("= ")
        cell = lambda code: f"`{code}`".replace("|", "\\|") if code else ""
        yield f"| `{field.name}` | {cell(field.type)} | {cell(default)} | {comments.one_line(field.comment)} |\n"
    yield "\n"


def said_by_role(member, known):
    if not plays(member, known) or not known[member.name][1]:
        return ""
    return f"Part of its role: {comments.marked(known[member.name][1])}\n"


def function_entries(members, known, level):
    groups = collections.OrderedDict()
    for member in members:
        groups.setdefault(member.name, []).append(member)
    for name, group in groups.items():
        yield f"{'#' * level} `{name}` {{ data-toc-label=\"{name}\" }}\n\n```cpp\n"
        yield "\n".join(member.signature() for member in group) + "\n```\n\n"
        said = [part for member in group for part in comments.to_markdown(member.comment)]
        yield "\n".join(said or [said_by_role(group[0], known)]) + "\n"


def compound_entry(compound, known):
    yield f"## `{compound.name}` {{ data-toc-label=\"{compound.name}\" }}\n\n"
    yield f"<p class=\"where\">&lt;{compound.file.partition('/')[2]}&gt;</p>\n\n"
    if compound.kind == "concept":
        yield "\n".join(comments.to_markdown(compound.comment)) + "\n```cpp\n"
        yield concept_text(compound) + "\n```\n\n"
        return
    yield f"```cpp\n{compound.declaration()}\n```\n\n" + "\n".join(comments.to_markdown(compound.comment)) + "\n"
    fields = [m for m in compound.members if m.kind == "variable"]
    if fields:
        yield from field_table(fields)
    shown = [m for m in compound.members if m.kind in ("function", "typedef") and (m.comment or not m.is_special())]
    yield from function_entries(shown, known, 3)


def concept_text(compound):
    """The concept as it stands in its header, with the reasons, which doxygen leaves out."""
    lines, at = Header.lines(compound.file), compound.line - 1
    while at > 0 and not lines[at].startswith("template"):
        at -= 1
    taken = []
    for line in lines[at:]:
        taken.append(line)
        if line.rstrip().endswith(";") and not line.startswith(" ") or re.match(r"^ {0,4}};", line) or not line.strip():
            break
        if re.search(r";\s*(//.*)?$", line) and not line.startswith("      ") and len(taken) > 1 and line.startswith("    ") and "}" in line.split("//")[0]:
            break
    return "\n".join(re.sub(r"\s+// ", "  // ", line) for line in taken if line.strip())


def enum_entry(member):
    yield f"## `{member.name}` {{ data-toc-label=\"{member.name}\" }}\n\n"
    yield f"<p class=\"where\">&lt;{member.file.partition('/')[2]}&gt;</p>\n\n" + "\n".join(comments.to_markdown(member.comment)) + "\n"
    yield "| value | |\n|---|---|\n"
    for name, words in member.values:
        yield f"| `{name}` | {comments.marked(words)} |\n"
    yield "\n"


def write_pages(folder, compounds, free):
    known = roles()
    parts = collections.defaultdict(lambda: ([], []))
    for compound in compounds:
        parts[part_of(compound.file)][0].append(compound)
    for member in free:
        parts[part_of(member.file)][1].append(member)
    folder.mkdir(parents=True, exist_ok=True)
    for part, (classes, functions) in parts.items():
        classes.sort(key=lambda c: (c.file.count("/"), c.file, c.line))
        functions.sort(key=lambda m: (m.file, m.line))
        page = [f"# {title_of(part)}\n\n"]
        for compound in classes:
            page += compound_entry(compound, known)
        for member in functions:
            if member.kind == "enum":
                page += enum_entry(member)
        plain = [m for m in functions if m.kind in ("function", "typedef", "variable")]
        page += function_entries(plain, known, 2)
        (folder / (part + ".md")).write_text("".join(page))
    write_index(folder, parts)


def write_index(folder, parts):
    order = [p for p in FIRST if p in parts] + sorted(p for p in parts if p not in FIRST)
    rows = ["# Reference\n\nMade from the comments of the public headers. *Waits*, *Throws*, *Threads* and *Lifetime* are said where a "
            "member differs from what its class says.\n\n| part | what is in it |\n|---|---|\n"]
    for part in order:
        names = [c.name for c in sorted(parts[part][0], key=lambda c: (c.file.count("/"), c.file)) if "::" not in c.name]
        shown = ", ".join(f"`{name}`" for name in names[:6]) + (" ..." if len(names) > 6 else "")
        rows.append(f"| [{title_of(part)}]({part}.md) | {shown} |\n")
    (folder / "index.md").write_text("".join(rows))


def main():
    if sys.argv[1] == "--check":
        missing = sorted(set(undocumented(*read(pathlib.Path(sys.argv[2])))))
        for file, line, name in missing:
            print(f"{file}:{line}: {name} has no comment")
        print(f"{len(missing)} public names have no comment")
        return 1 if missing else 0
    write_pages(pathlib.Path(sys.argv[2]), *read(pathlib.Path(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
