"""Random programs with every construct of the language, laid out as carelessly as the language allows."""

from __future__ import annotations

from random import Random

NAMES = ("x", "y", "kernel", "Dense", "relu", "axis", "test", "data", "reverse", "as_", "a_name_that_is_rather_long",
         "another_name_that_takes_its_room")  # fmt: skip
NUMBERS = ("0", "1", "10_000", ".5", "2.", "1e-7", "1.5E+3", "0.2500")
STRINGS = ('"x"', '""', r'"bad \"n\" \u00e9"', '"# no comment"', '"a\tb  c"', '"a rather long text, with a comma"')
COMMENTS = ("# why", "#tight", "## doc", "#", "# 'quoted' \"text\" ( [ {", "#\ttab  ")
ROLES = ("model", "layer", "fn", "optimizer", "init", "schedule")


class Programs:
    """Writes one program; all choices come from `random`."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # --- layout ------------------------------------------------------------------------------------------

    def gap(self) -> str:
        """Space where a newline means nothing: inside brackets."""
        if self.chance(0.85):
            return self.pick("", "", " ", "  ", "\t")
        if self.chance(0.5):
            return self.pick("\n", "\n\n\n", " \n\t")
        return f"{self.pick(' ', '')}{self.pick(*COMMENTS)}\n{self.comments()}"

    def comments(self) -> str:
        number = self.random.randint(0, 2)
        return "".join(f"{self.pick('', '  ', chr(9))}{self.pick(*COMMENTS)}\n" for _ in range(number))

    def end(self) -> str:
        """What ends a statement."""
        remark = f" {self.pick(*COMMENTS)}" if self.chance(0.15) else ""
        more = self.comments() if self.chance(0.1) else ""
        return f"{self.pick('', ' ')}{remark}\n{self.pick('', '', chr(10), chr(10) * 3)}{more}{self.pick('', '    ')}"

    def fold(self) -> str:
        """A newline that ends nothing: before `|>`, `->`, `{`, `else`."""
        return self.end() if self.chance(0.2) else self.pick("", " ")

    # --- expressions -------------------------------------------------------------------------------------

    def listed(self, items: list[str], trailing: bool = True) -> str:
        text = ",".join(f"{self.gap()}{item}{self.gap()}" for item in items)
        return f"{text},{self.gap()}" if items and trailing and self.chance(0.2) else text or self.gap()

    def some(self, depth: int, least: int = 0) -> list[str]:
        return [self.expression(depth - 1, True) for _ in range(self.random.randint(least, 4))]

    def name(self) -> str:
        return self.pick(*NAMES)

    def operand(self, depth: int) -> str:
        if depth <= 0:
            return self.pick(self.name(), self.pick(*NUMBERS), self.pick(*STRINGS), "none", "true", "false")
        match self.random.randint(0, 8):
            case 0:
                return f"({self.gap()}{self.expression(depth - 1, True)}{self.gap()})"
            case 1:
                return f"({self.listed(self.some(depth, 2))})"
            case 2:
                return f"[{self.listed(self.some(depth))}]"
            case 3:
                items = [self.index(depth - 1) for _ in range(self.random.randint(1, 3))]
                return f"{self.name()}{self.pick('', ' ')}[{self.listed(items)}]"
            case 4:
                return f"{self.name()}.{self.name()}"
            case 5:
                return f"{self.pick('-', '- ', '--', 'x ** -')}{self.operand(depth - 1)}"
            case _:
                arguments = [
                    f"{self.name()}{self.pick('=', ' = ')}{value}" if self.chance(0.3) else value
                    for value in self.some(depth)
                ]
                return f"{self.name()}{self.pick('', ' ')}({self.listed(arguments)})"

    def index(self, depth: int) -> str:
        if self.chance(0.6):
            number = self.random.randint(2, 3)
            bounds = [self.arithmetic(depth, True) if self.chance(0.6) else "" for _ in range(number)]
            return ":".join(f"{bound}{self.pick('', ' ')}" for bound in bounds)
        return self.pick("...", "none", self.expression(depth, True))

    def arithmetic(self, depth: int, inside: bool) -> str:
        """Operands with operators that may follow each other in any order."""
        out = self.operand(depth)
        while self.chance(0.35):
            space = self.gap() if inside else " "
            out += f" {space}{self.pick('+', '-', '*', '/', '%', '@', '**')}{space} {self.operand(depth)}"
        return out

    def condition(self, depth: int, inside: bool) -> str:
        out = self.arithmetic(depth, inside)
        if self.chance(0.2):
            out += f"{self.pick('<', '<=', ' >', '>=', ' == ', '!=')} {self.arithmetic(depth, inside)}"
        return f"not {out}" if self.chance(0.05) else out

    def expression(self, depth: int, inside: bool = False) -> str:
        out = self.condition(depth, inside)
        while self.chance(0.08):
            out += f" {self.pick('and', 'or')} {self.condition(depth, inside)}"
        while self.chance(0.15):
            out += f" {self.gap() if inside else self.fold()}|> {self.condition(depth, inside)}"
        return out

    def type(self) -> str:
        word = self.pick("f32", "int", "any", "index")
        count = f"{self.pick('', ' ')}< {self.arithmetic(1, False)}>" if self.chance(0.2) else ""
        dims = [self.pick("...", "batch", "2 *n", "( h - k )/ s+1") for _ in range(self.random.randint(0, 3))]
        return f"{word}{count}" + (f"[{self.listed(dims)}]" if self.chance(0.7) else "")

    # --- lines -------------------------------------------------------------------------------------------

    def params(self) -> str:
        out = []
        for _ in range(self.random.randint(0, 5)):
            typed = f"{self.pick(':', ' : ')}{self.type()}" if self.chance(0.7) else ""
            default = f"{self.gap()} ={self.pick('', ' ')}{self.expression(1, True)}" if self.chance(0.4) else ""
            many = self.pick("...", "... ", f"...{self.gap()}") if self.chance(0.15) else ""
            out.append(f"{many}{self.name()}{typed}{'' if many else default}")
        return f"({self.listed(out)})"

    def definition(self, roles: tuple[str, ...], depth: int) -> str:
        head = f"{self.pick('', '', 'private ')}{self.pick(*roles)}  {self.name()}"
        if self.chance(0.9):
            head += self.params()
            if self.chance(0.4):
                head += f"{self.pick('', ' ', chr(10), ' # note' + chr(10))}{self.params()}"
        if self.chance(0.3):
            types = [self.type(), self.type()]
            head += f"{self.fold()}->{self.pick(self.type(), '(' + self.listed(types) + ')')}"
        return f"{head}{self.fold()}{self.block(depth)}"

    def block(self, depth: int, extra: tuple[str, ...] = ()) -> str:
        lines = [self.statement(depth) for _ in range(self.random.randint(0, 4))]
        lines += extra
        if len(lines) < 2 and self.chance(0.6):
            return f"{{{self.pick('', ' ')}{''.join(lines)}{self.pick('', ' ')}}}"
        return f"{{{self.end()}{self.end().join(lines)}{self.end()}}}"

    def statement(self, depth: int) -> str:
        value = self.expression(2)
        name = self.name()
        if depth > 0 and self.chance(0.25):
            return self.nested(depth - 1)
        return self.pick(
            f"{name}={value}",
            f"{name} , y  =  {value}",
            f"{name} :={value}",
            f"input {name}:{self.type()}",
            f"target  {name} : {self.type()}",
            f"output {name}",
            f"output {name} = {value}",
            f"loss {value}",
            f"loss main={value}",
            f"metric {value}",
            f"param {name}: {self.type()}",
            f"param {name}: {self.type()} ={value}{self.pick('', f' constraint {self.name()}')}",
            f"state {name} = {value}",
            f"state {name}: {self.type()} = {value}",
            "return",
            f"return {value}",
            f"return {name},{value}",
            f"assert {value} , {value}",
            f"next {name} ={value}",
            f"collect {value} as {name}",
            f"expect {value}",
            value,
        )

    def nested(self, depth: int) -> str:
        value = self.expression(1)
        match self.random.randint(0, 4):
            case 0:
                out = f"if {value}{self.fold()}{self.block(depth)}"
                while self.chance(0.3):
                    out += f"{self.fold()}else if {self.expression(1)} {self.block(depth)}"
                return out + (f"{self.fold()}else{self.fold()}{self.block(depth)}" if self.chance(0.5) else "")
            case 1:
                items = self.pick(value, f"{self.arithmetic(1, False)} .. {self.arithmetic(1, False)}", "0..n")
                return f"for i in {items}{self.fold()}{self.block(depth)}"
            case 2:
                return f"repeat {value} {self.block(depth)}"
            case 3:
                carries = [f"{self.name()}={self.expression(1, True)}" for _ in range(self.random.randint(0, 3))]
                more = [f", {self.name()} in {self.expression(1)}" for _ in range(self.random.randint(0, 2))]
                over = f"over x_t in {value}{''.join(more)}"
                tail = f"{over} axis {self.arithmetic(1, False)}{self.pick('', ' reverse')}"
                return f"scan{self.pick('', ' ')}({self.listed(carries)}) {tail}{self.fold()}{self.block(depth)}"
        return f"expect error NN201 {self.block(depth, (self.definition(ROLES, 0),))}"

    def settings(self) -> str:
        lines = [f"{self.pick('loss', 'data', 'train', self.name())}={self.expression(2)}" for _ in range(4)]
        return f"{{{self.end()}{self.end().join(lines)}{self.end()}}}"

    def item(self) -> str:
        match self.random.randint(0, 7):
            case 0:
                return f"import {self.pick(*STRINGS)}{self.pick('', ' as b')}"
            case 1:
                return f"{self.pick('train', 'data')} M{self.fold()}{self.settings()}"
            case 2:
                return f'test "facts" {self.block(2)}'
            case 3:
                private = self.pick("", "private ")
                return f"{private}{self.pick(*ROLES, 'loss')} {self.name()}{self.pick('=', ' = ')}{self.expression(2)}"
        return self.definition((*ROLES, "loss", "metric"), 3)

    def program(self) -> str:
        items = [self.item() for _ in range(self.random.randint(1, 4))]
        return f"{self.comments()}{self.end().join(items)}{self.end()}"
