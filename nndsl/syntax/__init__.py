"""Text into AST.

    load    a file or a string into a Source
    tokens  a Source into tokens            layout    brackets and newlines
    tables  the automaton of the grammar    engine    runs it          build   makes the nodes of `ast`
    faults  what a fault means, in words    recovery  how to go on after it
    parse   all of it together              show      an AST as text
    pieces  tokens with their comments      format    lays them out in the one style
"""
